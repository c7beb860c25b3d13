import assert from 'node:assert/strict';
import {wholeNumber} from '../../lib/emulator/server/whole-number.ts';

describe('emulator/whole-number', () => {
	it('reads digits, and nothing else', () => {
		const query = new URLSearchParams('a=12&b=-1&c=1e3&d=&e=0');
		assert.equal(wholeNumber(query, 'a', 5, 0), 12);
		assert.equal(wholeNumber(query, 'missing', 5, 0), 5);
		for (const name of ['b', 'c', 'd']) assert.equal(wholeNumber(query, name, 5, 0), undefined, name);
		assert.deepEqual([wholeNumber(query, 'e', 5, 0), wholeNumber(query, 'e', 5, 1)], [0, undefined]);
	});
});
