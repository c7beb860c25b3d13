import assert from 'node:assert/strict';
import fc from 'fast-check';
import {columnsOf, fitColumns} from '../../../lib/cli/output/columns.ts';

describe('columnsOf', () => {
	for (const [text, columns] of [
		['', 0],
		['abc…', 4],
		['é', 1],
		['e\u0301', 1],
		['日本語', 6],
		['한글', 4],
		['ｗｉｄｅ', 8],
		['🎉', 2],
		['👨‍👩‍👧‍👦', 2],
		['🇩🇪', 2],
		['a\u200bb', 2],
		['\u0301', 0],
	] as const) {
		it(`are ${columns} for ${JSON.stringify(text)}`, () => assert.equal(columnsOf(text), columns));
	}
});

describe('fitColumns', () => {
	it('leaves what fits, and cuts the rest between characters', () => {
		assert.equal(fitColumns('abcdef', 6), 'abcdef');
		assert.equal(fitColumns('abcdefg', 6), 'abcde…');
		assert.equal(fitColumns('日本語', 6), '日本語');
		assert.equal(fitColumns('日本語', 5), '日本…');
		assert.equal(fitColumns('日本語', 4), '日…');
		assert.equal(fitColumns('日本語', 0), '');
		assert.equal(fitColumns('e\u0301e\u0301e\u0301', 2), 'e\u0301…');
	});

	it('never takes more columns than there are', () => {
		fc.assert(
			fc.property(fc.string({unit: 'grapheme'}), fc.integer({min: 0, max: 20}), (text, columns) =>
				assert.ok(columnsOf(fitColumns(text, columns)) <= columns),
			),
		);
	});
});
