import {type MonoTypeOperatorFunction, tap} from 'rxjs';
import {ConfigError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';
import {pageFor} from './each-page.ts';

export interface RateLimitOptions {
	readonly requests: number;
	/** Default: 60,000, a minute. */
	readonly perMs?: number;
}

/**
 * The same pages, from a source that sends at most `requests` requests in any `perMs`. It binds the limiter of the
 * source's credential, which every attempt takes, retries and other sources on that credential included; so the
 * place of this operator in the pipe does not matter. It can only make the limit stricter.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(rateLimit({requests: 10}), toEvents());
 * ```
 */
export function rateLimit<P extends Page>({requests, perMs = 60_000}: RateLimitOptions): MonoTypeOperatorFunction<P> {
	if (!(requests >= 1 && perMs > 0)) {
		throw new ConfigError(`rateLimit: expected requests >= 1 and perMs > 0, got ${requests} and ${perMs}`);
	}
	return tap(page => pageFor('rateLimit', page).source.limit(requests, perMs));
}
