import assert from 'node:assert/strict';
import fc from 'fast-check';
import {onOneLine, sliceRecords, withoutMembers} from '../../lib/http/slice-records.ts';

/** The texts of the records, or undefined. */
function slice(json: string | Buffer, member = 'data'): string[] | undefined {
	return sliceRecords(Buffer.from(json), member)?.texts.map(text => onOneLine(text).toString());
}

const hostileText = fc.string({
	unit: fc.constantFrom(...'"\\{}[],:\n\u2028é漢😀 ', '\ud800', 'data'),
});
const json = fc.oneof(
	fc.jsonValue({stringUnit: 'binary'}),
	fc.dictionary(hostileText, hostileText),
	fc.array(hostileText),
	hostileText,
	fc.record({data: fc.array(fc.jsonValue())}),
);
const layout = fc.constantFrom(undefined, ' ', '\t', '  ');
const space = fc.string({unit: fc.constantFrom(' ', '\t', '\n', '\r')});

describe('sliceRecords', () => {
	it('gives texts that parse to the elements, in any layout', () => {
		fc.assert(
			fc.property(fc.array(json), fc.dictionary(hostileText, json), layout, (data, others, indent) => {
				const body = JSON.stringify({...others, data, last: others}, undefined, indent);
				assert.deepEqual(
					slice(body)?.map(text => JSON.parse(text)),
					JSON.parse(body).data,
				);
			}),
		);
	});

	it('gives exactly the text of the elements, whatever space is around them', () => {
		fc.assert(
			fc.property(fc.array(json), space, hostileText, ([...data], gap, name) => {
				const texts = data.map(value => JSON.stringify(value));
				const before = `${gap}"x${JSON.stringify(name).slice(1)}${gap}:${gap}{"data":[1]}${gap}`;
				const array = `[${gap}${texts.join(`${gap},${gap}`)}${gap}]`;
				const body = `${gap}{${before},${gap}"data"${gap}:${gap}${array}${gap}}${gap}`;
				assert.deepEqual(slice(body), texts);
			}),
		);
	});

	it('takes line breaks out of an element and nothing else', () => {
		assert.deepEqual(slice('{"data": [\r\n  {\r\n    "a": [1,\n\t2],\n    "b":"\\n"\n  }\n, 3]}'), [
			'{    "a": [1,\t2],    "b":"\\n"  }',
			'3',
		]);
	});

	it('keeps every byte of what JSON.parse would lose', () => {
		const texts = [
			'9007199254740993',
			'1.0',
			'-0',
			'1E400',
			'{"a":1,"a":2}',
			'{"10":1,"2":2}',
			'"\\ud800"',
			'{"__proto__":{"x":1}}',
			'"\\/\\u0041"',
			'"\\\\"',
			'"\\\\\\""',
		];
		assert.deepEqual(slice(`{"data":[${texts.join()}]}`), texts);
	});

	it('gives views of the body, not copies', () => {
		const body = Buffer.from('{"data":[{"a":1},2]}');
		for (const text of sliceRecords(body, 'data')!.texts) {
			assert.equal(text.buffer, body.buffer);
			assert.equal(text.byteOffset, body.byteOffset + body.indexOf(text));
		}
	});

	it('looks at the top level only', () => {
		assert.deepEqual(slice('{"a":{"data":[1]},"b":[{"data":[2]}],"c":"\\"data\\":[3]","data":[4]}'), ['4']);
		assert.equal(slice('{"a":{"data":[1]}}'), undefined);
		assert.equal(slice('[{"data":[1]}]'), undefined);
	});

	it('takes the last member of the name, as JSON.parse does', () => {
		assert.deepEqual(slice('{"data":[1],"data":[2,3]}'), ['2', '3']);
		assert.equal(slice('{"data":[1],"data":null}'), undefined);
		assert.deepEqual(slice('{"d\\u0061ta":[1]}'), ['1']);
	});

	it('takes an answer that is the array itself, where no member is named', () => {
		fc.assert(
			fc.property(fc.array(json), space, layout, (data, gap, indent) => {
				const body = Buffer.from(`${gap}${JSON.stringify(data, undefined, indent)}${gap}`);
				const {texts, envelope} = sliceRecords(body)!;
				assert.deepEqual(
					texts.map(text => JSON.parse(text.toString()) as unknown),
					JSON.parse(body.toString()),
				);
				assert.equal(envelope.toString(), `${gap}[]${gap}`);
			}),
		);
		assert.equal(sliceRecords(Buffer.from('[1]]'))!.envelope.toString(), '[]]', 'what is behind it is for the parser');
		for (const other of ['', ' ', '{}', '{"data":[1]}', 'null', '"[]"', '[1', '[1,]', '[,1]']) {
			assert.equal(sliceRecords(Buffer.from(other)), undefined, other);
		}
	});

	it('tells an empty array from none', () => {
		assert.deepEqual(slice('{"data":[ \n ]}'), []);
		assert.equal(slice('{"data":{"data":[1]}}'), undefined);
		assert.equal(slice('{}'), undefined);
		assert.equal(slice('null'), undefined);
		assert.equal(slice(''), undefined);
	});

	it('says which elements are nested too deeply, and where they end', () => {
		const deep = `${'[{"a":'.repeat(501)}1${'}]'.repeat(501)}`;
		const {texts, tooDeep} = sliceRecords(Buffer.from(`{"data":[1,${deep},2]}`), 'data')!;
		assert.deepEqual(texts.map(String), ['1', deep, '2']);
		assert.deepEqual([...tooDeep], [texts[1]]);
		assert.equal(slice(`{"data":[],"x":${deep}}`), undefined);
	});

	it('skips a byte order mark', () => {
		assert.deepEqual(slice('\ufeff{"data":[1]}'), ['1']);
	});
});

describe('sliceRecords of anything', () => {
	const isJson = (text: string) => {
		try {
			JSON.parse(text);
			return true;
		} catch {
			return false;
		}
	};
	const document = fc.tuple(fc.dictionary(hostileText, json, {maxKeys: 3}), fc.array(json, {maxLength: 4}), layout);
	const damage = fc.array(
		fc.record({
			at: fc.nat(),
			drop: fc.nat(3),
			put: fc.string({unit: fc.constantFrom(...'{}[]",:\\ 1tx\n'), maxLength: 3}),
		}),
		{maxLength: 2},
	);

	it('has an envelope and texts that are all JSON exactly when the body is', () => {
		let broken = 0;
		fc.assert(
			fc.property(document, damage, ([others, data, indent], cuts) => {
				let body = JSON.stringify({...others, data}, undefined, indent);
				for (const {at, drop, put} of cuts) {
					const place = at % (body.length + 1);
					body = body.slice(0, place) + put + body.slice(place + drop);
				}
				// a lone half of a pair cannot be written as UTF-8
				body = Buffer.from(body).toString();
				if (!isJson(body)) broken++;
				const sliced = sliceRecords(Buffer.from(body), 'data');
				if (!sliced) return;
				const parts = [sliced.envelope, ...sliced.texts].map(part => part.toString());
				assert.equal(parts.every(isJson), isJson(body), body);
			}),
			{numRuns: 3000},
		);
		assert.ok(broken > 500, 'most damaged bodies are no JSON');
	});
});

describe('withoutMembers', () => {
	const without = (text: string, ...paths: readonly string[]) =>
		withoutMembers(
			Buffer.from(text),
			paths.map(path => path.split('.')),
		).toString();

	for (const [text, paths, expected] of [
		['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
		['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
		['{"a":1,"b":2,"c":3}', ['c'], '{"a":1,"b":2}'],
		['{"a":1,"b":2,"c":3}', ['a', 'b'], '{"c":3}'],
		['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
		['{"a":1,"b":2,"c":3}', ['c', 'a'], '{"b":2}'],
		['{ "a" : 1.0 , "b" : [ 9007199254740993 ] }', ['a'], '{ "b" : [ 9007199254740993 ] }'],
		['{ "a" : {"}":"]"} , "b" : 1E5 }', ['b'], '{ "a" : {"}":"]"} }'],
		['{"a":1}', ['a'], '{}'],
		['{"\\u0061":1,"a":{"a":2},"b":{"a":3}}', ['a'], '{"b":{"a":3}}'],
		['{"a":{"b":1,"c":{"b":2}},"b":3}', ['a.b'], '{"a":{"c":{"b":2}},"b":3}'],
		['{"a":[{"b":1,"c":2},[{"b":3}],"b"]}', ['a.b'], '{"a":[{"c":2},[{}],"b"]}'],
		['[{"b":1}]', ['b'], '[{}]'],
		['{"a":{"b":1},"c":"a"}', ['a.b', 'a'], '{"c":"a"}'],
		['{"__proto__":{"x":1},"constructor":2}', ['__proto__.x', 'constructor'], '{"__proto__":{}}'],
		['{"a":1}', ['b', 'a.b', 'a.0'], '{"a":1}'],
		['"a"', ['a'], '"a"'],
	] as const) {
		it(`of ${text} without ${paths.join(', ')} leaves ${expected}`, () =>
			assert.equal(without(text, ...paths), expected));
	}

	it('leaves what JSON.parse would have without them, in any layout', () => {
		const name = fc.constantFrom('a', 'b', 'c"', '\u2028', 'd\\');
		const value = fc.letrec(tie => ({
			any: fc.oneof({depthSize: 'small'}, hostileText, fc.double(), tie('list'), tie('object')),
			list: fc.array(tie('any'), {maxLength: 3}),
			object: fc.dictionary(name, tie('any'), {maxKeys: 4}),
		})).object;
		const drop = (given: unknown, path: readonly string[]): unknown => {
			if (Array.isArray(given)) return given.map(item => drop(item, path));
			if (typeof given !== 'object' || given === null) return given;
			const members = Object.entries(given).filter(([key]) => key !== path[0] || path.length > 1);
			return Object.fromEntries(
				members.map(([key, member]) => [key, key === path[0] ? drop(member, path.slice(1)) : member]),
			);
		};
		const paths = fc.array(fc.array(name, {minLength: 1, maxLength: 3}), {maxLength: 3});
		fc.assert(
			fc.property(value, paths, layout, (given, all, indent) => {
				const text = JSON.stringify(given, undefined, indent);
				const left = withoutMembers(Buffer.from(text), all).toString();
				assert.deepEqual(JSON.parse(left), all.reduce(drop, JSON.parse(text)));
			}),
		);
	});

	it('takes time by the length of the text', () => {
		const started = process.cpuUsage();
		const deep = `{"a":${'['.repeat(900)}"${'x'.repeat(1_000_000)}"${']'.repeat(900)}}`;
		const wide = `{"a":[${'{"b":1},'.repeat(200_000)}0]}`;
		for (const text of [deep, wide]) assert.ok(without(text, 'a.b').length > 1000);
		assert.ok(process.cpuUsage(started).user < 5_000_000);
	});
});
