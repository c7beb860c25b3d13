const mask = '[secret]';
const minSecretLength = 4;
const jsonShort: Readonly<Record<string, string>> = {'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'};

/** What follows a scheme is a credential, unless it is one of the words of a sentence about credentials. */
const schemeCredential =
	/\b(Bearer|Basic)(\s+|%20|\+)(?!(?:auth\w*|tokens?|scheme|credentials?)(?![\w~+/=%-]|\.\w))[^\s,;)'"\\<>]+/gi;
const authorizationValue = /\b(authorization(?:\\*["'])?\s*[:=]\s*(?:\\*["'])?)[^"'\\\r\n]+/gi;

/**
 * A function that returns its text with `[secret]` in place of every secret: as it is, in base64 or base64url, and any
 * of these written with URL or JSON escapes. What follows `Bearer`, `Basic` or `Authorization:` is replaced as well.
 *
 * A secret of fewer than 4 characters is replaced only where no letter or digit is next to it, since elsewhere it is
 * chance, and a text full of masks would tell what it is. Cut or split a text after this, never before.
 */
export function createRedactor(secrets: Iterable<string>): (text: string) => string {
	// The longest first, so that a secret which begins with another one goes as a whole.
	const longestFirst = [...new Set(secrets)].filter(secret => secret !== '').sort((a, b) => b.length - a.length);
	const known = longestFirst.length > 0 ? new RegExp(longestFirst.map(secretPattern).join('|'), 'g') : undefined;
	return text => {
		const withoutKnown = known ? text.replace(known, mask) : text;
		return withoutKnown.replace(authorizationValue, `$1${mask}`).replace(schemeCredential, `$1$2${mask}`);
	};
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

/** Escapes what breaks lines, drives terminals, turns the direction of reading, or is no character at all. */
function visible(char: string): string {
	if (!/[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}\p{Bidi_Control}\p{Surrogate}]/u.test(char)) return char;
	const short = jsonShort[char];
	return short ? `\\${short}` : `\\u${hex(char.charCodeAt(0), 4)}`;
}

function secretPattern(secret: string): string {
	const utf8 = Buffer.from(secret);
	const base64 = [utf8.toString('base64').replace(/=+$/, ''), utf8.toString('base64url')];
	const pattern = `(?:${spellings(secret)}|(?:${base64.map(spellings).join('|')})(?:=|%3[dD])*)`;
	return secret.length < minSecretLength ? `(?<![A-Za-z0-9])${pattern}(?![A-Za-z0-9])` : pattern;
}

/** A pattern of the text with any of its signs escaped, so that a mixture of encodings matches too. */
function spellings(text: string): string {
	// A run of backslashes is one pattern, since JSON within JSON doubles it again and again.
	const parts = Array.from(text.matchAll(/\\+|[^\\]/gu), ([part]) => part);
	return parts.map(part => (part.startsWith('\\') ? backslashes(part.length) : character(part))).join('');
}

/** Bounds of 8 (JSON three times over) keep the time linear in the text, whatever the text. */
function backslashes(count: number): string {
	return String.raw`(?:\\(?:u005[cC])?|%5[cC]){${count},${8 * count}}`;
}

function character(char: string): string {
	if (/[A-Za-z0-9]/.test(char)) return char; // what no encoder escapes
	const codes = Array.from({length: char.length}, (_, at) => hex(char.charCodeAt(at), 4));
	const literal = codes.map(code => String.raw`\u${code}`).join('');
	const escapes = [
		/["'/]/.test(char) ? String.raw`\\{0,8}${literal}` : literal,
		codes.map(code => String.raw`\\{1,8}u${anyCase(code)}`).join(''),
		Array.from(Buffer.from(char), byte => `%${anyCase(hex(byte, 2))}`).join(''),
	];
	const short = jsonShort[char];
	if (short) escapes.push(String.raw`\\{1,8}${short}`);
	if (char === ' ') escapes.push(String.raw`\+`);
	return `(?:${escapes.join('|')})`;
}

function anyCase(digits: string): string {
	return digits.replace(/[a-f]/g, letter => `[${letter}${letter.toUpperCase()}]`);
}

function hex(value: number, digits: number): string {
	return value.toString(16).padStart(digits, '0');
}
