import assert from 'node:assert/strict';
import {createCursorFaults} from '../../lib/emulator/server/next-cursor.ts';

describe('emulator/next-cursor', () => {
	it('is right without a fault', () => {
		const faults = createCursorFaults();
		assert.equal(faults(undefined, {given: 'a', next: 'b', again: () => 'c'}), 'b');
		assert.equal(faults(undefined, {given: 'a', next: undefined, again: () => 'c'}), undefined);
	});

	it('repeats, cycles, or stays', () => {
		const faults = createCursorFaults();
		const cursor = {given: 'a', next: 'b', again: () => 'c'};
		assert.equal(faults({kind: 'repeat-cursor'}, cursor), 'a');
		assert.equal(faults({kind: 'cycle-cursor'}, {...cursor, given: 'z'}), 'a');
		assert.equal(faults({kind: 'empty-pages'}, cursor), 'c');
	});
});
