import {type AxiosError, AxiosHeaders, type InternalAxiosRequestConfig} from 'axios';
import {AttemptError} from '../../lib/http/attempt.ts';
import {Limiter} from '../../lib/http/limiter.ts';
import {retryPolicy} from '../../lib/http/retry-policy.ts';
import type {Clock} from '../../lib/model/clock.ts';
import {Meter} from '../../lib/model/meter.ts';
import type {QuotaServer} from './quota-server.ts';
import {VirtualClock} from './virtual-clock.ts';

export interface Seen {
	readonly atMs: number;
	readonly isThrough: boolean;
	readonly who: string;
}

/** Another client. */
export type Neighbour = (clock: Clock, ask: () => unknown, isOver: () => boolean) => Promise<void>;

/** One that asks at equal distances, whatever is answered. */
export function evenly(apartMs: number): Neighbour {
	return async (clock, ask, isOver) => {
		for (; !isOver(); await clock.sleep(apartMs)) ask();
	};
}

export interface QuotaRun {
	readonly server: QuotaServer;
	readonly spanMs: number;
	/** How many requests at a time. */
	readonly concurrency: number;
	/** There and back. */
	readonly latencyMs: () => number;
	readonly random: () => number;
	/** Another client's requests. */
	readonly neighbour?: Neighbour;
	/** How many limiters of this kind share the quota, as processes do. */
	readonly clients?: number;
	readonly learns?: boolean;
}

/** What the policy needs for other failures than refusals. */
const unused = {
	endpoint: new URL('http://127.0.0.1'),
	backoff: {baseMs: 500, maxMs: 30_000},
	credentials: {key: '', header: () => Promise.resolve(''), refresh: () => Promise.resolve(false), secrets: () => []},
};

/** What a server sees of clients that want as much as they can get, in virtual time. */
export async function runAgainst(run: QuotaRun): Promise<Seen[]> {
	const {server, spanMs, concurrency, latencyMs, random, neighbour, clients = 1, learns = true} = run;
	const clock = new VirtualClock();
	const seen: Seen[] = [];
	const ask = (who: string) => {
		const answer = server.answer(clock.now());
		seen.push({atMs: clock.monotonic(), isThrough: answer.isThrough, who});
		return answer;
	};
	const isOver = () => clock.monotonic() >= spanMs;
	const config = {headers: new AxiosHeaders(), url: '/'} as InternalAxiosRequestConfig;

	const client = (who: string) => {
		const limiter = new Limiter(clock);
		if (learns) limiter.learn('api');
		const meter = new Meter();
		const context = {name: 'api', limiter, meter, clock, random, maxAttempts: 5, maxWaitMs: 7_200_000, ...unused};
		return async () => {
			while (!isOver()) {
				const policy = retryPolicy(context, {method: 'GET', path: '/'});
				for (let isDone = false; !isDone && !isOver();) {
					const ended = await limiter.acquire('api', meter);
					await clock.sleep(latencyMs() / 2);
					const {isThrough, headers} = ask(who);
					await clock.sleep(latencyMs() / 2);
					ended({headers, isRefused: !isThrough});
					isDone = isThrough;
					if (isThrough) continue;
					const error = new AttemptError('status', 'status 429', config, {status: 429, headers});
					error.refusal = true;
					await policy.retryCondition!(error as unknown as AxiosError);
				}
			}
		};
	};
	const tasks = Array.from({length: clients}, (_, n) => client(`client ${n + 1}`)).flatMap(one =>
		Array.from({length: concurrency}, () => one),
	);
	if (neighbour) tasks.push(() => neighbour(clock, () => ask('neighbour'), isOver));
	await clock.runAll(tasks);
	return seen.filter(({atMs}) => atMs < spanMs);
}
