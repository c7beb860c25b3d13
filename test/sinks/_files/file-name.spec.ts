import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fc from 'fast-check';
import {fileName} from '../../../sinks/_files/event-path.ts';

const hostile = [...'aAbB.%~/\\ "é', '\ud800', '\udc00', '\udfff', '\ufffd', '%2e', '%2E'];
const id = fc.oneof(
	fc.string({unit: 'binary'}),
	fc.string({unit: fc.constantFrom(...hostile), maxLength: 6}),
	fc.string({unit: fc.constantFrom('a', 'A', '.', 'é'), minLength: 55, maxLength: 240}),
	fc.constantFrom('con', 'CON', 'con.x', '%63on', '', '.', '..', '%', '~'),
);

function sha256(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

describe('fileName', () => {
	it('never gives two ids one name, even where case is folded', () => {
		fc.assert(
			fc.property(fc.uniqueArray(id, {maxLength: 40}), ids => {
				assert.equal(new Set(ids.map(each => fileName(each).toLowerCase())).size, ids.length);
			}),
			{numRuns: 1000},
		);
	});

	it('tells ids apart that look alike', () => {
		const alike = [
			['A', 'a'],
			['/', '%2F', '%2f', '%252F'],
			['é', 'e\u0301', 'É'],
			['\ud800', '\ud801', '\ufffd'],
			['a', 'a.', '.a', 'a '],
			[`${'a'.repeat(200)}1`, `${'a'.repeat(200)}2`],
		].flat();
		assert.equal(new Set(alike.map(each => fileName(each).toLowerCase())).size, new Set(alike).size);
		// A name that a hash made is not the name of another id.
		assert.notEqual(fileName(fileName('A')), fileName('A'));
	});

	it('is safe on every file system', () => {
		fc.assert(
			fc.property(id, each => {
				const name = fileName(each);
				assert.match(name, /^[A-Za-z0-9_%~-](?:[A-Za-z0-9_%~.-]*[A-Za-z0-9_%~-])?$/);
				assert.doesNotMatch(name, /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i);
				assert.ok(name.length + 20 <= 255, `${name.length} bytes`);
			}),
			{numRuns: 1000},
		);
	});

	const names: readonly (readonly [id: string, name: string])[] = [
		['0123-abc_d', '0123-abc_d'],
		['f2b1c7b6-5d0e-4a53-8a53-0d1f2c3b4a59', 'f2b1c7b6-5d0e-4a53-8a53-0d1f2c3b4a59'],
		['a.b..c', 'a.b..c'],
		['a/b\\c:d', 'a%2Fb%5Cc%3Ad'],
		['é', '%C3%A9'],
		['\ud800x', '%ED%A0%80x'],
		['a\0', 'a%00'],
		['.', '%2E'],
		['..', '%2E%2E'],
		['..a..', '%2E%2Ea%2E%2E'],
		['~', '%7E'],
		['con', '%63on'],
		['aux.json', '%61ux.json'],
		['com1', '%63om1'],
		['console', 'console'],
		['NUL.x', `%4EUL.x~${sha256('NUL.x')}`],
		['Ab/C', `Ab%2FC~${sha256('Ab/C')}`],
		['', `~${sha256('')}`],
		['a'.repeat(180), 'a'.repeat(180)],
		['a'.repeat(181), `${'a'.repeat(170)}~${sha256('a'.repeat(181))}`],
		['é'.repeat(40), `${'%C3%A9'.repeat(28)}~${sha256('é'.repeat(40))}`],
	];
	for (const [from, name] of names) {
		it(`makes ${JSON.stringify(from.slice(0, 40))} a name that stays`, () => {
			assert.equal(fileName(from), name);
		});
	}
});
