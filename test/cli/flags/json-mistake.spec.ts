import assert from 'node:assert/strict';
import fc from 'fast-check';
import {jsonMistakeAt} from '../../../lib/cli/flags/json-input.ts';

const isJson = (text: string): boolean => {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
};

describe('jsonMistakeAt', () => {
	for (const [text, at] of [
		['', 0],
		[' \n', 2],
		['abc', 0],
		['{"a": tru}', 6],
		['{"a":1,}', 7],
		['{"a" 1}', 5],
		['{a:1}', 1],
		['[1 2]', 3],
		['[1,]', 3],
		['{"a":1}}', 7],
		['{"a":1', 6],
		['[1}', 2],
		['01', 1],
		['-', 0],
		['1.', 1],
		['"a', 2],
		['"a\nb"', 2],
		[String.raw`"\x"`, 1],
		[String.raw`"\u12G4"`, 1],
		['\u00a01', 0],
		['1\f', 1],
	] as const) {
		it(`finds it in ${JSON.stringify(text)}`, () => assert.equal(jsonMistakeAt(text), at));
	}

	it('finds none in JSON, however deep or long', () => {
		for (const text of [
			'[]',
			' {"a" : [ -1.5e+3 , null ] }\r\n',
			'['.repeat(5e4) + ']'.repeat(5e4),
			`"${'\\u00e9é'.repeat(3e5)}"`,
		]) {
			assert.equal(jsonMistakeAt(text), undefined);
		}
	});

	it('agrees with the parser on every text', () => {
		const signs = fc.constantFrom(...'{}[]",:\\ \n\t-+.eE0129ntu/', 'true', 'null', '"a"', '\\u00e9', '\u2028', '\0');
		const json = fc.json();
		const damaged = fc.tuple(json, fc.nat(), fc.nat(2), signs).map(([text, at, cut, sign]) => {
			const place = at % (text.length + 1);
			return text.slice(0, place) + sign + text.slice(place + cut);
		});
		const text = fc.oneof(
			json,
			damaged,
			fc.array(signs, {maxLength: 12}).map(parts => parts.join('')),
		);
		fc.assert(
			fc.property(text, given => assert.equal(jsonMistakeAt(given) === undefined, isJson(given))),
			{numRuns: 1500},
		);
	});
});
