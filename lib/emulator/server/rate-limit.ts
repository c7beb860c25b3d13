const MINUTE_MS = 60_000;

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

/**
 * A header's value, where `date+5` stands for the HTTP date in 5 seconds, `date-60` for the one a minute ago,
 * `epoch+5` for epoch seconds and `minute+5` for the ISO minute that is not before; other values are as they are.
 */
export function headerValue(value: string, nowMs: number): string {
	const [, form, span] = /^(date|epoch|minute)([+-]\d+)$/.exec(value) ?? [];
	const timeMs = nowMs + Number(span) * 1000;
	if (form === 'date') return new Date(timeMs).toUTCString();
	if (form === 'epoch') return String(Math.ceil(timeMs / 1000));
	return form === 'minute' ? isoMinute(timeMs) : value;
}

/** The first whole minute that is not before a time, as `2026-11-21T20:41Z`. */
export function isoMinute(timeMs: number): string {
	return `${new Date(Math.ceil(timeMs / MINUTE_MS) * MINUTE_MS).toISOString().slice(0, 16)}Z`;
}
