import assert from 'node:assert/strict';
import {type AskedSource, Coverage} from '../../lib/sink/asked.ts';

const day = (number: number) => new Date(Date.UTC(2026, 0, number)).toISOString();
const asked = (from: number, to: number, more: Partial<AskedSource> = {}): AskedSource => ({
	source: 'some-source:acme',
	covered: [[day(from), day(to)]],
	...more,
});
const coverageOf = (...all: AskedSource[]) => {
	const coverage = new Coverage();
	for (const one of all) coverage.add(one, day(20));
	return coverage;
};
const read = (coverage: Coverage, within?: readonly [number, number]) =>
	coverage
		.spans(within && [Date.parse(day(within[0])), Date.parse(day(within[1]))])
		.map(({from, to, read: how}) => [new Date(from).getUTCDate(), new Date(to).getUTCDate(), how]);

describe('Coverage', () => {
	it('joins what touches, and tells what lies between from what was read', () => {
		assert.deepEqual(read(coverageOf(asked(1, 3), asked(3, 5), asked(7, 9))), [
			[1, 5, 'covered'],
			[5, 7, 'never'],
			[7, 9, 'covered'],
		]);
	});

	it('says of a span that was asked for what of it was never read, also where nothing was', () => {
		assert.deepEqual(read(coverageOf(asked(3, 5)), [1, 9]), [
			[1, 3, 'never'],
			[3, 5, 'covered'],
			[5, 9, 'never'],
		]);
		assert.deepEqual(read(new Coverage(), [1, 9]), [[1, 9, 'never']]);
		assert.deepEqual(read(new Coverage()), []);
	});

	it('takes what was read with a filter for less than what was read without', () => {
		const filters = {action: '"login"'};
		assert.deepEqual(read(coverageOf(asked(1, 9, {filters}), asked(3, 5))), [
			[1, 3, 'filtered'],
			[3, 5, 'covered'],
			[5, 9, 'filtered'],
		]);
	});

	it('takes nothing for read that the API had purged, unless it was read before', () => {
		assert.deepEqual(read(coverageOf(asked(1, 9, {keptFrom: day(5)}))), [
			[1, 5, 'purged'],
			[5, 9, 'covered'],
		]);
		assert.deepEqual(read(coverageOf(asked(1, 3), asked(1, 9, {keptFrom: day(5)}))), [
			[1, 3, 'covered'],
			[3, 5, 'purged'],
			[5, 9, 'covered'],
		]);
	});

	it('takes as long as it is, whoever wrote it', () => {
		const coverage = new Coverage();
		const iso = (ms: number) => new Date(ms).toISOString();
		const covered = Array.from(
			{length: 50_000},
			(_, at) => [iso((50_000 - at) * 2000), iso((50_000 - at) * 2000 + 1000)] as const,
		);
		coverage.add({source: 'some-source:acme', covered}, day(20));
		assert.equal(coverage.spans([0, 1e9]).filter(({read: how}) => how === 'covered').length, 50_000);
	});

	it('says how far it was behind before more was read, not of what was read later of older times', () => {
		const coverage = new Coverage();
		coverage.add(asked(1, 3, {keptFrom: day(-7)}), day(3));
		coverage.add(asked(3, 6, {keptFrom: day(-4)}), day(6));
		coverage.add(asked(-5, 1, {keptFrom: day(-4)}), day(6));
		coverage.add(asked(6, 7, {keptFrom: day(-3)}), day(7));
		const days = [...coverage.behindMs].map(([number, ms]) => [
			new Date(number * 86_400_000).getUTCDate(),
			ms / 86_400_000,
		]);
		assert.deepEqual(days, [
			[6, 3],
			[7, 1],
		]);
		assert.equal(coverage.keptMs, 10 * 86_400_000);
	});

	it('holds thousands of nights in one span', () => {
		const coverage = new Coverage();
		for (let night = 1; night < 2000; night++) coverage.add(asked(night, night + 1), day(night + 1));
		assert.equal(coverage.spans().length, 1);
	});
});
