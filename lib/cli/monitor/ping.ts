import http from 'node:http';
import https from 'node:https';
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
}

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
/** What healthchecks.io keeps of a body is more; a sentence is enough. */
const maxReasonLength = 2000;

/**
 * Does the work and says so at the address, as healthchecks.io takes it: `/start`, then the address itself where the exit
 * code is 0, else `/fail` with the reason as its body. A ping that fails or takes too long is a warning and changes
 * nothing. The address may be a secret: nothing says more of it than that it was asked for.
 */
export async function withPing(
	url: URL | undefined,
	setting: PingSetting,
	work: () => Promise<Ending>,
): Promise<number> {
	const ping = url && openPing(url, setting);
	const ending = await work().catch((error: unknown): Ending => ({code: 1, error}));
	const {code, error, reason = error === undefined ? `exit code ${code}` : sentenceOf(error)} = ending;
	await ping?.end(code === 0 ? undefined : reason);
	ending.leave?.();
	if (error !== undefined) throw error;
	return code;
}

function openPing(url: URL, {env, warn, isUrgent = () => false, limitMs = defaultLimitMs}: PingSetting) {
	let agent: http.Agent;
	try {
		agent = createAgent(url.protocol as 'http:' | 'https:', undefined, {...env});
	} catch (error) {
		warn(`no ping is sent: ${sentenceOf(error)}`);
		return undefined;
	}
	const send = async (what: string, path: string, signal: AbortSignal, body?: string) => {
		try {
			const status = await ask(below(url, path), agent, signal, body);
			if (status < 200 || status > 299) warn(`the ping ${what} was answered with ${status}; check --ping`);
		} catch (error) {
			if (signal.aborted) warn(`the ping ${what} took too long`);
			// the message would name the host
			else
				warn(`the ping ${what} did not arrive (${(error as NodeJS.ErrnoException).code ?? 'no answer'}); check --ping`);
		}
	};
	const starting = new AbortController();
	const startTimer = setTimeout(() => starting.abort(), limitMs).unref();
	const started = send('at the start', '/start', starting.signal).finally(() => clearTimeout(startTimer));
	return {
		/** Says how it ended, when it is said that it began; resolves in any case. */
		async end(reason: string | undefined): Promise<void> {
			const mostMs = isUrgent() ? limitMs / 10 : limitMs;
			const hurry = setTimeout(() => starting.abort(), mostMs);
			await started;
			clearTimeout(hurry);
			const signal = AbortSignal.timeout(mostMs);
			if (reason === undefined) await send('at the end', '', signal);
			else await send('of the failure', '/fail', signal, excerpt(reason, maxReasonLength));
			agent.destroy();
		},
	};
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
