import http from 'node:http';
import https from 'node:https';
import {type Clock, systemClock} from '../../model/clock.ts';
import {createAgent} from '../../http/agent.ts';
import {excerpt} from '../../http/secrets.ts';
import {sentenceOf} from '../output/sentence.ts';

/** What pings need to know of the world. */
export interface PingSetting {
	/** Names the proxy, if there is one. */
	readonly env: Readonly<Record<string, string | undefined>>;
	warn(message: string): void;
	/** Whether somebody waits for the end, as after a signal: then all that is left may take a tenth of the time. */
	isUrgent?(): boolean;
	/** The longest that one ping may take, in milliseconds. Default: 5,000. */
	readonly limitMs?: number;
	readonly clock?: Clock;
}

/** Says how something is that goes on: well, or why not. */
export type Beat = (reason?: string) => void;

/** How something ended that was pinged for. */
export interface Ending {
	readonly code: number;
	/** Why it was no success. */
	readonly reason?: string;
	/** What it failed with; thrown when all is said. */
	readonly error?: unknown;
	/** What is left to do when all is said. */
	leave?(): void;
}

const defaultLimitMs = 5000;
/** More of them are refused by healthchecks.io. */
const beatEveryMs = 60_000;
/** What healthchecks.io keeps of a body is more; a sentence is enough. */
const maxReasonLength = 2000;

/**
 * Does the work and says so at the address, as healthchecks.io takes it: `/start`, then the address itself where the exit
 * code is 0, else `/fail` with the reason as its body. What goes on for long says between them how it is: the address
 * itself at most once a minute while it is well, `/fail` whenever it is not. A ping that fails or takes too long is a
 * warning and changes nothing. The address may be a secret: nothing says more of it than that it was asked for.
 */
export async function withPing(
	url: URL | undefined,
	setting: PingSetting,
	work: (beat: Beat) => Promise<Ending>,
): Promise<number> {
	const ping = url && openPing(url, setting);
	const ending = await work(reason => ping?.beat(reason)).catch((error: unknown): Ending => ({code: 1, error}));
	const {code, error, reason = error === undefined ? `exit code ${code}` : sentenceOf(error)} = ending;
	await ping?.end(code === 0 ? undefined : reason);
	ending.leave?.();
	if (error !== undefined) throw error;
	return code;
}

function openPing(url: URL, setting: PingSetting) {
	const {env, warn, isUrgent = () => false, limitMs = defaultLimitMs, clock = systemClock} = setting;
	let agent: http.Agent;
	try {
		agent = createAgent(url.protocol as 'http:' | 'https:', undefined, {...env});
	} catch (error) {
		warn(`no ping is sent: ${sentenceOf(error)}`);
		return undefined;
	}
	let warned: string | undefined;
	const send = async (what: string, path: string, signal: AbortSignal, body?: string) => {
		const problem = await problemOf(() => ask(below(url, path), agent, signal, body), signal);
		const warning = problem && `the ping ${what} ${problem}`;
		if (warning && warning !== warned) warn(warning);
		warned = warning;
	};
	/** One after the other, so that the last one that arrives is the last one that was sent. */
	const rush = new AbortController();
	let sent = Promise.resolve();
	const say = (what: string, path: string, body?: string) => {
		sent = sent.then(async () => {
			const limit = new AbortController();
			const timer = setTimeout(() => limit.abort(), limitMs).unref();
			if (!rush.signal.aborted) await send(what, path, AbortSignal.any([limit.signal, rush.signal]), body);
			clearTimeout(timer);
		});
	};
	let wellAtMs = -Infinity;
	say('at the start', '/start');
	return {
		beat(reason: string | undefined): void {
			if (reason !== undefined) {
				wellAtMs = -Infinity;
				return say('of the failure', '/fail', excerpt(reason, maxReasonLength));
			}
			if (clock.monotonic() - wellAtMs < beatEveryMs) return;
			wellAtMs = clock.monotonic();
			say('of a round', '');
		},
		/** Says how it ended, when all is said that went before; resolves in any case. */
		async end(reason: string | undefined): Promise<void> {
			const mostMs = isUrgent() ? limitMs / 10 : limitMs;
			const hurry = setTimeout(() => rush.abort(), mostMs);
			await sent;
			clearTimeout(hurry);
			const signal = AbortSignal.timeout(mostMs);
			if (reason === undefined) await send('at the end', '', signal);
			else await send('of the failure', '/fail', signal, excerpt(reason, maxReasonLength));
			agent.destroy();
		},
	};
}

/** What is wrong with a ping; undefined where it arrived. */
async function problemOf(ping: () => Promise<number>, signal: AbortSignal): Promise<string | undefined> {
	try {
		const status = await ping();
		return status < 200 || status > 299 ? `was answered with ${status}; check --ping` : undefined;
	} catch (error) {
		if (signal.aborted) return 'took too long';
		// the message would name the host
		return `did not arrive (${(error as NodeJS.ErrnoException).code ?? 'no answer'}); check --ping`;
	}
}

/** A path below an address, in front of its query. */
function below(url: URL, path: string): URL {
	const address = new URL(url);
	if (path !== '') address.pathname = address.pathname.replace(/\/+$/, '') + path;
	return address;
}

/** The status of the answer; a redirect is not followed, as it could lead the address anywhere. */
function ask(url: URL, agent: http.Agent, signal: AbortSignal, body: string | undefined): Promise<number> {
	return new Promise((resolve, reject) => {
		const method = body === undefined ? 'GET' : 'POST';
		const headers = {
			'user-agent': 'rxaudit',
			...(body === undefined ? {} : {'content-type': 'text/plain; charset=utf-8'}),
		};
		const request = (url.protocol === 'https:' ? https : http).request(url, {method, agent, signal, headers});
		request.once('error', reject);
		request.once('response', response => {
			response.once('error', reject);
			response.once('end', () => resolve(response.statusCode!));
			response.resume();
		});
		request.end(body);
	});
}
