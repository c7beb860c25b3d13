import assert from 'node:assert/strict';
import {firstOf} from '../../lib/emulator/data/first-of.ts';

describe('emulator/first-of', () => {
	it('takes no more than it is asked for', () => {
		let taken = 0;
		function* endless() {
			for (;;) yield taken++;
		}
		assert.deepEqual(firstOf(endless(), 3), [0, 1, 2]);
		assert.equal(taken, 3);
		assert.deepEqual(firstOf([1], 3), [1]);
	});
});
