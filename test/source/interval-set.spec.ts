import assert from 'node:assert/strict';
import fc from 'fast-check';
import {addInterval, clip, gaps, type Interval, type IntervalSet} from '../../lib/source/interval-set.ts';

const size = 24;
/** Also empty ones, and ones whose end lies before their start. */
const interval: fc.Arbitrary<Interval> = fc.tuple(fc.nat(size), fc.nat(size));
const intervals = fc.array(interval, {maxLength: 8});

function setOf(parts: readonly Interval[]): IntervalSet {
	return parts.reduce<IntervalSet>(addInterval, []);
}

/** The model: one character per millisecond, `#` where any interval covers it. */
function bitmap(parts: readonly Interval[]): string {
	const covers = (ms: number) => parts.some(([from, to]) => from <= ms && ms < to);
	return Array.from({length: size}, (_, ms) => (covers(ms) ? '#' : '.')).join('');
}

function masked(map: string, [from, to]: Interval, covered: string): string {
	return Array.from(map, (cell, ms) => (from <= ms && ms < to && cell === covered ? '#' : '.')).join('');
}

function assertNormal(set: IntervalSet): void {
	set.forEach(([from, to], index) => {
		assert.ok(from < to, 'no interval is empty');
		assert.ok(index === 0 || set[index - 1]![1] < from, 'sorted, and none touches the next');
	});
}

describe('interval-set', () => {
	it('covers what was added, in one spelling', () => {
		fc.assert(
			fc.property(intervals, parts => {
				const set = setOf(parts);
				assertNormal(set);
				assert.equal(bitmap(set), bitmap(parts));
			}),
			{numRuns: 500},
		);
	});

	it('does not depend on the order or the number of additions', () => {
		fc.assert(
			fc.property(intervals, parts => {
				assert.deepEqual(setOf(parts), setOf([...parts].reverse()));
				assert.deepEqual(setOf(parts), setOf([...parts, ...parts]));
			}),
		);
	});

	it('finds exactly the gaps', () => {
		fc.assert(
			fc.property(intervals, interval, (parts, within) => {
				const found = gaps(setOf(parts), within);
				assertNormal(found);
				assert.equal(bitmap(found), masked(bitmap(parts), within, '.'));
				assert.deepEqual(gaps([...found, ...setOf(parts)].reduce<IntervalSet>(addInterval, []), within), []);
			}),
			{numRuns: 500},
		);
	});

	it('clips to exactly the bounds', () => {
		fc.assert(
			fc.property(intervals, interval, (parts, within) => {
				const set = setOf(parts);
				assertNormal(clip(set, within));
				assert.equal(bitmap(clip(set, within)), masked(bitmap(parts), within, '#'));
				assert.deepEqual(clip(set, [-Infinity, Infinity]), set);
			}),
			{numRuns: 500},
		);
	});

	it('joins what touches', () => {
		assert.deepEqual(
			setOf([
				[1, 2],
				[3, 4],
				[2, 3],
			]),
			[[1, 4]],
		);
	});

	it('leaves the set that it was given', () => {
		const set = setOf([
			[1, 2],
			[5, 6],
		]);
		addInterval(set, [0, 9]);
		assert.deepEqual(set, [
			[1, 2],
			[5, 6],
		]);
	});

	it('is plain JSON', () => {
		const set = setOf([
			[1, 2],
			[5, 6],
		]);
		assert.deepEqual(JSON.parse(JSON.stringify(set)), set);
	});
});
