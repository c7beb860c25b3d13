import assert from 'node:assert/strict';
import {estimate, type EstimateOptions} from '../../lib/source/estimate.ts';

const dayMs = 86_400_000;
const untilMs = Date.UTC(2026, 0, 31);
const pageRows = 500;

/** A log of so many events in 100 days, each at a share of the span, from 0 to 1. */
function logOf(count: number, placeOf: (n: number) => number): number[] {
	return Array.from({length: count}, (_, n) => Math.floor(untilMs - 100 * dayMs * (1 - placeOf(n)))).toSorted(
		(a, b) => a - b,
	);
}

async function estimated(log: readonly number[], given: Partial<EstimateOptions> = {}, most = 18) {
	let asked = 0;
	const order = given.order ?? 'newest-first';
	const found = await estimate({
		order,
		sinceMs: undefined,
		untilMs,
		async probe(fromMs, toMs) {
			if (asked === most) return undefined;
			asked++;
			const within = log.filter(timeMs => timeMs >= fromMs && timeMs < toMs);
			const rows = order === 'newest-first' ? within.slice(-pageRows).toReversed() : within.slice(0, pageRows);
			return {timesMs: rows, isWhole: rows.length === within.length};
		},
		...given,
	});
	return {...found, asked};
}

const random = (n: number) => ((n * 48_271 + 11) % 2_147_483_647) / 2_147_483_647;
const spread = (n: number) => random(n * 7919 + 13) % 1;

const logs: Readonly<Record<string, number[]>> = {
	even: logOf(50_000, n => n / 50_000),
	'at random': logOf(50_000, spread),
	growing: logOf(50_000, n => Math.sqrt(n / 50_000)),
	'growing fast': logOf(50_000, n => Math.log1p((n / 50_000) * 99) / Math.log(100)),
	'with nothing in its last half': logOf(50_000, n => n / 100_000),
	'with nothing in the middle': logOf(50_000, n => (n < 25_000 ? n / 100_000 : 0.5 + n / 100_000)),
	'with bursts': [
		...logOf(40_000, n => n / 40_000),
		...logOf(10_000, n => Math.floor(n / 1000) / 10 + (n % 1000) / 1e5),
	].toSorted((a, b) => a - b),
	'with many at once': [...logOf(49_000, n => n / 49_000), ...logOf(1000, () => 0.7)].toSorted((a, b) => a - b),
	'with its newest at once': [...logOf(49_000, n => n / 49_000), ...logOf(1000, () => 0.99999)].toSorted(
		(a, b) => a - b,
	),
	small: logOf(150, n => n / 150),
	none: [],
};

describe('estimate', () => {
	for (const [name, log] of Object.entries(logs)) {
		for (const order of ['newest-first', 'oldest-first'] as const) {
			it(`is near a log that is ${name}, ${order}, in 18 pages of ${pageRows}`, async () => {
				const since = order === 'newest-first' ? undefined : untilMs - 100 * dayMs;
				const {events, least, most, asked, oldestMs, newestMs} = await estimated(log, {order, sinceMs: since});
				const result = JSON.stringify({events, least, most, asked, is: log.length});
				// nobody sees the bursts between two pages
				assert.ok(Math.abs(events - log.length) <= (name.includes('bursts') ? 0.2 : 0.1) * log.length, result);
				assert.ok(least <= log.length && log.length <= most, result);
				assert.ok(asked <= 18);
				if (log.length <= pageRows) assert.deepEqual([least, most], [log.length, log.length]);
				if (log.length > 0) {
					assert.ok(
						Math.abs(newestMs! - log.at(-1)!) < 6 * dayMs && Math.abs(oldestMs! - log[0]!) < 10 * dayMs,
						result,
					);
				}
			});
		}
	}

	it('says that nobody knows how many are in a second with more than a page', async () => {
		const log = [...logOf(600, n => n / 600), ...logOf(10_000, () => 0.6)].toSorted((a, b) => a - b);
		for (const order of ['newest-first', 'oldest-first'] as const) {
			const {least, most, burstMs} = await estimated(log, {order, sinceMs: untilMs - 100 * dayMs});
			assert.ok(least <= log.length, `${least}`);
			assert.deepEqual([most, burstMs], [Infinity, logOf(1, () => 0.6)[0]]);
		}
		assert.equal((await estimated(logs['even']!)).burstMs, undefined);
	});

	it('says that it knows little where it may ask little', async () => {
		for (const pages of [1, 2]) {
			const {least, most} = await estimated(logs['growing']!, {sinceMs: untilMs - 100 * dayMs}, pages);
			assert.ok(least >= pageRows && least <= pages * pageRows && most === Infinity, `${least} to ${most}`);
		}
	});

	it('asks for nothing outside of the span', async () => {
		const sinceMs = untilMs - 50 * dayMs;
		const half = logs['even']!.filter(timeMs => timeMs >= sinceMs).length;
		const {events, oldestMs} = await estimated(logs['even']!, {sinceMs});
		assert.ok(Math.abs(events - half) <= 0.05 * half && oldestMs! >= sinceMs, `${events} of ${half}`);
	});
});
