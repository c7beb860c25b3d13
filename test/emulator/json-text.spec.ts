import assert from 'node:assert/strict';
import {object, quote} from '../../lib/emulator/data/json-text.ts';

describe('emulator/json-text', () => {
	it('writes members as they are, twice where they are given twice', () => {
		assert.equal(
			object([
				['a', '1.0'],
				['b', undefined],
				['a', quote('"')],
			]),
			'{"a":1.0,"a":"\\""}',
		);
	});
});
