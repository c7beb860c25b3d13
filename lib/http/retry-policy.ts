import type {IAxiosRetryConfig} from 'axios-retry';
import type {Clock} from '../model/clock.ts';
import type {Meter} from '../model/meter.ts';
import {proxyFailed} from './agent.ts';
import {AttemptError} from './attempt.ts';
import {isLasting} from './connection-failure.ts';
import type {ClientRequest} from './request.ts';
import type {Credentials} from './credentials.ts';
import type {Limiter} from './limiter.ts';
import type {Refusal} from './quota.ts';
import {whereToGoOn, withCookies} from './redirect.ts';
import {backoffMs, retryAtMs, withoutResets} from './retry-after.ts';

export interface RetryLimits {
	/** How often one request is sent at most because of failures; answers 429 do not count. */
	readonly maxAttempts: number;
	/** The longest that the API may ask to wait, in milliseconds. */
	readonly maxWaitMs: number;
	readonly backoff: {readonly baseMs: number; readonly maxMs: number};
}

export interface RetryContext extends RetryLimits {
	/** The API whose rate is taken. */
	readonly name: string;
	readonly endpoint: URL;
	readonly credentials: Credentials;
	readonly limiter: Limiter;
	readonly meter: Meter;
	readonly clock: Clock;
	readonly random?: () => number;
	/** See `ApiFacts.outOfQuota`. */
	readonly outOfQuota?: ((refusal: Refusal) => boolean | Date) | undefined;
}

const maxRedirects = 5;
/** The first and the longest wait after a 429 that names no time. */
const unknownWait = {firstMs: 1_000, maxMs: 60_000};
/** Failures before the request can have reached the server: even a write may be sent again. */
const neverSent = new Set(['ECONNREFUSED', 'EAI_AGAIN', proxyFailed]);

/**
 * Decides for one request whether a failed attempt is followed by another, and when: failures after a full-jitter
 * backoff up to `maxAttempts`; 429 after what the API asks for, which pauses everybody on this credential; 401 once,
 * if asking for the credentials again gives other ones; a redirect at once if it stays at the endpoint's origin.
 */
export function retryPolicy(context: RetryContext, request: ClientRequest, signal?: AbortSignal): IAxiosRetryConfig {
	const {backoff, clock, credentials, limiter, maxAttempts, maxWaitMs, meter, random = Math.random} = context;
	const repeatable = request.repeatable ?? (request.method === 'GET' || request.method === 'PUT');
	let failures = 0;
	let redirects = 0;
	let start: string | undefined;
	let refreshed = false;
	let askedMs = 0;

	async function decide(error: unknown): Promise<boolean> {
		// axios throws an error of its own where the signal was aborted before the attempt
		if (!(error instanceof AttemptError) || error.kind === 'stopped') return false;
		start ??= error.config.url;
		if (isRedirect(error)) return redirect(error);
		const again = await passes(error);
		if (again) startAnew(error);
		return again;
	}

	async function passes(error: AttemptError): Promise<boolean> {
		const {kind, status} = error;
		if ((status === 401 || kind === 'login') && !refreshed) {
			refreshed = true;
			return credentials.refresh(String(error.config.headers['authorization'])).catch(() => false);
		}
		if (kind === 'login' || kind === 'other') return false;
		const {refusal} = error;
		if (refusal !== false) {
			delete meter.failing;
			return waitForQuota(error, refusal instanceof Date ? refusal.getTime() - clock.now() : askedWait(error));
		}
		const isPassing = status !== undefined && request.passing?.(status, error.body);
		if (!isPassing && !isTransient(error)) return false;
		if (!repeatable && !neverSent.has(error.errno ?? '')) return false;
		if (++failures >= Math.min(maxAttempts, request.maxAttempts ?? Infinity)) return false;
		const asked = retryAfter(error) ?? 0;
		error.delayMs = Math.max(backoffMs(failures - 1, backoff, random), asked);
		// who wants to be left alone for so long is not asked for other pages meanwhile
		error.refusal = asked > maxWaitMs;
		return error.delayMs <= maxWaitMs;
	}

	function askedWait({headers}: Pick<AttemptError, 'headers'>): number | undefined {
		const nowMs = clock.now();
		const atMs = retryAtMs(headers, nowMs);
		return atMs === undefined ? undefined : atMs - nowMs;
	}

	/** When a quota is back is on every answer of some APIs: it does not say how long a failure lasts. */
	function retryAfter({headers}: AttemptError): number | undefined {
		return askedWait({headers: withoutResets(headers)});
	}

	function waitForQuota(error: AttemptError, asked: number | undefined): boolean {
		const before = limiter.refusals(context.name) - 1;
		const unknown = Math.min(unknownWait.maxMs, unknownWait.firstMs * 2 ** before);
		// a second "at once" in a row is no answer: the server is still refusing
		const waitMs = asked === undefined || (asked === 0 && before > 0) ? unknown : asked;
		askedMs += waitMs;
		error.delayMs = waitMs;
		if (askedMs > maxWaitMs) return false;
		limiter.pause(waitMs * (1 + random() * 0.1), context.name, waitMs === asked ? asked : undefined);
		error.delayMs = 0;
		return true;
	}

	function redirect(error: AttemptError): boolean {
		const target = whereToGoOn(error, request, context.endpoint);
		if (!target || ++redirects > maxRedirects) return false;
		const {config} = error;
		const cookies = withCookies(String(config.headers.get('cookie') ?? ''), error);
		if (cookies !== '') config.headers.set('cookie', cookies);
		config.url = target.href;
		return true;
	}

	/** The node that was pointed to may be the one that fails. */
	function startAnew({config}: AttemptError): void {
		config.url = start!;
		config.headers.delete('cookie');
		redirects = 0;
	}

	return {
		retries: Infinity,
		retryCondition: decide,
		retryDelay: () => 0,
		shouldResetTimeout: true,
		async onRetry(_count, error) {
			meter.retries++;
			meter.changed();
			await clock.sleep((error as unknown as AttemptError).delayMs, signal);
		},
	};
}

function isRedirect({kind, status = 0}: AttemptError): boolean {
	return kind === 'status' && status >= 300 && status < 400;
}

function isTransient({kind, status, errno, message}: AttemptError): boolean {
	if (kind === 'status') return status === 408 || (status !== undefined && status >= 500 && status !== 501);
	if (kind === 'network') return errno !== 'ENOTFOUND' && !isLasting(errno ?? '', message);
	return kind !== 'too-large'; // the same page is as large the next time
}
