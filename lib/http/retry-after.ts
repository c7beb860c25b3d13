import {recordTime} from '../options/time.ts';
import {rateHeaders} from './quota.ts';

/** Response headers by name in any case, as axios and node:http have them. */
export type HeaderValues = Readonly<Record<string, unknown>>;

const number = /^\d+(?:\.\d+)?$/;
const httpDate = /^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/;

/**
 * When the server wants the next request, on our clock; never before `nowMs`. Undefined when it does not say: a lone
 * X-RateLimit-Remaining means nothing.
 *
 * A time is the server's: it is measured from the Date header, so that a wrong clock on either side does no harm.
 */
export function retryAtMs(headers: HeaderValues, nowMs: number): number | undefined {
	const serverMs = serverNowMs(headers, nowMs);
	const waits = [
		...['retry-after', 'x-retry-after'].map(name => retryAfterMs(header(headers, name), serverMs)),
		...resets.map(name => resetMs(header(headers, name), serverMs)),
		retryAfterMs(/;\s*t\s*=\s*(\d+)/.exec(header(headers, 'ratelimit'))?.[1] ?? '', serverMs),
	];
	const waitMs = waits.find(wait => wait !== undefined);
	return waitMs === undefined ? undefined : nowMs + Math.min(Math.max(0, waitMs), Number.MAX_SAFE_INTEGER - nowMs);
}

/** The server's clock, to which its times belong; ours where it does not say. */
export function serverNowMs(headers: HeaderValues, nowMs: number): number {
	return dateMs(header(headers, 'date')) ?? nowMs;
}

/** The headers without those that say when a quota is back. */
export function withoutResets<Values extends HeaderValues>(headers: Values): Values {
	return Object.fromEntries(
		Object.entries(headers).filter(([name]) => name !== 'ratelimit' && !resets.includes(name)),
	) as Values;
}

const resets: readonly string[] = rateHeaders.map(prefix => `${prefix}-reset`);

export interface BackoffOptions {
	readonly baseMs: number;
	readonly maxMs: number;
}

/** How long to wait before retry `attempt`, which counts from 0: full jitter, anything up to the doubled base. */
export function backoffMs(attempt: number, {baseMs, maxMs}: BackoffOptions, random = Math.random): number {
	return random() * Math.min(maxMs, baseMs * 2 ** attempt);
}

/** The value of a header, by its lower-case name; the first of several. */
export function header(headers: HeaderValues, name: string): string {
	const key = name in headers ? name : Object.keys(headers).find(key => key.toLowerCase() === name);
	const value = key === undefined ? undefined : headers[key];
	return String((Array.isArray(value) ? value[0] : value) ?? '').trim();
}

/** In how many milliseconds a time is; a number is seconds from now. */
export function retryAfterMs(value: string, nowMs: number): number | undefined {
	if (number.test(value)) return Number(value) * 1000;
	const atMs = dateMs(value);
	return atMs === undefined ? undefined : atMs - nowMs;
}

/** A number is a time, or, where it would lie before 1973, seconds from now: some servers do that. */
export function resetMs(value: string, nowMs: number): number | undefined {
	if (!number.test(value) || Number(value) < 1e8) return retryAfterMs(value, nowMs);
	const epoch = Number(value);
	return (epoch < 1e11 ? epoch * 1000 : epoch) - nowMs;
}

/** ISO 8601 or any of the three forms of HTTP dates; the one of asctime() does not name its zone, which is GMT. */
export function dateMs(value: string): number | undefined {
	if (!httpDate.test(value)) return recordTime(value)?.timeMs;
	const atMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
	return Number.isNaN(atMs) ? undefined : atMs;
}
