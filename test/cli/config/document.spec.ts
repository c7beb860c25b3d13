import assert from 'node:assert/strict';
import {parseConfig} from '../../../lib/cli/config/document.ts';
import {type Mistake, Mistakes} from '../../../lib/cli/config/mistakes.ts';

function mistakesIn(text: string): readonly Mistake[] {
	try {
		parseConfig('x.yaml', text);
	} catch (error) {
		assert.ok(error instanceof Mistakes, String(error));
		return error.all;
	}
	return assert.fail('expected mistakes');
}

describe('parseConfig', () => {
	it('says of each member where it is, and of what is not there where it should be', () => {
		const text = ['a: 1', 'b:', '  c: [x, {d: y}]', '  "e": z', '"10": q', 'f: &f {g: 1}', 'h: *f'].join('\n');
		const document = parseConfig('x.yaml', text);
		assert.deepEqual(document.value, {a: 1, b: {c: ['x', {d: 'y'}], e: 'z'}, 10: 'q', f: {g: 1}, h: {g: 1}});
		for (const [place, line, column] of [
			[[], 1, 1],
			[['a'], 1, 1],
			[['b', 'c'], 3, 3],
			[['b', 'c', 0], 3, 7],
			[['b', 'c', 1, 'd'], 3, 11],
			[['b', 'c', 1, 'none'], 3, 10],
			[['b', 'e'], 4, 3],
			[['10'], 5, 1],
			[['none', 'x'], 1, 1],
			[['b', 'none'], 2, 1],
			[['h', 'g'], 7, 1],
		] as const) {
			const member = place.join('.');
			assert.deepEqual(document.mistake(place, 'odd'), {line, column, member, text: 'odd'}, member);
		}
	});

	it('refuses what a schema leaves out and says nothing of, at any depth', () => {
		const all = mistakesIn('a: 1\nb:\n  - c: {__proto__: {d: 1}}\n"__proto__": 2\n');
		assert.deepEqual(
			all.map(({line, column, member, text}) => `${line}:${column} ${member} ${text}`),
			['3:9', '4:1'].map(place => `${place} __proto__ expected another name: nothing can be called so`),
		);
	});

	it('takes an empty file for nothing', () => {
		assert.equal(parseConfig('x.yaml', '# nothing\n').value, null);
	});

	for (const [what, text, places] of [
		['a list without an end', 'a: [1, 2\nb: c: d\n', ['2:1', '2:4']],
		['a member twice', 'a: 1\na: S3CR3T\n', ['2:1']],
		['a quote without an end', 'a: "S3CR3T\n', ['2:1']],
		['a tab', 'a: S3CR3T\n\tb: 1', ['2:1']],
		['a tag', 'a: 1\nb: !S3CR3T x', ['2:4']],
		['a directive', '%S3CR3T\n---\na: 1\n', ['1:1']],
		['an alias that leads nowhere', 'a: *S3CR3T\n', ['1:1']],
		['two documents', 'a: 1\n---\nb: 2', ['2:1']],
		['a key that is no text', '? [S3CR3T]\n: 1\n', ['1:3']],
		['a reserved sign', '@S3CR3T', ['1:1']],
	] as const) {
		it(`refuses ${what}, with line and column, and shows nothing of it`, () => {
			const all = mistakesIn(text);
			assert.deepEqual(
				all.map(({line, column}) => `${line}:${column}`),
				places,
			);
			for (const one of all) {
				assert.match(one.text, /^expected YAML: /);
				assert.doesNotMatch(one.text, /S3CR3T/);
			}
		});
	}

	it('refuses aliases that unfold without end', () => {
		const lines = ['a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]'];
		for (let level = 1; level < 9; level++) {
			lines.push(
				`a${level}: &a${level} [${Array(10)
					.fill(`*a${level - 1}`)
					.join(', ')}]`,
			);
		}
		assert.match(mistakesIn(lines.join('\n'))[0]!.text, /an alias \(\*\) leads nowhere, or to too much/);
	});
});
