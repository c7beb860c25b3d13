import assert from 'node:assert/strict';
import {EMPTY, from, NEVER, Subject, throwError} from 'rxjs';
import {ConfigError} from '../../lib/model/errors.ts';
import {rateLimit} from '../../lib/operators/rate-limit.ts';
import type {Page} from '../../lib/model/page.ts';
import {factsOf, listen, pageOf} from '../support/pages.ts';

describe('rateLimit', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const limit = rateLimit({requests: 1});
		assert.equal(listen(NEVER.pipe(limit)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(limit)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(limit)).error, boom);
		const pages = new Subject<Page>();
		listen(pages.pipe(limit)).unsubscribe();
		assert.equal(pages.observed, false);
	});

	it('gives the same pages at once and binds the limiter of each one’s source, a minute by default', () => {
		const limits: unknown[] = [];
		const sourceOf = (name: string) => factsOf({name, limit: (...limit) => void limits.push([name, ...limit])});
		const pages = [pageOf(['1'], {source: sourceOf('a')}), pageOf(['2'], {source: sourceOf('b')})];
		assert.deepEqual(listen(from(pages).pipe(rateLimit({requests: 10}))).values, pages);
		listen(from(pages).pipe(rateLimit({requests: 5, perMs: 1000})));
		assert.deepEqual(limits, [
			['a', 10, 60_000],
			['b', 10, 60_000],
			['a', 5, 1000],
			['b', 5, 1000],
		]);
	});

	it('refuses what is no rate', () => {
		for (const options of [{requests: 0}, {requests: -1}, {requests: Number.NaN}, {requests: 1, perMs: 0}]) {
			assert.throws(() => rateLimit(options), ConfigError);
		}
	});
});
