import {PhraseAutomaton} from './phrase-automaton.ts';
import {findDecoded} from './reading.ts';
import {mergeSpans, type Span} from './spans.ts';

/** Finds given values in texts. */
export interface ValueFinder {
	readonly size: number;
	/** Whether the text is one of them. */
	has(text: string): boolean;
	/** Where they stand as a whole: never in the middle of a word or a number. In order, without overlap. */
	find(text: string): readonly Span[];
	/** The value that this number is. */
	findNumber(digits: string): string | undefined;
}

/** Scripts that put no space between words: each of their characters may be the end of a value. */
const unspaced = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
	.map(script => String.raw`\p{Script=${script}}`)
	.join('');
const word = String.raw`(?:(?![${unspaced}])[\p{L}\p{M}\p{N}_])+`;
/** A text as words, and every other character by itself; or with the digits of each escape of URLs by themselves. */
const tokenizers = [
	{ascii: /[A-Za-z0-9_]+|[^]/g, any: new RegExp(`${word}|[^]`, 'gu')},
	{ascii: /(?<=%)[0-9a-f]{2}|[a-z0-9_]+|[^]/gi, any: new RegExp(`(?<=%)[0-9A-Fa-f]{2}|${word}|[^]`, 'gu')},
];
const wordCharacter = /[\p{L}\p{M}\p{N}_]/u;
/** What is longer is found where it is all of a text: an automaton of it would take too much memory. */
const maxPhraseLength = 65_536;

/**
 * A finder of these values, as they are, without the space around them, composed or not, and as in URLs and HTML;
 * e-mail addresses in any case. A value of more than 64 Ki characters is found only where it is all of a text. Time is linear in text and values.
 */
export function valueFinder(values: Iterable<string>): ValueFinder {
	const exact = new Map<string, string>();
	/** E-mail addresses, and what is written as in URLs: there is one of `@%+` in each. */
	const anyCase = new Map<string, string>();
	let maxLength = 0;
	let hasBroken = false;
	let automata: {readonly exact: PhraseAutomaton; readonly anyCase: PhraseAutomaton} | undefined;

	function add(spelling: string, value: string, isAnyCase: boolean): void {
		if (isAnyCase) anyCase.set(fold(spelling), value);
		else exact.set(spelling, value);
		maxLength = Math.max(maxLength, spelling.length);
		hasBroken ||= spelling.includes('\ufffd');
	}

	for (const given of values) {
		const value = canonical(given);
		const text = wellFormed(given);
		for (const spelling of spellingsOf(text)) {
			if (spelling === '') continue;
			add(spelling, value, value.includes('@'));
			for (const encoded of urlForms(spelling)) add(encoded, value, true);
		}
	}
	const few = exact.size <= 8 ? [...exact.keys()] : undefined;

	/** Most texts hold none, which is seen at once where there are not many. */
	function mayHold(text: string): boolean {
		if (!few || (anyCase.size > 0 && /[@%+]/.test(text))) return true;
		return few.some(value => text.includes(value));
	}

	function lookUp(text: string): string | undefined {
		return exact.get(text) ?? (anyCase.size > 0 ? anyCase.get(fold(text)) : undefined);
	}

	function find(given: string): readonly Span[] {
		if (exact.size + anyCase.size === 0) return [];
		const text = hasBroken ? wellFormed(given) : given;
		const found = findPlain(text);
		const read = findDecoded(text, findPlain) ?? [];
		return read.length === 0 ? found : mergeSpans([...found, ...read]);
	}

	function findPlain(text: string): readonly Span[] {
		if (!mayHold(text)) return [];
		const whole = text.length <= maxLength ? lookUp(text) : undefined;
		if (whole !== undefined) return [{start: 0, end: text.length, value: whole}];
		automata ??= {exact: automatonOf(exact), anyCase: automatonOf(anyCase)};
		const found = automata;
		return mergeSpans(
			tokensOf(text).flatMap(tokens => [
				...(exact.size > 0 ? found.exact.find(tokens) : []),
				...(anyCase.size > 0 ? found.anyCase.find(tokens.map(fold)) : []),
			]),
		);
	}

	return {
		size: exact.size + anyCase.size,
		has: text => lookUp(wellFormed(text)) !== undefined,
		find,
		findNumber: digits => exact.get(digits) ?? exact.get(canonicalNumber(digits)) ?? exact.get(String(Number(digits))),
	};
}

/** What is no word, nor has one, is found as a whole only. */
function automatonOf(values: ReadonlyMap<string, string>): PhraseAutomaton {
	const automaton = new PhraseAutomaton();
	for (const [spelling, value] of values) {
		if (spelling.length > maxPhraseLength || !wordCharacter.test(spelling)) continue;
		for (const tokens of tokensOf(spelling)) automaton.add(tokens, value);
	}
	return automaton;
}

function tokensOf(text: string): (readonly string[])[] {
	const ascii = isAscii(text);
	const ways = text.includes('%') ? tokenizers : tokenizers.slice(0, 1);
	return ways.map(way => text.match(ascii ? way.ascii : way.any) ?? []);
}

/** One form for all spellings of a value: composed, and e-mail addresses, which are the same in any case, in lower. */
export function canonical(value: string): string {
	const text = wellFormed(value).trim().normalize();
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

/** As it is and as people would write it: trimmed, composed or not, without what does not show. */
function spellingsOf(text: string): ReadonlySet<string> {
	const shown = text.trim();
	if (isAscii(shown)) return new Set([text, shown]);
	const plain = shown.replace(/\p{Default_Ignorable_Code_Point}/gu, '');
	return new Set([text, shown, ...[shown, plain].flatMap(one => [one.normalize('NFC'), one.normalize('NFD')])]);
}

function urlForms(text: string): string[] {
	if (/^[\w.~!*'()-]*$/.test(text)) return [];
	const encoded = encodeURIComponent(text);
	return encoded.includes('%20') ? [encoded, encoded.replaceAll('%20', '+')] : [encoded];
}

function isAscii(text: string): boolean {
	return !/[^\0-\x7f]/.test(text);
}
