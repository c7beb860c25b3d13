import type {Span} from './spans.ts';

/** Finds given values in texts. */
export interface ValueFinder {
	readonly size: number;
	/** Whether the text is one of them. */
	has(text: string): boolean;
	/** Where they stand as a whole: never in the middle of a word or a number. In order, without overlap. */
	find(text: string): Span[];
	/** The value that this number is. */
	findNumber(digits: string): string | undefined;
}

/** Scripts that put no space between words: each of their characters may be the end of a value. */
const unspaced = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
	.map(script => String.raw`\p{Script=${script}}`)
	.join('');
const letter = String.raw`(?![${unspaced}])[\p{L}\p{M}\p{N}_]`;
const word = new RegExp(`[${unspaced}]|(?:${letter})+`, 'gu');
const asciiWord = /[A-Za-z0-9_]+/g;
const insideWord = new RegExp(`(?<=${letter})${letter}`, 'uy');
const urlEscape = /^[0-9a-f]{2}/i;

/** The part of a value in front of its first word, and the length of the whole. */
interface Shape {
	readonly before: number;
	readonly length: number;
}

/**
 * A finder of these values, as they are, without the space around them, and as in URLs; e-mail addresses in any case.
 * The time it takes grows with the text and the lengths of those values that begin with the same word, not with how
 * many values there are.
 */
export function valueFinder(values: Iterable<string>): ValueFinder {
	const exact = new Map<string, string>();
	/** E-mail addresses, and what is written as in URLs: there is one of `@%+` in each. */
	const anyCase = new Map<string, string>();
	const shapes = new Map<string, Shape[]>();
	let maxLength = 0;
	let hasBroken = false;

	function add(spelling: string, value: string, isAnyCase: boolean): void {
		if (isAnyCase) anyCase.set(fold(spelling), value);
		else exact.set(spelling, value);
		maxLength = Math.max(maxLength, spelling.length);
		hasBroken ||= spelling.includes('\ufffd');
		const [first] = spelling.match(isAscii(spelling) ? asciiWord : word) ?? [];
		if (first === undefined) return;
		const shape = {before: spelling.indexOf(first), length: spelling.length};
		const known = shapes.get(fold(first));
		if (!known) shapes.set(fold(first), [shape]);
		else if (!known.some(({before, length}) => before === shape.before && length === shape.length)) known.push(shape);
	}

	for (const given of values) {
		const value = canonical(given);
		const text = wellFormed(given);
		for (const spelling of new Set([text, text.trim()])) {
			if (spelling === '') continue;
			add(spelling, value, value.includes('@'));
			for (const encoded of urlForms(spelling)) add(encoded, value, true);
		}
	}
	for (const list of shapes.values()) list.sort((a, b) => b.length - a.length);
	const few = exact.size <= 8 ? [...exact.keys()] : undefined;

	/** Most texts hold none, which is seen at once where there are not many. */
	function mayHold(text: string): boolean {
		if (!few || (anyCase.size > 0 && /[@%+]/.test(text))) return true;
		return few.some(value => text.includes(value));
	}

	function lookUp(text: string): string | undefined {
		return exact.get(text) ?? (anyCase.size > 0 ? anyCase.get(fold(text)) : undefined);
	}

	function find(given: string): Span[] {
		const text = hasBroken ? wellFormed(given) : given;
		if (!mayHold(text)) return [];
		const whole = text.length <= maxLength ? lookUp(text) : undefined;
		if (whole !== undefined) return [{start: 0, end: text.length, value: whole}];
		const spans: Span[] = [];
		let done = 0;
		const tryAt = (at: number, first: string): void => {
			for (const {before, length} of shapes.get(fold(first)) ?? []) {
				const start = at - before;
				const end = start + length;
				if (start < done || end > text.length || isInsideWord(text, end)) continue;
				const value = lookUp(text.slice(start, end));
				if (value === undefined) continue;
				spans.push({start, end, value});
				done = end;
				return;
			}
		};
		for (const {0: first, index} of text.matchAll(isAscii(text) ? asciiWord : word)) {
			if (index >= done) tryAt(index, first);
			const isEscape = text[index - 1] === '%' && urlEscape.test(first);
			if (isEscape && index + 2 >= done) tryAt(index + 2, first.slice(2));
		}
		return spans;
	}

	return {
		size: exact.size + anyCase.size,
		has: text => lookUp(wellFormed(text)) !== undefined,
		find,
		findNumber: digits => exact.get(digits) ?? exact.get(canonicalNumber(digits)) ?? exact.get(String(Number(digits))),
	};
}

/** One form for all spellings of a value: e-mail addresses are the same in any case. */
export function canonical(value: string): string {
	const text = wellFormed(value).trim();
	return text.includes('@') ? fold(text) : text;
}

/** `1` for `1.0` and `1`; all digits of a number that is too large to be told from its neighbours. */
export function canonicalNumber(digits: string): string {
	const number = Number(digits);
	return Number.isInteger(number) && !Number.isSafeInteger(number) ? digits : String(number);
}

/** In lower case, character by character, so that all offsets stay. */
export function fold(text: string): string {
	if (isAscii(text)) return text.toLowerCase();
	return text.replace(/\p{Lu}/gu, char => (char.toLowerCase().length === char.length ? char.toLowerCase() : char));
}

/** With U+FFFD for each lone half of a surrogate pair, as in common records. */
function wellFormed(text: string): string {
	if (!/[\ud800-\udfff]/.test(text)) return text;
	return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

function urlForms(text: string): string[] {
	if (/^[\w.~!*'()-]*$/.test(text)) return [];
	const encoded = encodeURIComponent(text);
	return encoded.includes('%20') ? [encoded, encoded.replaceAll('%20', '+')] : [encoded];
}

function isAscii(text: string): boolean {
	return !/[^\0-\x7f]/.test(text);
}

function isInsideWord(text: string, at: number): boolean {
	insideWord.lastIndex = at;
	return insideWord.test(text);
}
