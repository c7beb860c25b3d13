import assert from 'node:assert/strict';
import {reached} from '../../lib/source/reached.ts';

describe('reached', () => {
	it('is the newest event of all sources, and the time up to which each of them was read', () => {
		const one = {covered: [[0, 10] as const, [20, 30] as const], watermarkMs: 28};
		const other = {covered: [[0, 25] as const], watermarkMs: 24};
		assert.deepEqual(reached([one]), {newestMs: 28, readUpToMs: 30});
		assert.deepEqual(reached([one, other]), {newestMs: 28, readUpToMs: 25});
	});

	it('does not know what was read as long as a source has read nothing, or goes on by place', () => {
		assert.deepEqual(reached([]), {});
		assert.deepEqual(reached([{covered: []}]), {});
		assert.deepEqual(reached([{covered: [], watermarkMs: 5}, {covered: [[0, 9]]}]), {newestMs: 5});
		assert.deepEqual(reached([{place: {}}]), {});
	});
});
