import assert from 'node:assert/strict';
import {isObject, parseObject} from '../../lib/emulator/server/parse-object.ts';

describe('emulator/parse-object', () => {
	it('gives an object, or undefined', () => {
		assert.deepEqual(parseObject('{"a":1}'), {a: 1});
		for (const body of ['', '[]', 'null', '"a"', '{']) assert.equal(parseObject(body), undefined, body);
		assert.deepEqual([{}, [], null, 1].map(isObject), [true, false, false, false]);
	});
});
