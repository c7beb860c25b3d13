import type {AttemptError} from './attempt.ts';
import type {RetryContext} from './retry-policy.ts';

/** An answer that refuses a request, as the facts of an API see it. */
export interface Refusal {
	readonly status: number;
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;
	/** The body, or its first 64 KiB. */
	readonly text: string;
}

/** What the headers of a rate begin with: of most APIs, of Okta's, of early Jira Data Center, of the IETF's draft. */
export const rateHeaders = ['x-ratelimit', 'x-rate-limit', 'x-ratelimiting', 'ratelimit'] as const;
/** So much of a refusal is searched for words about a quota. */
const maxWordBytes = 4096;
const words =
	/rate.?limit|too many requests|request limit|throttl|quota (?:is |was |has been )?(?:exceeded|exhausted|used up)/i;

/** Whether a request was refused only for now; a Date says until when. `outOfQuota`: the API's own words, if any. */
export function refusalOf(error: AttemptError, outOfQuota: RetryContext['outOfQuota']): boolean | Date {
	const {kind, status = 0, headers, body} = error;
	if (kind !== 'status' || status < 400) return false;
	return outOfQuota?.({status, headers, text: body.toString('utf8')}) || isOutOfQuota(error);
}

/**
 * Whether an answer refuses the request only for now: 429, or a 403 that says when to come again or that it is about a
 * quota, as walls in front of an API do. `Retry-After: 0` is on every answer of some servers and says nothing.
 */
export function isOutOfQuota({status, headers, body}: Pick<AttemptError, 'status' | 'headers' | 'body'>): boolean {
	if (status === 429) return true;
	if (status !== 403) return false;
	if (/[^0.\s]/.test(headers['retry-after'] ?? '')) return true;
	if (headers['ratelimit-reason']) return true;
	const isUsedUp = (prefix: string) => headers[`${prefix}-remaining`]?.trim() === '0' && headers[`${prefix}-reset`];
	if (rateHeaders.some(isUsedUp) || /;\s*r\s*=\s*0\s*(;|,|$)/.test(headers['ratelimit'] ?? '')) return true;
	return words.test(body.toString('latin1', 0, maxWordBytes));
}
