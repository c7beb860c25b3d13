import {isoMinute} from '../../lib/emulator/server/rate-limit.ts';

export interface QuotaServer {
	/** Answers a request: whether it is let through, and what the headers say. */
	answer(nowMs: number): {readonly isThrough: boolean; readonly headers: Record<string, string>};
}

/** How a server counts, and what is left of its quota. */
interface Count {
	readonly left: number;
	/** Until one more is there. */
	readonly nextMs: number;
	/** Until all are there. */
	readonly wholeMs: number;
}

export interface Quota {
	readonly requests: number;
	readonly perMs: number;
	/** What a bucket holds; default: `requests`. */
	readonly burst?: number;
}

type Counter = (nowMs: number, quota: Quota) => Count & {take(): void};

/** The three ways to count; a function each, with its own memory. */
export const counters = {
	fixed(): Counter {
		let window = -1;
		let used = 0;
		return (nowMs, {requests, perMs}) => {
			const current = Math.floor(nowMs / perMs);
			if (current !== window) [window, used] = [current, 0];
			const wholeMs = (current + 1) * perMs - nowMs;
			return {left: Math.max(0, requests - used), nextMs: wholeMs, wholeMs, take: () => used++};
		};
	},
	sliding(): Counter {
		let seen: number[] = [];
		return (nowMs, {requests, perMs}) => {
			seen = seen.filter(atMs => atMs > nowMs - perMs);
			const left = Math.max(0, requests - seen.length);
			return {
				left,
				nextMs: left > 0 ? 0 : seen[seen.length - requests]! + perMs - nowMs,
				wholeMs: (seen.at(-1) ?? nowMs - perMs) + perMs - nowMs,
				take: () => seen.push(nowMs),
			};
		};
	},
	bucket(): Counter {
		let tokens: number | undefined;
		let lastMs = 0;
		return (nowMs, {requests, perMs, burst = requests}) => {
			tokens = Math.min(burst, (tokens ?? burst) + ((nowMs - lastMs) * requests) / perMs);
			lastMs = nowMs;
			const perToken = perMs / requests;
			return {
				left: Math.floor(tokens + 1e-9),
				nextMs: Math.max(0, (1 - tokens) * perToken),
				wholeMs: (burst - tokens) * perToken,
				take: () => void (tokens! -= 1),
			};
		};
	},
	/** Filled with all of a span's requests at once. */
	steps(): Counter {
		let tokens: number | undefined;
		let step = 0;
		return (nowMs, {requests, perMs, burst = requests}) => {
			const current = Math.floor((nowMs + perMs / 3) / perMs);
			tokens = Math.min(burst, tokens === undefined ? burst : tokens + (current - step) * requests);
			step = current;
			const nextMs = (current + 1) * perMs - perMs / 3 - nowMs;
			return {left: tokens, nextMs: tokens > 0 ? 0 : nextMs, wholeMs: nextMs, take: () => void (tokens! -= 1)};
		};
	},
} satisfies Record<string, () => Counter>;

export type Said = Count & Quota & {readonly nowMs: number; readonly isThrough: boolean};

/** The headers of an answer. */
export type Saying = (said: Said) => Record<string, string>;

const ceilSeconds = (ms: number) => String(Math.ceil(ms / 1000));

/** What servers say of their quota, by the kind of headers. */
export const sayings: Readonly<Record<string, Saying>> = {
	minute: ({requests, left, wholeMs, nowMs}) => ({
		'x-ratelimit-limit': String(requests),
		'x-ratelimit-remaining': String(left),
		'x-ratelimit-reset': isoMinute(nowMs + wholeMs),
	}),
	epoch: ({requests, left, wholeMs, nowMs}) => ({
		date: new Date(nowMs).toUTCString(),
		'x-ratelimit-limit': String(requests),
		'x-ratelimit-remaining': String(left),
		'x-ratelimit-reset': ceilSeconds(nowMs + wholeMs),
	}),
	fields: ({requests, perMs, left, wholeMs}) => ({
		'ratelimit-policy': `"default";q=${requests};w=${perMs / 1000}`,
		ratelimit: `"default";r=${left};t=${ceilSeconds(wholeMs)}`,
	}),
	'data-center': ({requests, perMs, burst = requests, left, nextMs}) => ({
		'x-ratelimit-limit': String(burst),
		'x-ratelimit-remaining': String(left),
		'x-ratelimit-interval-seconds': String(perMs / 1000),
		'x-ratelimit-fillrate': String(requests),
		'retry-after': left > 0 ? '0' : ceilSeconds(nextMs),
	}),
	counts: ({requests, left}) => ({'x-ratelimit-limit': String(requests), 'x-ratelimit-remaining': String(left)}),
	'retry-after': ({isThrough, nextMs}): Record<string, string> =>
		isThrough ? {} : {'retry-after': ceilSeconds(nextMs)},
	nothing: () => ({}),
};

export interface QuotaServerOptions {
	readonly counter: keyof typeof counters;
	readonly says: Saying;
	/** By time, for one that changes. */
	readonly quota: (nowMs: number) => Quota;
}

export function quotaServer({counter, says, quota}: QuotaServerOptions): QuotaServer {
	const count = counters[counter]();
	return {
		answer(nowMs) {
			const now = quota(nowMs);
			const state = count(nowMs, now);
			const isThrough = state.left >= 1;
			if (isThrough) state.take();
			const after = count(nowMs, now);
			return {isThrough, headers: says({...now, ...after, nowMs, isThrough})};
		},
	};
}
