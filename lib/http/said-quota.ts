import type {Rate} from './limiter.ts';
import {rateHeaders} from './quota.ts';
import {type HeaderValues, header, resetMs, retryAfterMs, serverNowMs} from './retry-after.ts';

/** What the headers of an answer say of the quota; nothing of it is proven. */
export interface SaidQuota {
	/** So many requests are allowed in a span, or in a bucket. */
	readonly limit?: number | undefined;
	/** So many of them are left. */
	readonly left?: number | undefined;
	/** In how many milliseconds more of them are there: by Retry-After, or by the time of the reset. */
	readonly backInMs?: number | undefined;
	/** Whether that is a whole minute, which may be rounded. */
	readonly isRounded?: boolean;
	/** The rate in words of its own: of a policy, or at which a bucket is filled. */
	readonly rate?: Rate | undefined;
}

const count = /^\d{1,9}$/;
const minuteMs = 60_000;

/** Reads X-RateLimit-*, RateLimit-*, the fields of the IETF's drafts, and the buckets of Data Center. */
export function readQuota(headers: HeaderValues, nowMs: number): SaidQuota {
	const value = (name: string) => rateHeaders.map(prefix => header(headers, `${prefix}-${name}`)).find(Boolean) ?? '';
	const serverMs = serverNowMs(headers, nowMs);
	const field = scarcest(fieldsOf(header(headers, 'ratelimit')));
	const limit = countIn(value('limit').split(/[,;]/)[0]!.trim());
	const left = countIn(value('remaining')) ?? parameter(field, 'r');
	const retryInMs = retryAfterMs(header(headers, 'retry-after'), serverMs);
	const given = value('reset');
	const resetInMs = resetMs(given, serverMs) ?? seconds(parameter(field, 't'));
	const policies = fieldsOf(header(headers, 'ratelimit-policy') || (/;/.test(value('limit')) ? value('limit') : ''));
	const rate = rateOf(policies) ?? filled(countIn(value('fillrate')), Number(value('interval-seconds')));
	return {
		limit: limit || rate?.requests || undefined,
		left,
		// "at once" says nothing where nothing is left
		backInMs: retryInMs || resetInMs,
		isRounded: !retryInMs && resetInMs !== undefined && (serverMs + resetInMs) % minuteMs === 0 && Number(given) !== 60,
		rate,
	};
}

function fieldsOf(list: string): string[] {
	return list.split(',').filter(field => field.trim() !== '');
}

/** The one of several quotas of which the least is left. */
function scarcest(fields: readonly string[]): string {
	const left = (field: string) => parameter(field, 'r') ?? Infinity;
	return fields.toSorted((one, other) => left(one) - left(other))[0] ?? '';
}

function parameter(field: string, name: string): number | undefined {
	return countIn(new RegExp(`;\\s*${name}\\s*=\\s*(\\d+)`).exec(field)?.[1] ?? '');
}

/** The strictest of `"name";q=100;w=60` and `100;w=60`, both in a list. */
function rateOf(policies: readonly string[]): Rate | undefined {
	const rates = policies.flatMap(policy => {
		const requests = parameter(policy, 'q') ?? countIn(policy.split(';')[0]!.trim());
		const span = parameter(policy, 'w') ?? parameter(policy, 'window');
		return requests && span ? [{requests, perMs: span * 1000}] : [];
	});
	return rates.toSorted((one, other) => one.requests / one.perMs - other.requests / other.perMs)[0];
}

function filled(requests: number | undefined, intervalSeconds: number): Rate | undefined {
	return requests && intervalSeconds > 0 ? {requests, perMs: intervalSeconds * 1000} : undefined;
}

function countIn(text: string): number | undefined {
	return count.test(text) ? Number(text) : undefined;
}

function seconds(value: number | undefined): number | undefined {
	return value === undefined ? undefined : value * 1000;
}
