const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * The own text of each record of an answer: the elements of the array that the top-level object holds as `member`
 * (the last of that name, as with JSON.parse). Undefined when there is no such array.
 *
 * The body must be what JSON.parse accepts: nothing is validated here. The texts are views of the body and keep all
 * of it in memory; only a record that spans lines is a copy, on one line.
 */
export function sliceRecords(body: Buffer, member: string): Uint8Array[] | undefined {
	let records: Uint8Array[] | undefined;
	let at = skipSpace(body, skipByteOrderMark(body));
	if (body[at] !== openBrace) return undefined;

	at = skipSpace(body, at + 1);
	while (body[at] === quote) {
		const nameEnd = stringEnd(body, at);
		const isWanted = JSON.parse(body.toString('utf8', at, nameEnd)) === member;
		const colon = skipSpace(body, nameEnd);
		const value = skipSpace(body, colon + 1);
		if (isWanted) records = body[value] === openBracket ? [] : undefined;
		at = skipComma(body, isWanted && records ? collectElements(body, value, records) : valueEnd(body, value));
	}
	return body.includes(lineFeed) || body.includes(carriageReturn) ? records?.map(onOneLine) : records;
}

/** Returns the offset behind the array. */
function collectElements(body: Buffer, array: number, texts: Uint8Array[]): number {
	let at = skipSpace(body, array + 1);
	while (at < body.length && body[at] !== closeBracket) {
		const end = valueEnd(body, at);
		texts.push(body.subarray(at, end));
		at = skipComma(body, end);
	}
	return at + 1;
}

/** A raw line break cannot stand inside a JSON string, so every one lies between tokens. */
function onOneLine(text: Uint8Array): Uint8Array {
	if (!text.includes(lineFeed) && !text.includes(carriageReturn)) return text;
	const line = new Uint8Array(text.length);
	let length = 0;
	for (let at = 0; at < text.length; at++) {
		const byte = text[at]!;
		if (byte !== lineFeed && byte !== carriageReturn) line[length++] = byte;
	}
	return line.subarray(0, length);
}

function valueEnd(body: Buffer, start: number): number {
	const first = body[start];
	if (first === quote) return stringEnd(body, start);
	return first === openBrace || first === openBracket ? bracketEnd(body, start) : scalarEnd(body, start);
}

/** Nearly all bytes of an answer pass here or in stringEnd(); reading the length once makes both twice as fast. */
function bracketEnd(body: Buffer, start: number): number {
	const {length} = body;
	let depth = 0;
	let at = start;
	while (at < length) {
		const byte = body[at]!;
		if (byte === quote) {
			at = stringEnd(body, at);
			continue;
		}
		at++;
		const bracket = byte | 0x20; // makes [ and { the same, and ] and }
		if (bracket === 0x7b) depth++;
		else if (bracket === 0x7d && --depth === 0) break;
	}
	return at;
}

function stringEnd(body: Buffer, start: number): number {
	const {length} = body;
	let at = start + 1;
	while (at < length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
	return at + 1;
}

function scalarEnd(body: Buffer, start: number): number {
	let at = start;
	while (at < body.length && isScalar(body[at]!)) at++;
	return at;
}

/** Numbers, true, false and null end at white space, a comma or a closing bracket. */
function isScalar(byte: number): boolean {
	return byte > 0x20 && byte !== comma && (byte | 0x20) !== 0x7d;
}

function skipSpace(body: Buffer, start: number): number {
	let at = start;
	while (at < body.length && body[at]! <= 0x20) at++;
	return at;
}

/** Behind a value: to the next value or name, or to the closing bracket. */
function skipComma(body: Buffer, start: number): number {
	const at = skipSpace(body, start);
	return body[at] === comma ? skipSpace(body, at + 1) : at;
}

function skipByteOrderMark(body: Buffer): number {
	return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
}
