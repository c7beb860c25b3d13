import assert from 'node:assert/strict';
import fc from 'fast-check';
import {prettyPrint} from '../../lib/emulator/data/pretty-print.ts';

describe('emulator/pretty-print', () => {
	it('does what JSON.stringify does', () => {
		fc.assert(
			fc.property(fc.jsonValue(), value => {
				assert.equal(prettyPrint(JSON.stringify(value)), JSON.stringify(value, null, 2));
			}),
		);
	});

	it('leaves numbers, escapes and duplicate keys alone', () => {
		const odd = '{"a":9007199254740993,"a":1.0,"10":"\\/\\ud800","2":-0}';
		assert.equal(prettyPrint(odd), '{\n  "a": 9007199254740993,\n  "a": 1.0,\n  "10": "\\/\\ud800",\n  "2": -0\n}');
	});

	it('indents all lines but the first', () => {
		assert.equal(prettyPrint('{"a":[]}', 2), '{\n      "a": []\n    }');
	});
});
