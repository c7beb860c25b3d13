import {decodeEscapes} from './decode-escapes.ts';

const mask = '[secret]';
const hidden = '(the answer is not shown, since it holds a part of a secret)';
/** So many characters of a secret in a row are a part of it that helps; fewer are chance. */
const runLength = 6;
const minSecretLength = 4;
/** What is looked at before a part is shown: the beginning of a text, at most so much of it. */
const maxBeginning = 60;
const jsonShort: Readonly<Record<string, string>> = {'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'};

/** What follows a scheme is a credential, unless it is one of the words of a sentence about credentials. */
const schemeCredential =
	/\b(Bearer|Basic)(\s+|%20|\+)(?!(?:auth\w*|tokens?|scheme|credentials?)(?![\w~+/=%-]|\.\w))[^\s,;)'"\\<>]+/gi;
const authorizationValue = /\b(authorization(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?)[^"'\\\r\n]+/gi;

/**
 * A function that returns its text, or only its first words where it holds a part of a secret: six characters in a
 * row (all of a shorter one), whatever they are spelled in: entities, percent or backslash escapes, one within the
 * other; other case, other signs between them, backwards, hex, base64 of anything around it. What follows `Bearer`,
 * `Basic` or `Authorization:` is replaced by `[secret]`. Cut or split a text after this, never before.
 */
export function createSecretFilter(secrets: Iterable<string>): (text: string) => string {
	const holdsPart = partFinder([...secrets].filter(secret => secret !== ''));
	return text => {
		const shown = holdsPart(text) ? `${harmlessWords(text, holdsPart)}${hidden}` : text;
		return shown.replace(authorizationValue, `$1${mask}`).replace(schemeCredential, `$1$2${mask}`);
	};
}

function harmlessWords(text: string, holdsPart: (text: string) => boolean): string {
	let words = '';
	for (const [word] of text.slice(0, maxBeginning).matchAll(/\S+\s+/g)) {
		if (holdsPart(words + word + hidden)) break; // our own words must not complete one
		words += word;
	}
	return words;
}

/** Whether a text holds a part of one of the secrets; takes time in proportion to the text. */
function partFinder(secrets: readonly string[]): (text: string) => boolean {
	const runs = {plain: new Set<string>(), bare: new Set<string>(), hex: new Set<string>(), base64: new Set<string>()};
	const short = new Set<string>();
	for (const secret of secrets) {
		const bytes = Buffer.from(secret);
		const known = folded(secret) ?? '';
		for (const text of [known, backwards(known)]) {
			addRuns(runs.plain, text, runLength);
			addRuns(runs.bare, bare(text), runLength);
		}
		addRuns(runs.hex, bytes.toString('hex').toUpperCase(), 2 * runLength);
		// whatever stands before it shifts it by up to two bytes
		for (const shift of [0, 1, 2]) {
			const inner = bare(innerBase64(bytes, shift));
			// signs may leave fewer than a run of it
			if (inner.length < runLength + 2) addRuns(runs.bare, inner, runLength);
			else addRuns(runs.base64, inner, runLength + 2);
		}
		if (known === '' || known.length >= runLength) continue;
		short
			.add(known)
			.add(bytes.toString('hex').toUpperCase())
			.add(bare(bytes.toString('base64').toUpperCase()));
	}
	if (secrets.length === 0) return () => false;
	return text => {
		if (secrets.some(secret => secret.length >= minSecretLength && text.includes(secret))) return true;
		const read = folded(text);
		if (read === undefined) return true; // escaped so often that nobody means it to be read
		const signless = bare(read);
		return (
			holdsRun(read, runs.plain, runLength) ||
			holdsRun(signless, runs.bare, runLength) ||
			holdsRun(signless, runs.hex, 2 * runLength) ||
			holdsRun(signless, runs.base64, runLength + 2) ||
			[...short].some(secret => holdsShort(read, secret))
		);
	};
}

/** Unescaped, in one case, and with the two spellings of a space as one; undefined where it cannot be unescaped. */
function folded(text: string): string | undefined {
	return decodeEscapes(text)?.toUpperCase().replaceAll('+', ' ');
}

/** Letters and digits alone: what else there is may be anything between the parts of a secret. */
function bare(text: string): string {
	return text.replaceAll(/[\x00-\x2f:-@[-`{-\x7f]+/g, '');
}

function backwards(text: string): string {
	return text.split('').reverse().join('');
}

/** The part of a text's base64 that depends on these bytes alone, where so many others stand before them. */
function innerBase64(bytes: Buffer, shift: number): string {
	const base64 = Buffer.concat([Buffer.alloc(shift), bytes])
		.toString('base64')
		.toUpperCase();
	return base64.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

function addRuns(runs: Set<string>, text: string, length: number): void {
	for (let at = 0; at + length <= text.length; at++) runs.add(text.slice(at, at + length));
}

function holdsRun(text: string, runs: ReadonlySet<string>, length: number): boolean {
	for (let at = 0; at + length <= text.length; at++) if (runs.has(text.slice(at, at + length))) return true;
	return false;
}

/** A secret of fewer than 4 characters counts only where no letter or digit is next to it: elsewhere it is chance. */
function holdsShort(text: string, secret: string): boolean {
	for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
		if (secret.length >= minSecretLength) return true;
		const around = (text[at - 1] ?? '') + (text[at + secret.length] ?? '');
		if (!/[A-Z0-9]/.test(around)) return true;
	}
	return false;
}

/** The text on one line of at most `maxLength`: control characters made visible, cut with an ellipsis. */
export function excerpt(text: string, maxLength = 200): string {
	let line = '';
	let cut = '';
	for (const char of text) {
		line += visible(char);
		if (line.length < maxLength) cut = line;
		if (line.length > maxLength) return `${cut}…`;
	}
	return line;
}

/** What breaks lines, drives terminals, turns the direction of reading, or is no character at all. */
const unsafe = /[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}\p{Surrogate}]/gu;

/** The text as a terminal or a log may have it: all unsafe characters escaped, but for line feeds and tabs. */
export function printable(text: string): string {
	return text.replace(unsafe, char => (char === '\n' || char === '\t' ? char : visible(char)));
}

function visible(char: string): string {
	if (char.search(unsafe) < 0) return char;
	const short = jsonShort[char];
	return short ? `\\${short}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
