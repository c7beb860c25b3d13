import assert from 'node:assert/strict';
import fc from 'fast-check';
import {onOneLine, sliceRecords} from '../../lib/http/slice-records.ts';

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
