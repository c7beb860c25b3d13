import type {Span} from './spans.ts';

/** Escapes of URLs, also of escapes, entities of HTML, and characters that do not show. */
const escapes =
	/%(?:25)*([0-9a-f]{2})|&(?:amp;)*(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));|\p{Default_Ignorable_Code_Point}+/giu;
const mayBeEscaped = /[%&]|[^\0-\x7f]/;
const entities: Readonly<Record<string, string>> = {
	amp: '&',
	apos: "'",
	colon: ':',
	commat: '@',
	gt: '>',
	lt: '<',
	nbsp: ' ',
	period: '.',
	quot: '"',
};

/** What `find` finds in a text as people read it, by the places in the text; undefined where it reads as it is. */
export function findDecoded(text: string, find: (text: string) => readonly Span[]): readonly Span[] | undefined {
	const reading = readingOf(text);
	if (!reading) return undefined;
	const {offsets} = reading;
	return find(reading.text).map(span => ({...span, start: offsets[span.start]!, end: offsets[span.end]!}));
}

/** The text decoded, and where each of its UTF-16 units comes from. */
function readingOf(text: string): {readonly text: string; readonly offsets: Uint32Array} | undefined {
	if (!mayBeEscaped.test(text)) return undefined;
	const offsets = new Uint32Array(text.length + 1);
	const parts: string[] = [];
	let units = 0;
	let at = 0;

	function copyTo(end: number): void {
		parts.push(text.slice(at, end));
		while (at < end) offsets[units++] = at++;
	}

	for (const match of text.matchAll(escapes)) {
		const char = decoded(match);
		if (char === undefined) continue;
		copyTo(match.index);
		parts.push(char);
		for (let unit = 0; unit < char.length; unit++) offsets[units++] = at;
		at += match[0].length;
	}
	if (at === 0) return undefined;
	copyTo(text.length);
	offsets[units] = text.length;
	return {text: parts.join(''), offsets};
}

/** Undefined where it stands for nothing, or for a part of a character. */
function decoded([, byte, decimal, hex, entity]: RegExpMatchArray): string | undefined {
	if (byte !== undefined) return ascii(Number.parseInt(byte, 16));
	if (entity !== undefined) return Object.hasOwn(entities, entity) ? entities[entity] : undefined;
	if (decimal === undefined && hex === undefined) return '';
	const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
	return code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

function ascii(byte: number): string | undefined {
	return byte < 0x80 ? String.fromCharCode(byte) : undefined;
}
