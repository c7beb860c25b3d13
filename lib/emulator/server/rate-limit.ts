import {headerValue, isoMinute} from './header-value.ts';

export interface RateLimitOptions {
	/** So many requests within any `perMs` are answered; the others get 429. */
	readonly requests: number;
	readonly perMs: number;
	/** Retry-After of a 429: seconds until one request is free, the HTTP date of that, or this text. Default none. */
	readonly retryAfter?: 'none' | 'seconds' | 'date' | (string & {});
	/** X-RateLimit-Reset: this text instead of the minute; see `headerValue` for the dates. */
	readonly reset?: string;
}

export interface RateLimitState {
	readonly refused: boolean;
	/** As the Atlassian cloud shows it. */
	readonly headers: Readonly<Record<string, string>>;
	readonly limit: number;
	readonly remaining: number;
	readonly perMs: number;
	/** Until one request is free: 0 while there is. */
	readonly waitMs: number;
}

/**
 * Counts a request against a sliding window; refused requests do not fill it. X-RateLimit-Reset is the time when
 * the whole budget is back, rounded up to a minute, so that waiting for it is enough.
 */
export function createRateLimit({
	requests,
	perMs,
	retryAfter = 'none',
	reset,
}: RateLimitOptions): (nowMs: number) => RateLimitState {
	let answeredMs: number[] = [];
	return nowMs => {
		answeredMs = answeredMs.filter(timeMs => timeMs > nowMs - perMs);
		const refused = answeredMs.length >= requests;
		if (!refused) answeredMs.push(nowMs);
		const wholeMs = (answeredMs.at(-1) ?? nowMs) + perMs;
		const remaining = requests - answeredMs.length;
		const waitMs = remaining > 0 ? 0 : (answeredMs[0] ?? nowMs) + perMs - nowMs;
		const headers: Record<string, string> = {
			'x-ratelimit-limit': String(requests),
			'x-ratelimit-remaining': String(remaining),
			'x-ratelimit-reset': reset === undefined ? isoMinute(wholeMs) : headerValue(reset, nowMs),
		};
		if (refused && retryAfter !== 'none') {
			const seconds = Math.ceil(waitMs / 1000);
			headers['retry-after'] =
				retryAfter === 'seconds'
					? String(seconds)
					: retryAfter === 'date'
						? new Date(Math.ceil(nowMs / 1000 + seconds) * 1000).toUTCString()
						: headerValue(retryAfter, nowMs);
		}
		return {refused, headers, limit: requests, remaining, perMs, waitMs};
	};
}
