import assert from 'node:assert/strict';
import {reached} from '../../lib/source/reached.ts';

describe('reached', () => {
	it('is the newest event of all sources, and the time up to which each of them was read', () => {
		const one = {covered: [[0, 10] as const, [20, 30] as const], watermarkMs: 28};
		const other = {covered: [[0, 25] as const], watermarkMs: 24};
		assert.deepEqual(reached([one]), {newestMs: 28, readUpToMs: 30});
		assert.deepEqual(reached([one, other]), {newestMs: 28, readUpToMs: 25});
	});

	it('is where the unread time of a pass begins that goes on', () => {
		const covered = [[0, 10] as const, [20, 30] as const];
		const pass = (sinceMs: number, untilMs: number, more = {}) => ({sinceMs, untilMs, coversToMs: untilMs, ...more});
		assert.deepEqual(reached([{covered, rest: pass(8, 20)}]), {readUpToMs: 10});
		assert.deepEqual(reached([{covered, scan: pass(25, 40)}]), {readUpToMs: 30});
		assert.deepEqual(reached([{covered: [[20, 30]], scan: pass(15, 20), rest: pass(0, 15)}]), {});
		assert.deepEqual(reached([{covered: [[20, 30]], scan: pass(0, 20, {reason: 'a gap'})}]), {readUpToMs: 30});
	});

	it('does not know what was read as long as a source has read nothing, or goes on by place', () => {
		assert.deepEqual(reached([]), {});
		assert.deepEqual(reached([{covered: []}]), {});
		assert.deepEqual(reached([{covered: [], watermarkMs: 5}, {covered: [[0, 9]]}]), {newestMs: 5});
		assert.deepEqual(reached([{place: {}}]), {});
	});
});
