import assert from 'node:assert/strict';
import fc from 'fast-check';
import {contentOf, eachLeaf, editsOfToken, parseContainer} from '../../lib/redaction/json-edits.ts';
import {applyEdits} from '../../lib/redaction/spans.ts';

const unit = fc.constantFrom('a', '"', '\\', '\n', '/', 'é', '😀', '\ud800', '\u2028');
const text = fc.string({unit});
/** A string token with any of its characters escaped, needed or not. */
const token = fc.tuple(text, fc.infiniteStream(fc.boolean())).map(([content, choices]) => {
	const units = Array.from({length: content.length}, (_, at) => content.charAt(at)).map(char => {
		if (choices.next().value || /[\ud800-\udfff]/.test(char))
			return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
		return char === '/' ? '\\/' : JSON.stringify(char).slice(1, -1);
	});
	return {content, token: `"${units.join('')}"`, units};
});

describe('editsOfToken', () => {
	it('changes what the token says, and no byte besides', () => {
		fc.assert(
			fc.property(token, fc.nat(), fc.nat(), text, (one, a, b, replacement) => {
				const [start, end] = [a % (one.content.length + 1), b % (one.content.length + 1)].sort((x, y) => x - y);
				const edit = {start: start!, end: end!, text: replacement};
				const whole = `{"x":${one.token}}`;
				const place = {kind: 'string', start: 5, end: 5 + one.token.length, inTree: false} as const;
				assert.equal(contentOf(whole, place), one.content);
				const edited = applyEdits(whole, editsOfToken(whole, place, [edit]));
				const written = JSON.stringify(replacement).slice(1, -1);
				assert.equal(edited, `{"x":"${[...one.units.slice(0, start), written, ...one.units.slice(end)].join('')}"}`);
			}),
		);
	});
});

describe('parseContainer', () => {
	it('takes objects and lists only', () => {
		assert.deepEqual(parseContainer(' {"a":[1]}\n'), {a: [1]});
		assert.deepEqual(parseContainer('[]'), []);
		for (const other of ['', ' ', '1', '"{}"', 'null', '{', '{a}', '[redacted]', 'x{}', '{} x']) {
			assert.equal(parseContainer(other), undefined);
		}
	});
});

describe('eachLeaf', () => {
	it('gives every string, number and name, as deep as it goes', () => {
		const seen: string[] = [];
		const one = {a: ['x', 1.5, {b: true, c: null}], ['__proto__']: 'y'};
		eachLeaf(
			one,
			(leaf, kind) => void seen.push(`${kind} ${leaf}`),
			name => void seen.push(`name ${name}`),
		);
		assert.deepEqual(seen.sort(), [
			'name __proto__',
			'name a',
			'name b',
			'name c',
			'number 1.5',
			'string x',
			'string y',
		]);
		let count = 0;
		eachLeaf(JSON.parse(`${'['.repeat(100_000)}1${']'.repeat(100_000)}`), () => count++);
		assert.equal(count, 1);
	});
});
