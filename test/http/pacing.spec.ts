import assert from 'node:assert/strict';
import {counters, type Quota, quotaServer, type Saying, sayings} from '../support/quota-server.ts';
import {evenly, type QuotaRun, runAgainst, type Seen} from '../support/quota-run.ts';

const tenMinutes = 600_000;
const quota: Quota = {requests: 60, perMs: 60_000};

type Counter = keyof typeof counters;

/** The same numbers from 0 to 1 in each run. */
function randomNumbers(seed = 1): () => number {
	return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Case extends Partial<Omit<QuotaRun, 'server'>> {
	readonly counter: Counter;
	readonly says: Saying;
	readonly quotaAt?: (nowMs: number) => Quota;
}

async function run({counter, says, quotaAt = () => quota, ...rest}: Case): Promise<Seen[]> {
	const random = randomNumbers();
	const server = quotaServer({counter, says, quota: quotaAt});
	const latencyMs = () => 100 + random() * 300;
	return runAgainst({server, spanMs: tenMinutes, concurrency: 4, latencyMs, random, ...rest});
}

/** What share of the quota somebody had, and how often he was refused; several times without a success between count once. */
function outcome(seen: readonly Seen[], who = 'client 1', allowed = 600) {
	const own = seen.filter(one => one.who === who);
	const through = own.filter(({isThrough}) => isThrough).length;
	const episodes = own.filter(({isThrough}, at) => !isThrough && (own[at - 1]?.isThrough ?? true)).length;
	return {share: through / allowed, refused: own.length - through, episodes};
}

describe('Pacing alone on a quota of 60 a minute', () => {
	/** Without a word about the quota a client has to run into it, and for a bucket more than once. */
	const needed: Readonly<Record<string, number>> = {'retry-after': 2, nothing: 2};
	const loads = [
		['one at a time', {concurrency: 1, latencyMs: () => 100}],
		['four at a time, up to 0.4 s each', {}],
		['16 at a time', {concurrency: 16, latencyMs: () => 50}],
	] as const;

	for (const counter of Object.keys(counters) as Counter[]) {
		for (const [name, says] of Object.entries(sayings)) {
			const unpublished = name === 'retry-after' || name === 'nothing';
			// one token a second is all that shows of a bucket
			const inBucket = unpublished ? 5 : 1;
			const episodes = (needed[name] ?? 1) + (counter === 'bucket' || counter === 'steps' ? inBucket : 0);
			for (const [load, how] of loads) {
				it(`uses at least 97 % of it: ${counter}, headers ${name}, ${load}`, async () => {
					const result = outcome(await run({counter, says, ...how}));
					// a bucket has no time at which all is back
					const least = name === 'nothing' || (counter === 'bucket' && name === 'minute') ? 0.93 : 0.97;
					assert.ok(result.share >= least && result.episodes <= episodes, JSON.stringify(result));
				});
			}
		}
	}
});

describe('Pacing of other quotas', () => {
	const quotas: readonly (readonly [name: string, quota: Quota, counters: readonly Counter[]])[] = [
		['10 a minute', {requests: 10, perMs: 60_000}, ['fixed', 'sliding', 'steps']],
		['10 in ten seconds', {requests: 10, perMs: 10_000}, ['fixed', 'sliding', 'steps']],
		['100 a minute in a bucket of 300', {requests: 100, perMs: 60_000, burst: 300}, ['bucket', 'steps']],
	];
	for (const [name, other, kinds] of quotas) {
		for (const counter of kinds) {
			for (const headers of ['minute', 'epoch', 'fields', 'data-center'] as const) {
				it(`uses at least 97 % of it: ${name}, ${counter}, headers ${headers}`, async () => {
					const seen = await run({
						counter,
						says: sayings[headers]!,
						quotaAt: () => other,
						concurrency: 1,
						latencyMs: () => 100,
					});
					const result = outcome(seen, 'client 1', (other.requests * tenMinutes) / other.perMs);
					assert.ok(result.share >= 0.97 && result.episodes <= 2, JSON.stringify(result));
				});
			}
		}
	}
});

describe('Pacing beside another client', () => {
	for (const counter of ['fixed', 'sliding', 'bucket'] as const) {
		for (const [name, says] of Object.entries(sayings)) {
			if (name === 'counts') continue; // where nobody says when to come back, the first is served
			it(`starves neither and storms not: ${counter}, headers ${name}`, async () => {
				const seen = await run({counter, says, neighbour: evenly(2000)});
				const [ours, theirs] = [outcome(seen), outcome(seen, 'neighbour')];
				assert.ok(ours.share >= 0.25 && theirs.share >= 0.2, JSON.stringify({ours, theirs}));
				assert.ok(ours.refused <= 60, JSON.stringify(ours));
			});
		}
		for (const headers of ['minute', 'epoch', 'fields', 'data-center', 'retry-after'] as const) {
			it(`shares with its like: ${counter}, headers ${headers}`, async () => {
				const seen = await run({counter, says: sayings[headers]!, clients: 2});
				const both = [outcome(seen), outcome(seen, 'client 2')];
				const [fewer, more] = both.map(({share}) => share).toSorted((one, other) => one - other) as [number, number];
				assert.ok(fewer >= 0.25 && fewer + more >= 0.6, JSON.stringify(both));
				assert.ok(
					both.every(({refused}) => refused <= 60),
					JSON.stringify(both),
				);
			});
		}
	}
});

describe('Pacing and a quota that changes', () => {
	for (const headers of ['minute', 'epoch', 'fields', 'data-center', 'retry-after'] as const) {
		it(`follows it down and up again, headers ${headers}`, async () => {
			let startMs: number | undefined;
			const quotaAt = (nowMs: number) => {
				const minutes = (nowMs - (startMs ??= nowMs)) / 60_000;
				return {requests: minutes < 3 ? 60 : minutes < 6 ? 20 : 120, perMs: 60_000};
			};
			const seen = await run({counter: 'fixed', says: sayings[headers]!, quotaAt});
			const {share, refused} = outcome(seen, 'client 1', 3 * 60 + 3 * 20 + 4 * 120);
			const told = headers !== 'retry-after';
			assert.ok(share >= (told ? 0.9 : 0.4) && refused <= 20, JSON.stringify({share, refused}));
		});
	}
});

describe('Pacing and a server that lies', () => {
	const said = (limit: number, left: number, resetMs: number | undefined, nowMs: number): Record<string, string> => ({
		'x-ratelimit-limit': String(limit),
		'x-ratelimit-remaining': String(left),
		...(resetMs === undefined ? {} : {'x-ratelimit-reset': new Date(nowMs + resetMs).toISOString()}),
	});
	let sent = 0;
	const lies: Readonly<Record<string, Saying>> = {
		'none left, ever': ({nowMs}) => said(60, 0, 60_000, nowMs),
		'none left for an hour': ({nowMs}) => said(60, 0, 3_600_000, nowMs),
		'none left, and no time': ({nowMs}) => said(60, 0, undefined, nowMs),
		'all left, always': ({nowMs}) => said(60, 60, 60_000, nowMs),
		'a limit of 0': ({nowMs}) => said(0, 0, 60_000, nowMs),
		'more left than the limit': ({nowMs}) => said(5, 500, undefined, nowMs),
		'a reset in the past': ({nowMs, requests, left}) => said(requests, left, -60_000, nowMs),
		'a clock ahead': ({nowMs, requests, left, wholeMs}) => said(requests, left, wholeMs + 600_000, nowMs),
		'a clock behind': ({nowMs, requests, left, wholeMs}) => said(requests, left, wholeMs - 600_000, nowMs),
		'counts to 0 and stays there': ({nowMs}) => said(60, Math.max(0, 60 - sent++), 3_600_000, nowMs),
		'counts to 0 without a time': ({nowMs}) => said(60, Math.max(0, 60 - sent++), undefined, nowMs),
		'Retry-After on every answer': ({nowMs}) => ({...said(60, 0, undefined, nowMs), 'retry-after': '30'}),
		'one a minute': () => ({'ratelimit-policy': '"x";q=1;w=60', ratelimit: '"x";r=0;t=60'}),
	};
	const unlimited = {requests: 1e9, perMs: 60_000};
	for (const [lie, headers] of Object.entries(lies)) {
		it(`is never slower than one that does not listen: ${lie}`, async () => {
			const limits = lie.startsWith('counts') ? [unlimited] : [unlimited, quota];
			for (const limit of limits) {
				const asMuch = async (learns: boolean) => {
					sent = 0;
					const says: Saying = state => ({
						...headers(state),
						...(state.isThrough ? {} : {'retry-after': String(Math.ceil(state.nextMs / 1000))}),
					});
					const latencyMs = () => (limit === unlimited ? 1000 : 300);
					return outcome(await run({counter: 'fixed', says, quotaAt: () => limit, latencyMs, learns})).share;
				};
				const share = (await asMuch(true)) / (await asMuch(false));
				assert.ok(share >= 0.95, `${share} of what came without listening, ${limit.requests} a minute`);
			}
		});
	}
});
