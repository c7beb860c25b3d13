import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createRateLimit} from '../../lib/emulator/server/rate-limit.ts';

const MINUTE_MS = 60_000;
const startMs = Date.UTC(2026, 10, 21, 20, 40, 30);

describe('emulator/rate-limit', () => {
	it('answers so many in any window and refuses the rest', () => {
		const take = createRateLimit({requests: 2, perMs: MINUTE_MS});
		const at = (seconds: number) => take(startMs + seconds * 1000);
		assert.deepEqual(
			[at(0), at(10), at(20), at(59.999)].map(({refused}) => refused),
			[false, false, true, true],
		);
		assert.equal(at(60).refused, false);
		assert.equal(at(69).refused, true);
		assert.equal(at(70).refused, false);
	});

	it('says limit, remaining, and the minute by which the budget is back', () => {
		const take = createRateLimit({requests: 2, perMs: MINUTE_MS});
		assert.deepEqual(take(startMs).headers, {
			'x-ratelimit-limit': '2',
			'x-ratelimit-remaining': '1',
			'x-ratelimit-reset': '2026-11-21T20:42Z',
		});
	});

	it('is satisfied by waiting for the reset', () => {
		fc.assert(
			fc.property(fc.integer({min: 1, max: 5}), fc.nat(100_000), (requests, laterMs) => {
				const take = createRateLimit({requests, perMs: MINUTE_MS});
				for (let sent = 0; sent < 8; sent++) take(startMs + laterMs + sent);
				const resetMs = Date.parse(String(take(startMs + laterMs + 9).headers['x-ratelimit-reset']));
				for (let sent = 0; sent < requests; sent++) assert.equal(take(resetMs).refused, false);
			}),
		);
	});

	it('gives Retry-After in the form that is asked for, with refusals only', () => {
		const retryAfterOf = (retryAfter: string) => {
			const take = createRateLimit({requests: 1, perMs: MINUTE_MS, retryAfter});
			assert.equal(take(startMs).headers['retry-after'], undefined);
			return take(startMs + 500).headers['retry-after'];
		};
		assert.equal(retryAfterOf('none'), undefined);
		assert.equal(retryAfterOf('seconds'), '60');
		assert.equal(retryAfterOf('date'), 'Sat, 21 Nov 2026 20:41:31 GMT');
		assert.equal(retryAfterOf('1.5'), '1.5');
		assert.equal(retryAfterOf('date-60'), 'Sat, 21 Nov 2026 20:39:30 GMT');
	});

	it('can give another reset', () => {
		const take = createRateLimit({requests: 1, perMs: MINUTE_MS, reset: 'minute-3600'});
		assert.equal(take(startMs).headers['x-ratelimit-reset'], '2026-11-21T19:41Z');
	});
});
