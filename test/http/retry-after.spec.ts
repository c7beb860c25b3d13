import assert from 'node:assert/strict';
import fc from 'fast-check';
import {backoffMs, retryAtMs} from '../../lib/http/retry-after.ts';

const nowMs = Date.parse('2026-11-21T20:40:30Z');
const minute = Date.parse('2026-11-21T20:41:00Z');

function waitMs(headers: Record<string, unknown>): number | undefined {
	const atMs = retryAtMs(headers, nowMs);
	return atMs === undefined ? undefined : atMs - nowMs;
}

describe('retryAtMs', () => {
	const spellings: readonly (readonly [header: string, value: unknown, waitMs: number | undefined])[] = [
		['retry-after', '120', 120_000],
		['retry-after', 120, 120_000],
		['retry-after', ['120', '5'], 120_000],
		['retry-after', ' 0.5 ', 500],
		['retry-after', '0', 0],
		['retry-after', '1000000000', 1e12],
		['retry-after', '9'.repeat(400), Number.MAX_SAFE_INTEGER - nowMs],
		['retry-after', 'Sat, 21 Nov 2026 20:41:00 GMT', 30_000],
		['retry-after', 'Saturday, 21-Nov-26 20:41:00 GMT', 30_000],
		['retry-after', 'Sat Nov 21 20:41:00 2026', 30_000],
		['retry-after', '2026-11-21T20:41:00Z', 30_000],
		['retry-after', 'Sat, 21 Nov 2026 20:00:00 GMT', 0],
		['Retry-After', '7', 7000],
		['x-retry-after', '7', 7000],
		['X-Retry-After', '7', 7000],
		['x-ratelimit-reset', '2026-11-21T20:41Z', 30_000],
		['x-ratelimit-reset', '2026-11-21T20:41:00.250Z', 30_250],
		['x-ratelimit-reset', '2026-11-21T23:41:00+0300', 30_000],
		['x-ratelimit-reset', String(minute / 1000), 30_000],
		['x-ratelimit-reset', String(minute), 30_000],
		['x-ratelimit-reset', '30', 30_000],
		['x-ratelimit-reset', '2026-11-21T20:40Z', 0],
		['x-ratelimit-reset', String(nowMs / 1000 - 60), 0],
		['X-RateLimit-Reset', '2026-11-21T20:41Z', 30_000],
		['x-ratelimit-remaining', '0', undefined],
		['retry-after', '', undefined],
		['retry-after', undefined, undefined],
		['retry-after', '-1', undefined],
		['retry-after', 'NaN', undefined],
		['retry-after', 'soon 5', undefined],
		['retry-after', 'March 7', undefined],
		['x-ratelimit-reset', '2026-11-21', undefined],
		['x-ratelimit-reset', 'Infinity', undefined],
	];
	for (const [name, value, expected] of spellings) {
		it(`reads ${name}: ${String(value)} as ${expected === undefined ? 'nothing' : `${expected} ms`}`, () => {
			assert.equal(waitMs({[name]: value}), expected);
		});
	}

	it('prefers Retry-After, unless it is nonsense', () => {
		const others = {'x-retry-after': '2', 'x-ratelimit-reset': '2026-11-21T20:41Z'};
		assert.equal(waitMs({...others, 'retry-after': '1'}), 1000);
		assert.equal(waitMs({...others, 'retry-after': '0'}), 0);
		assert.equal(waitMs({...others, 'retry-after': 'soon'}), 2000);
	});

	it('measures times by the clock of the server', () => {
		const date = 'Sat, 21 Nov 2026 20:35:30 GMT'; // five minutes behind ours
		assert.equal(waitMs({date, 'retry-after': 'Sat, 21 Nov 2026 20:36:00 GMT'}), 30_000);
		assert.equal(waitMs({date, 'x-ratelimit-reset': '2026-11-21T20:36Z'}), 30_000);
		assert.equal(waitMs({date, 'x-ratelimit-reset': String((minute - 300_000) / 1000)}), 30_000);
		assert.equal(waitMs({date, 'retry-after': '30'}), 30_000);
		assert.equal(waitMs({date: 'nonsense', 'retry-after': 'Sat, 21 Nov 2026 20:41:00 GMT'}), 30_000);
	});

	it('reads a date without a zone as GMT wherever it runs', () => {
		const zone = process.env['TZ'];
		process.env['TZ'] = 'Asia/Tokyo';
		try {
			assert.equal(waitMs({'retry-after': 'Sat Nov 21 20:41:00 2026'}), 30_000);
		} finally {
			if (zone === undefined) delete process.env['TZ'];
			else process.env['TZ'] = zone;
		}
	});

	it('is a finite time from now on, or undefined, whatever a server says', () => {
		const value = fc.oneof(
			fc.string(),
			fc.integer().map(String),
			fc.double().map(String),
			fc.date().map(String),
			fc.string({unit: fc.constantFrom(...'0123456789.'), maxLength: 400}),
			fc.array(fc.string()),
		);
		const names = ['retry-after', 'x-retry-after', 'x-ratelimit-reset', 'x-ratelimit-remaining', 'date'];
		const headers = fc.record(Object.fromEntries(names.map(name => [name, value])), {requiredKeys: []});
		fc.assert(
			fc.property(headers, answer => {
				const atMs = retryAtMs(answer, nowMs);
				assert.ok(atMs === undefined || (Number.isFinite(atMs) && atMs >= nowMs), `got ${atMs}`);
			}),
			{numRuns: 1000},
		);
	});
});

describe('backoffMs', () => {
	const options = {baseMs: 100, maxMs: 2000};

	it('doubles the bound up to the maximum', () => {
		const bounds = [0, 1, 2, 3, 4, 5, 5000].map(attempt => backoffMs(attempt, options, () => 1));
		assert.deepEqual(bounds, [100, 200, 400, 800, 1600, 2000, 2000]);
	});

	it('takes anything between nothing and the bound', () => {
		assert.equal(
			backoffMs(3, options, () => 0),
			0,
		);
		assert.equal(
			backoffMs(3, options, () => 0.5),
			400,
		);
		const waits = Array.from({length: 100}, () => backoffMs(3, options));
		assert.ok(waits.every(ms => ms >= 0 && ms <= 800) && new Set(waits).size > 50);
	});
});
