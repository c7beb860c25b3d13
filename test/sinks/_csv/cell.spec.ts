import assert from 'node:assert/strict';
import fc from 'fast-check';
import {ExactNumber} from '../../../lib/sink/exact-numbers.ts';
import {cellOf, neutralize} from '../../../sinks/_csv/rows.ts';

const texts = fc.oneof(
	fc.string({unit: 'binary'}),
	fc.string({unit: fc.constantFrom(...'=+-@"\'\r\n\t,; \u00a0\u200b\ufeff\0＝＋－＠[]{}a1é😀'), maxLength: 6}),
);

describe('neutralize', () => {
	/** What spreadsheets are known to do: normalize, and drop what is invisible or a control at the beginning. */
	const runs = (cell: string) =>
		/^(\p{Z}|\p{C}|\p{DI})*[=+\-@]/u.test(cell.normalize('NFKC')) || /^[\t\r\n\0]/.test(cell);
	const start = fc.constantFrom('', ' ', '\u00a0', '\u200b', '\ufeff', "'", "''", '\t', '\r\n', '\u3164', '\u202e');
	const cell = fc.oneof(
		fc.tuple(start, texts).map(parts => parts.join('')),
		texts,
	);

	it('leaves no cell that a spreadsheet would run', () => {
		fc.assert(
			fc.property(cell, value => {
				const written = neutralize(value);
				assert.equal(runs(written), false);
				assert.ok(written === value || written === `'${value}`);
				assert.equal(runs(value) && written === value, false);
			}),
			{numRuns: 3000},
		);
	});

	it('knows every character that Unicode normalizes to one that begins a formula', () => {
		const missed = [];
		for (let code = 0; code <= 0x10ffff; code++) {
			const character = String.fromCodePoint(code);
			if (runs(`${character}1`) && neutralize(`${character}1`) !== `'${character}1`) missed.push(code.toString(16));
		}
		assert.deepEqual(missed, []);
	});

	it('never gives two values one cell, so that an apostrophe less is the value', () => {
		fc.assert(
			fc.property(cell, value => {
				const written = neutralize(value);
				const isMarked = written.startsWith("'") && neutralize(written) !== written;
				assert.equal(isMarked ? written.slice(1) : written, value);
			}),
			{numRuns: 3000},
		);
		assert.equal(neutralize("'=1+1"), "''=1+1");
	});

	it('leaves ordinary texts alone', () => {
		for (const value of ['', "it's", "'quoted'", 'a=b', '1-2', 'me@example.com', '{"=":1}', '2026-01-31', 'é']) {
			assert.equal(neutralize(value), value);
		}
	});
});

describe('cellOf', () => {
	it('gives lists of texts that can be taken apart again', () => {
		const read = (cell: string) =>
			cell === '' ? [] : cell.startsWith('[') ? (JSON.parse(cell) as unknown) : cell.split('; ');
		fc.assert(
			fc.property(fc.array(texts, {maxLength: 4}), list => {
				const shown = (text: unknown) => String(text).replaceAll('\0', '␀');
				assert.deepEqual((read(cellOf(list)) as unknown[]).map(shown), list.map(shown));
			}),
			{numRuns: 2000},
		);
	});

	it('gives the text of any other value', () => {
		const mixed = [{a: 1}, 'b', null];
		const expected = new Map<unknown, string>([
			['text', 'text'],
			[true, 'true'],
			[false, 'false'],
			[0, '0'],
			[-1.5, '-1.5'],
			[1e21, '1e+21'],
			['nul\0rest', 'nul␀rest'],
			[[new ExactNumber('9007199254740993'), 1], '9007199254740993; 1'],
			[new ExactNumber('1.0'), '1.0'],
			[[1, true], '1; true'],
			[{a: {b: [1]}}, '{"a":{"b":[1]}}'],
			[mixed, JSON.stringify(mixed)],
			[new Date(0), '1970-01-01T00:00:00.000Z'],
		]);
		for (const [value, cell] of expected) assert.equal(cellOf(value), cell);
		for (const nothing of [undefined, null, '', [], Number.NaN]) assert.equal(cellOf(nothing), '');
	});
});
