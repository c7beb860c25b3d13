import assert from 'node:assert/strict';
import fc from 'fast-check';
import {readOldestFirst} from '../../lib/source/oldest-first.ts';
import type {ReadPage, Scan} from '../../lib/source/scan.ts';
import {answerOf} from '../support/scripted-api.ts';

const {signal} = new AbortController();

/** A server that gives the newest first, and may mean other times by bounds. */
function serverOf(times: readonly number[], pageSize: number, meant = (ms: number) => ms) {
	const records = times.map((timeMs, index) => ({id: `e${index}`, timeMs}));
	const sorted = records.toSorted((one, other) => other.timeMs - one.timeMs);
	const seen = {requests: 0};
	const read: ReadPage<unknown> = ({sinceMs, untilMs, cursor = 0}) => {
		seen.requests++;
		const rows = sorted.filter(({timeMs}) => timeMs >= meant(sinceMs) && timeMs < meant(untilMs));
		const end = (cursor as number) + pageSize;
		return Promise.resolve(answerOf(rows.slice(cursor as number, end), end < rows.length ? end : undefined));
	};
	return {read, seen, ids: sorted.toReversed().map(({id}) => id)};
}

/** What comes of a pass, from each of its pages on with a reader of its own, as after a crash. */
async function readAll(read: ReadPage<unknown>, pass: Scan, isAnew = false): Promise<string[]> {
	let reader = readOldestFirst('log', read);
	const ids: string[] = [];
	for (let scan: Scan | undefined = pass; scan;) {
		const {records, events, next} = await reader(scan, signal);
		assert.deepEqual(
			events,
			records.map(({value}) => value),
		);
		ids.push(...records.map(({id}) => id));
		if (isAnew) reader = readOldestFirst('log', read);
		scan = next === undefined ? undefined : {...pass, cursor: next};
	}
	return ids;
}

describe('readOldestFirst', () => {
	const beganMs = Date.UTC(2020, 0, 1);
	const pass = {sinceMs: 0, untilMs: Date.UTC(2026, 0, 1), coversToMs: Date.UTC(2026, 0, 1)};
	/** Bursts in one second, quiet weeks, and years before the first event. */
	const logs = fc
		.array(fc.tuple(fc.constantFrom(0, 1, 700, 60_000, 86_400_000), fc.integer({min: 1, max: 40})), {maxLength: 10})
		.map(stretches => {
			let timeMs = beganMs;
			return stretches.flatMap(([spacingMs, many]) => Array.from({length: many}, () => (timeMs += spacingMs)));
		});

	it('gives each record once, the oldest first, wherever it goes on', async () => {
		await fc.assert(
			fc.asyncProperty(logs, fc.integer({min: 1, max: 50}), fc.boolean(), async (times, pageSize, isAnew) => {
				const {read, ids} = serverOf(times, pageSize);
				assert.deepEqual(await readAll(read, pass, isAnew), ids);
			}),
			{numRuns: 300},
		);
	});

	it('asks for few pages more than there are', async () => {
		const times = Array.from({length: 20_000}, (_, index) => beganMs + index * 60_000 + (index % 7) * 1000);
		const {read, seen, ids} = serverOf(times, 200);
		assert.deepEqual(await readAll(read, pass), ids);
		assert.ok(seen.requests < 2.2 * 100 + 60, `${seen.requests} requests`);
	});

	it('holds few pages at once', async () => {
		const times = Array.from({length: 5000}, (_, index) => beganMs + index * 60_000);
		const reader = readOldestFirst('log', serverOf(times, 100).read);
		for (let scan: Scan | undefined = pass; scan;) {
			const {records, next} = await reader(scan, signal);
			assert.ok(records.length <= 400, `${records.length} records`);
			scan = next === undefined ? undefined : {...pass, cursor: next};
		}
	});

	it('begins at the bound that stands in for a refused cursor', async () => {
		const {read} = serverOf(
			[1, 2, 3].map(days => beganMs + days * 86_400_000),
			10,
		);
		assert.deepEqual(await readAll(read, {...pass, edgeMs: beganMs + 2 * 86_400_000}), ['e1', 'e2']);
	});

	for (const [what, meant] of [
		['rounds bounds to minutes', (ms: number) => Math.floor(ms / 60_000) * 60_000],
		['takes them for times of another zone', (ms: number) => ms + 3_600_000],
		['takes no notice of them', (ms: number) => (ms > beganMs + 43_200_000 ? Infinity : 0)],
		[
			'takes them for times of a clock that is put forward',
			(ms: number) => (ms > Date.UTC(2020, 2, 29) ? ms + 3_600_000 : ms),
		],
	] as const) {
		it(`refuses a server that ${what}`, async () => {
			const times = Array.from({length: 10_000}, (_, index) => beganMs + index * 1_000_003);
			const {read} = serverOf(times, 100, meant);
			await assert.rejects(readAll(read, pass), {code: 'CONFIG', message: /log: option order oldest needs a server/});
		});
	}
});
