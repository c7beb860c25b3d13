import assert from 'node:assert/strict';
import fc from 'fast-check';
import {decodeString, isTooDeep, type JsonToken, scanJson} from '../../lib/redaction/json-scan.ts';
import {memberTree} from '../../lib/operators/member-tree.ts';

function tokensOf(text: string, members: readonly string[] = []): JsonToken[] {
	const tokens: JsonToken[] = [];
	scanJson(text, memberTree('test', members), {token: token => void tokens.push(token)});
	return tokens;
}

const shown = (text: string, tokens: readonly JsonToken[]) =>
	tokens.map(({kind, start, end, inTree}) => [kind, text.slice(start, end), ...(inTree ? ['in'] : [])].join(' '));

/** The text without the members. */
function without(text: string, members: readonly string[]): string {
	const cuts: [number, number][] = [];
	scanJson(text, memberTree('test', members), {
		token: () => {},
		member: (start, end) => void cuts.push([start, end]),
	});
	return cuts.reduceRight((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
}

/** The same, of the parsed value. */
function strip(value: unknown, path: readonly string[]): unknown {
	if (Array.isArray(value)) return value.map(item => strip(item, path));
	if (typeof value !== 'object' || value === null) return value;
	const [name, ...rest] = path;
	return Object.fromEntries(
		Object.entries(value).flatMap(([key, member]): [string, unknown][] =>
			key !== name ? [[key, member]] : rest.length === 0 ? [] : [[key, strip(member, rest)]],
		),
	);
}

const value = fc.letrec(tie => ({
	any: fc.oneof(
		{depthSize: 'medium'},
		fc.string({unit: fc.constantFrom('a', '"', '\\', '{', ',', ':', ']', '\n', '😀', '\ud800')}),
		fc.double({noNaN: true, noDefaultInfinity: true}),
		fc.constantFrom(true, false, null),
		fc.array(tie('any'), {maxLength: 4}),
		fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', '"', ''), tie('any'), {maxKeys: 4}),
	),
})).any;
const space = fc.constantFrom(undefined, '\t', ' ');

describe('scanJson', () => {
	it('sees each token, and which of them lie in a member of the tree', () => {
		const text = '{ "a\\"b":[1.0,{"x":"y\\\\"},-2e5,true],"who":{"n":null,"m":["z"]}, "d":[] }';
		assert.deepEqual(shown(text, tokensOf(text, ['who', 'x.y'])), [
			'name "a\\"b"',
			'bare 1.0',
			'name "x"',
			'string "y\\\\"',
			'bare -2e5',
			'bare true',
			'name "who"',
			'name "n" in',
			'bare null in',
			'name "m" in',
			'string "z" in',
			'name "d"',
		]);
	});

	it('sees what JSON.parse sees', () => {
		fc.assert(
			fc.property(value, space, (one, indent) => {
				const text = JSON.stringify(one, undefined, indent);
				const seen: string[] = [];
				JSON.parse(text, (_, member: unknown) => {
					if (typeof member !== 'object' || member === null) seen.push(JSON.stringify(member));
					return member;
				});
				const tokens = tokensOf(text).filter(({kind}) => kind !== 'name');
				assert.deepEqual(tokens.map(({start, end}) => text.slice(start, end)).sort(), seen.sort());
			}),
		);
	});

	it('leaves JSON when the members are cut out, and nothing else is gone', () => {
		const paths = fc.constantFrom('a', 'b', 'a.b', 'c.a', '__proto__', 'b.__proto__.c');
		fc.assert(
			fc.property(value, space, paths, (one, indent, path) => {
				const text = JSON.stringify(one, undefined, indent);
				const names = path.split('.');
				assert.deepEqual(JSON.parse(without(text, [path])), strip(JSON.parse(text), names));
			}),
		);
	});

	it('cuts out each of several members of one name', () => {
		assert.equal(without('{"x":1,"x":2,"b":3}', ['x']), '{"b":3}');
		assert.equal(without('{"b":3,"x":1,"x":2}', ['x']), '{"b":3}');
		assert.equal(without('{"x":1,"b":3,"x":2}', ['x']), '{"b":3}');
		assert.equal(without('{ "x" : 1 , "\\u0078" : 2 }', ['x']), '{   }');
	});

	it('ends for any text, and reads as deep as it goes', () => {
		fc.assert(fc.property(fc.string({unit: fc.constantFrom(...'{}[]",:\\ 1a\0')}), text => void tokensOf(text, ['a'])));
		const depth = 200_000;
		assert.equal(tokensOf('[{"a":'.repeat(depth) + '1' + '}]'.repeat(depth)).length, depth + 1);
	});
});

describe('isTooDeep', () => {
	it('counts what is open at once, and nothing within strings', () => {
		const nested = (depth: number) => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;
		assert.ok(!isTooDeep(nested(100)));
		assert.ok(isTooDeep(nested(102)));
		assert.ok(!isTooDeep(`[${Array.from({length: 200}, () => '{}').join()}]`));
		assert.ok(!isTooDeep(JSON.stringify([`"${'['.repeat(200)}`])));
		assert.ok(!isTooDeep('"'.repeat(9) + '['.repeat(200)), 'no JSON');
	});
});

describe('decodeString', () => {
	it('is what the token says, and the inside of what is none', () => {
		fc.assert(fc.property(fc.string({unit: 'binary'}), text => decodeString(JSON.stringify(text)) === text));
		assert.equal(decodeString('"\\q"'), '\\q');
	});
});
