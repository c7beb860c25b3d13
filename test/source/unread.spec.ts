import assert from 'node:assert/strict';
import fc from 'fast-check';
import {begin, gapsIn, leaveGap, planScans, type SourcePosition} from '../../lib/source/scan.ts';
import {forget, purges, unread} from '../../lib/source/unread.ts';

const newestFirst = {order: 'newest-first', byOffset: false} as const;
const oldestFirst = {order: 'oldest-first', byOffset: false} as const;
const gap = {sinceMs: 2000, untilMs: 3000, coversToMs: 3000, reason: 'answered 500'};
const scan = {sinceMs: 5000, untilMs: 9000, coversToMs: 9000, cursor: 'c', lastMs: 7000, pageMs: 7000};

describe('unread', () => {
	it('is what came since, each gap, and what was never asked for between', () => {
		const position: SourcePosition = {
			covered: [
				[1000, 2000],
				[3000, 4000],
				[6000, 7000],
			],
			gaps: [gap],
		};
		assert.deepEqual(unread(position, newestFirst, 9000), [
			[2000, 3000],
			[4000, 6000],
			[7000, 9000],
		]);
		assert.deepEqual(unread({covered: []}, newestFirst, 9000), []);
		assert.deepEqual(unread({covered: [], askedFromMs: 10}, newestFirst, 9000), [[10, 9000]]);
	});

	it('is what is left of a pass behind the window that was being read, too', () => {
		const rest = {sinceMs: 1000, untilMs: 5000, coversToMs: 5000};
		assert.deepEqual(unread({covered: [], scan, rest}, newestFirst, 10_000), [
			[1000, 8000],
			[9000, 10_000],
		]);
		assert.deepEqual(unread({covered: [[5000, 9000]], rest}, newestFirst, 9000), [[1000, 5000]]);
	});

	it('is of an interrupted pass what its order says', () => {
		const position: SourcePosition = {covered: [[1000, 5000]], scan};
		assert.deepEqual(unread(position, newestFirst, 10_000), [
			[5000, 8000],
			[9000, 10_000],
		]);
		assert.deepEqual(unread(position, oldestFirst, 10_000), [[7000, 10_000]]);
		assert.deepEqual(unread(position, {...newestFirst, byOffset: true}, 10_000), [[5000, 10_000]]);
		assert.deepEqual(unread(position, {order: 'none', byOffset: false}, 10_000), []);
	});
});

describe('purges', () => {
	it('say when the first of each span goes, the soonest first, and what is gone', () => {
		const spans = [
			[0, 100],
			[150, 200],
			[850, 900],
		] as const;
		assert.deepEqual(purges(spans, 200, 320), [
			{fromMs: 0, toMs: 100, atMs: 300, isGone: true},
			{fromMs: 150, toMs: 200, atMs: 350, isGone: false},
			{fromMs: 850, toMs: 900, atMs: 1050, isGone: false},
		]);
		// half of it is gone: the rest goes from now on
		assert.deepEqual(purges([[0, 200]], 200, 320), [{fromMs: 120, toMs: 200, atMs: 320, isGone: false}]);
	});
});

describe('forget', () => {
	const reason = 'reset';

	it('makes a gap of what was read from a time on, and leaves the rest', () => {
		const position: SourcePosition = {covered: [[1000, 9000]], watermarkMs: 8500};
		const {position: now, span} = forget(position, 4000, newestFirst, reason)!;
		assert.deepEqual(span, [4000, 9000]);
		assert.deepEqual(now, {
			covered: [[1000, 4000]],
			watermarkMs: 8500,
			gaps: [{sinceMs: 4000, untilMs: 9000, coversToMs: 9000, reason, again: true}],
		});
		assert.deepEqual(forget(position, -Infinity, newestFirst, reason)!.span, [1000, 9000]);
		assert.equal(forget(position, 9000, newestFirst, reason), undefined);
		assert.equal(forget({covered: []}, 0, newestFirst, reason), undefined);
	});

	it('reads an interrupted pass, and a gap that would be gone on with, from the beginning', () => {
		const {position, span} = forget({covered: [[1000, 5000]], scan}, 6000, {...newestFirst, byOffset: true}, reason)!;
		assert.deepEqual([span, position.scan, gapsIn(position).length], [[5000, 9000], undefined, 1]);
		assert.equal(gapsIn(position)[0]!.cursor, undefined);
		// what an ordered one had read is known: only that from the time on is read again
		assert.deepEqual(forget({covered: [[1000, 5000]], scan}, 8500, newestFirst, reason)!.span, [8500, 9000]);
	});

	it('is still to be read again where a run could not, or another gap touches it', () => {
		const {position} = forget({covered: [[1000, 60_000]]}, 2000, newestFirst, reason)!;
		const [gap] = gapsIn(position);
		const reading = begin(position, gap!);
		const failed = {...gap!, lastMs: 30_000, pageMs: 30_000};
		const left = leaveGap(reading, failed, 'answered 500', 'newest-first').position;
		assert.deepEqual(gapsIn(left), [
			{sinceMs: 2000, untilMs: 31_000, coversToMs: 31_000, reason: 'answered 500', again: true},
		]);
		const before = {sinceMs: 500, untilMs: 2000, coversToMs: 2000};
		const touching = leaveGap(left, before, 'answered 503', 'newest-first').position;
		assert.deepEqual(gapsIn(touching), [
			{sinceMs: 500, untilMs: 31_000, coversToMs: 31_000, reason: 'answered 503', again: true},
		]);
	});

	it('lets the next run read all of it, and nothing that was read before', () => {
		const ms = fc.integer({min: 0, max: 40});
		const spans = fc.array(fc.tuple(ms, fc.integer({min: 1, max: 8})), {maxLength: 4});
		fc.assert(
			fc.property(spans, spans, ms, (read, failed, sinceMs) => {
				const isIn = (all: readonly (readonly [number, number])[]) => (at: number) =>
					all.some(([from, length]) => from <= at && at < from + length);
				const [isFailed, wasRead] = [isIn(failed), isIn(read)];
				const covered = (at: number) => wasRead(at) && !isFailed(at);
				const position = positionOf(covered, isFailed);
				const forgotten = forget(position, sinceMs, newestFirst, reason);
				const later = Array.from({length: 50}, (_, at) => at).filter(at => at >= sinceMs);
				if (!forgotten) return assert.ok(!later.some(at => covered(at) || isFailed(at)));
				const plan = {sinceMs: 0, untilMs: 50, settledMs: 50, overlapMs: 0, floorMs: 100};
				const scans = planScans(forgotten.position, plan);
				const times = (at: number) => scans.filter(scan => scan.sinceMs <= at && at < scan.untilMs).length;
				for (let at = 0; at < 50; at++) {
					const again = at >= sinceMs && covered(at);
					assert.equal(times(at), again || !covered(at) ? 1 : 0, `at ${at}`);
				}
			}),
		);
	});
});

/** Spans of a millisecond each, joined where they touch. */
function positionOf(covers: (ms: number) => boolean, fails: (ms: number) => boolean): SourcePosition {
	const joined = (is: (ms: number) => boolean) => {
		const found: [number, number][] = [];
		for (let at = 0; at < 60; at++) {
			if (!is(at)) continue;
			const last = found.at(-1);
			if (last?.[1] === at) last[1]++;
			else found.push([at, at + 1]);
		}
		return found;
	};
	const gaps = joined(fails).map(([sinceMs, untilMs]) => ({sinceMs, untilMs, coversToMs: untilMs, reason: 'failed'}));
	return {covered: joined(covers), ...(gaps.length > 0 ? {gaps} : {})};
}
