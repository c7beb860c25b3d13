import assert from 'node:assert/strict';
import fc from 'fast-check';
import {findDecoded} from '../../lib/redaction/reading.ts';

/** The text with brackets around where `word` is read. */
function marked(text: string, word: string): string | undefined {
	const spans = findDecoded(text, read =>
		Array.from(read.matchAll(new RegExp(word, 'g')), ({index}) => ({
			start: index,
			end: index + word.length,
			value: word,
		})),
	);
	return spans?.reduceRight(
		(shown, {start, end}) => `${shown.slice(0, start)}<${shown.slice(start, end)}>${shown.slice(end)}`,
		text,
	);
}

const invisible = fc.constantFrom('\u200b', '\u200d', '\ufeff', '\u00ad', '\u2060', '\u202e');
/** A character, and ways to write it that people, or a program of theirs, would read as it. */
const written = fc.constantFrom('a', '@', '.', ':', '&', "'").chain(char => {
	const hex = char.charCodeAt(0).toString(16).padStart(2, '0');
	const ways = [`%${hex}`, `%25${hex}`, `%2525${hex.toUpperCase()}`, `&#${char.charCodeAt(0)};`, `&amp;#x${hex};`];
	return fc.tuple(
		fc.constant(char),
		fc.oneof(
			fc.constantFrom(...ways),
			invisible.map(sign => `${char}${sign}`),
		),
	);
});

describe('findDecoded', () => {
	it('reads each way to write a character as the character, and tells where it stands', () => {
		fc.assert(
			fc.property(fc.array(written, {minLength: 1}), pairs => {
				const read = pairs.map(([char]) => char).join('');
				const text = `x ${pairs.map(([, way]) => way).join('')} y`;
				let at = 2;
				const spans = findDecoded(text, seen => {
					assert.equal(seen, `x ${read} y`);
					return pairs.map((_, index) => ({start: index + 2, end: index + 3, value: ''}));
				});
				const expected = pairs.map(([, way]) => ({start: at, end: (at += way.length), value: ''}));
				assert.deepEqual(spans, expected);
			}),
		);
	});

	for (const [text, expected] of [
		['%3Da%26a', '%3D<a>%26<a>'],
		['a %C3%A9 %zz &x; &#9999999; &constructor; %41', '<a> %C3%A9 %zz &x; &#9999999; &constructor; %41'],
		['&#128512;a%20', '&#128512;<a>%20'],
		['%61', '<%61>'],
	] as const) {
		it(`gives places in ${text}`, () => assert.equal(marked(text, 'a'), expected));
	}

	it('is undefined where the text reads as it is', () => {
		for (const text of ['', 'a@b.cc', '100 % & more', 'é', '%zz%', '%C3%A9'])
			assert.equal(marked(text, 'a'), undefined);
	});
});
