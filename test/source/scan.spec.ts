import assert from 'node:assert/strict';
import fc from 'fast-check';
import {clip, gaps} from '../../lib/source/interval-set.ts';
import type {SourceRecord} from '../../lib/model/page.ts';
import {
	advance,
	leaveGap,
	finishScan,
	isWithin,
	nowhere,
	planScans,
	type Scan,
	type SourcePosition,
	withoutCursor,
} from '../../lib/source/scan.ts';
import {recordOf} from '../support/pages.ts';

type Order = 'newest-first' | 'oldest-first';

/** The model: a log that has one record every millisecond, so that what was read is a set of times. */
function recordsOf({sinceMs, untilMs, cursor}: Scan, order: Order): SourceRecord[] {
	const records = [];
	for (let timeMs = sinceMs; timeMs < untilMs; timeMs++) records.push(recordOf({id: `${timeMs}`, timeMs}));
	if (order === 'newest-first') records.reverse();
	return records.slice((cursor as number | undefined) ?? 0);
}

/** Makes a pass as `paginate` does, at most so many pages of it. */
function pass(from: SourcePosition, scan: Scan, order: Order, maxPages: number, pageSize: number, read: Set<number>) {
	const records = recordsOf(scan, order);
	let position = from;
	let current = scan;
	for (let page = 0; page < maxPages; page++) {
		const events = records.splice(0, pageSize);
		for (const {timeMs} of events) read.add(timeMs);
		const moved = advance(position, current, events);
		if (records.length === 0) return finishScan(moved, current);
		const cursor = ((current.cursor as number | undefined) ?? 0) + events.length;
		position = {...moved, scan: {...moved.scan!, cursor}};
		current = position.scan!;
	}
	return position.scan ? position : {...position, scan};
}

const lagMs = 5;
const nights = fc.array(
	fc.record({
		passedMs: fc.nat(60),
		sinceBackMs: fc.option(fc.nat(120), {nil: undefined}),
		untilBackMs: fc.option(fc.nat(40), {nil: undefined}),
		overlapMs: fc.nat(30),
		floorBackMs: fc.option(fc.nat(60), {nil: undefined}),
		/** Pages until the run is killed. */
		maxPages: fc.oneof(fc.nat(4), fc.constant(Infinity)),
		pageSize: fc.integer({min: 1, max: 20}),
	}),
	{minLength: 1, maxLength: 8},
);

describe('planScans', () => {
	it('reads all that is asked for, whatever the nights were like', () => {
		fc.assert(
			fc.property(nights, fc.constantFrom<Order>('newest-first', 'oldest-first'), (runs, order) => {
				let position = nowhere;
				let nowMs = 200;
				const read = new Set<number>();
				for (const run of runs) {
					nowMs += run.passedMs;
					const settledMs = nowMs - lagMs;
					const untilMs = run.untilBackMs === undefined ? settledMs : nowMs - run.untilBackMs;
					const sinceMs = run.sinceBackMs === undefined ? undefined : nowMs - run.sinceBackMs;
					const floorMs = run.floorBackMs === undefined ? undefined : nowMs - run.floorBackMs;
					const plan = {sinceMs, untilMs, settledMs, overlapMs: run.overlapMs, floorMs};
					let left = run.maxPages;
					const alive = () => left > 0;

					const pinned = position.scan;
					if (pinned) {
						assert.deepEqual(planScans(position, plan), [pinned], 'an interrupted pass first, alone, as it was');
						position = pass(position, pinned, order, left, run.pageSize, read);
						left -= 1;
						if (position.scan) continue;
					}

					const {covered} = position;
					const lowest = covered[0]?.[0];
					const highest = covered.at(-1)?.[1];
					const planned = planScans(position, plan);
					const asked = Math.min(sinceMs ?? lowest ?? 0, lowest ?? Infinity);
					for (const [index, scan] of planned.entries()) {
						assert.ok(scan.sinceMs < scan.untilMs && scan.untilMs <= untilMs, 'nothing above until');
						assert.ok(scan.sinceMs >= asked, 'nothing below the lowest that was ever asked for');
						assert.ok(index === 0 || scan.untilMs < planned[index - 1]!.sinceMs, 'newest first, apart');
						assert.equal(scan.coversToMs, Math.min(scan.untilMs, settledMs));
						assert.equal(scan.cursor, undefined);
						const forgotten = clip(covered, [-Infinity, Math.min(floorMs ?? -Infinity, highest ?? Infinity)]);
						assert.deepEqual(clip(forgotten, [scan.sinceMs, scan.untilMs]), [], 'nothing covered below the floor');
					}
					if (highest !== undefined) {
						// the overlap behind the newest record is read again
						const newest = Math.min(position.watermarkMs ?? highest, highest);
						const from = Math.max(newest - run.overlapMs, lowest!, floorMs ?? -Infinity);
						const spans = planned.map(scan => [scan.sinceMs, scan.untilMs] as const).reverse();
						assert.deepEqual(gaps(spans, [from, untilMs]), []);
					}
					for (const scan of planned) {
						if (!alive()) break;
						position = pass(position, scan, order, left, run.pageSize, read);
						left -= 1;
						if (position.scan) break;
					}

					for (const [from, to] of position.covered) {
						for (let ms = from; ms < to; ms++) assert.ok(read.has(ms), `${ms} counts as read and was not`);
					}
					if (position.scan || run.maxPages !== Infinity) continue;
					for (let ms = sinceMs ?? highest ?? 0; ms < untilMs; ms++) assert.ok(read.has(ms), `${ms} was not read`);
				}
			}),
			{numRuns: 2000},
		);
	});

	it('begins at the beginning where nothing is asked for', () => {
		const plan = {untilMs: 100, settledMs: 90, overlapMs: 10};
		assert.deepEqual(planScans(nowhere, plan), [{sinceMs: 0, untilMs: 100, coversToMs: 90}]);
	});

	it('makes up for missed nights, whatever since says', () => {
		const position = {covered: [[0, 1000]] as const, watermarkMs: 990};
		const plan = {sinceMs: 8000, untilMs: 9000, settledMs: 9000, overlapMs: 60};
		assert.deepEqual(planScans(position, plan), [{sinceMs: 930, untilMs: 9000, coversToMs: 9000}]);
	});

	it('reads what lies before the first run when since asks for it', () => {
		const position = {covered: [[500, 1000]] as const, watermarkMs: 990};
		const plan = {sinceMs: 100, untilMs: 2000, settledMs: 2000, overlapMs: 60};
		assert.deepEqual(
			planScans(position, plan).map(({sinceMs, untilMs}) => [sinceMs, untilMs]),
			[
				[930, 2000],
				[100, 500],
			],
		);
	});

	it('reads what was never covered even below the floor', () => {
		// another source of the same run has moved the floor on while this one failed for nights
		const position = {covered: [[0, 1000]] as const, watermarkMs: 990};
		const plan = {untilMs: 9000, settledMs: 9000, overlapMs: 60, floorMs: 8000};
		assert.deepEqual(planScans(position, plan), [{sinceMs: 1000, untilMs: 9000, coversToMs: 9000}]);
	});

	it('plans what follows an interrupted pass from where that ended', () => {
		const scan: Scan = {sinceMs: 930, untilMs: 5000, coversToMs: 5000};
		const interrupted: SourcePosition = {covered: [[0, 1000]], watermarkMs: 990, scan};
		const plan = {untilMs: 9000, settledMs: 9000, overlapMs: 60};
		assert.deepEqual(planScans(interrupted, plan), [scan]);
		const over = finishScan(advance(interrupted, scan, [recordOf({id: 'a', timeMs: 4900})]), scan);
		assert.deepEqual(planScans(over, plan), [{sinceMs: 4840, untilMs: 9000, coversToMs: 9000}]);
	});

	it('has nothing to do when until lies before what was read', () => {
		const position = {covered: [[0, 1000]] as const, watermarkMs: 990};
		assert.deepEqual(planScans(position, {untilMs: 500, settledMs: 2000, overlapMs: 60}), []);
	});
});

describe('leaveGap', () => {
	const scan: Scan = {sinceMs: 0, untilMs: 90_000, coversToMs: 90_000, cursor: 'C'};
	const page = (...times: number[]) => times.map(timeMs => recordOf({id: `${timeMs}`, timeMs}));

	it('covers nothing that the last page alone speaks for: its last record may be out of order', () => {
		const first = advance({covered: []}, scan, page(80_000, 70_000), 'newest-first');
		const second = advance(first, first.scan!, page(60_000, 50_000, 4_000), 'newest-first');
		const {position, open} = leaveGap(second, second.scan!, 'status 500', 'newest-first');
		assert.deepEqual([open, position.covered], [[0, 61_000], [[61_000, 90_000]]]);
		const risen = advance({covered: []}, scan, page(1_000, 2_000, 80_000), 'oldest-first');
		assert.deepEqual(leaveGap(risen, risen.scan!, 'status 500', 'oldest-first').open, [1_000, 90_000]);
	});
});

describe('advance', () => {
	const scan: Scan = {sinceMs: 0, untilMs: 9000, coversToMs: 9000, cursor: 'C'};

	it('keeps the newest record ever, and the end of the last one', () => {
		const records = [
			recordOf({id: 'a', timeMs: 5000}),
			recordOf({id: 'b', timeMs: 7000}),
			recordOf({id: 'c', timeMs: 6000, wholeSecond: true}),
		];
		const moved = advance({covered: [[0, 10]], watermarkMs: 6500}, scan, records);
		assert.deepEqual(moved, {covered: [[0, 10]], watermarkMs: 7000, scan: {...scan, lastMs: 6999, pageMs: 7000}});
		assert.equal(advance(moved, moved.scan!, []).scan?.lastMs, 6999);
		assert.equal(advance(moved, scan, [recordOf({id: 'd', timeMs: 1})]).watermarkMs, 7000);
	});

	it('goes by the order of the API, which need not be the time', () => {
		const moved = advance(nowhere, scan, [recordOf({id: 'a', timeMs: 1, orderMs: 4000})]);
		assert.equal(moved.watermarkMs, 4000);
		assert.equal(moved.scan?.lastMs, 4000);
	});

	it('says nothing of records where there was none', () => {
		assert.deepEqual(advance(nowhere, scan, []), {covered: [], scan});
	});
});

describe('finishScan', () => {
	it('covers the span up to where records have settled', () => {
		const scan: Scan = {sinceMs: 10, untilMs: 30, coversToMs: 20};
		assert.deepEqual(finishScan({covered: [[0, 10]], watermarkMs: 25, scan}, scan), {
			covered: [[0, 20]],
			watermarkMs: 25,
		});
		assert.deepEqual(finishScan({covered: [], scan}, {...scan, coversToMs: 5}), {covered: []});
	});

	it('is plain JSON', () => {
		const position = finishScan(nowhere, {sinceMs: 1, untilMs: 3, coversToMs: 3});
		assert.deepEqual(JSON.parse(JSON.stringify(position)), position);
	});
});

describe('isWithin', () => {
	it('has an inclusive since and an exclusive until, and a whole second lies anywhere in itself', () => {
		const scan: Scan = {sinceMs: 2500, untilMs: 5500, coversToMs: 5500};
		const within = (timeMs: number, wholeSecond = false) => isWithin(recordOf({id: 'a', timeMs, wholeSecond}), scan);
		assert.deepEqual(
			[2499, 2500, 5499, 5500].map(ms => within(ms)),
			[false, true, true, false],
		);
		assert.deepEqual(
			[1000, 2000, 5000, 6000].map(ms => within(ms, true)),
			[false, true, true, false],
		);
	});
});

describe('withoutCursor', () => {
	it('goes on from the last record, or from the bound of the pass where records came in another order', () => {
		const scan: Scan = {sinceMs: 0, untilMs: 9000, coversToMs: 9000, cursor: 'C', lastMs: 4000};
		const {cursor: _, ...rest} = scan;
		assert.deepEqual(withoutCursor(scan, 'newest-first'), {...rest, edgeMs: 4000});
		assert.deepEqual(withoutCursor({...scan, unsorted: true}, 'newest-first'), {...rest, unsorted: true});
	});
});
