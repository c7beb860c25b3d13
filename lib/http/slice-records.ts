import {BodyTooLarge} from './unreadable.ts';

/** More than ten times what any of these APIs gives: a few bytes of gzip may stand for millions of records. */
const maxRecords = 100_000;
/** Deeper ones take fifty times their bytes in memory, and the stack of whoever walks through them. */
const maxDepth = 1000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** An answer taken apart: the text of each record, and the text of the answer with `[]` in place of the records. */
interface SlicedAnswer {
	readonly texts: readonly Buffer[];
	/** Which of the texts are nested deeper than anybody should parse. */
	readonly tooDeep: ReadonlySet<Buffer>;
	readonly envelope: Buffer;
}

/**
 * Takes an answer apart at the array that the top-level object holds as `member` (the last of that name, as with
 * JSON.parse), or that the answer itself is, where no member is named. Undefined when there is no such array, or when the
 * body is so far from JSON that none can be told. Throws BodyTooLarge for more records than an API gives.
 *
 * The body is whole JSON exactly when the envelope and each text are: nothing else is validated here. The texts are
 * views of the body and keep all of it in memory.
 */
export function sliceRecords(body: Buffer, member?: string): SlicedAnswer | undefined {
	let records: FoundRecords | undefined;
	const start = skipByteOrderMark(body);
	let at = skipSpace(body, start);
	if (member === undefined) {
		records = recordsAt(body, at);
		return records && slicedAt(body, start, records);
	}
	if (body[at] !== openBrace) return undefined;

	at = skipSpace(body, at + 1);
	while (body[at] === quote) {
		const nameEnd = stringEnd(body, at);
		const isWanted = isName(body, at, nameEnd, member);
		const colon = skipSpace(body, nameEnd);
		const value = skipSpace(body, colon + 1);
		if (isWanted) records = recordsAt(body, value);
		const end = isWanted && body[value] === openBracket ? (records?.to ?? -1) : valueEnd(body, value);
		if (end < 0) return undefined;
		at = skipComma(body, end);
	}
	return records && slicedAt(body, start, records);
}

/** The records of an array, and where it stands in the body. */
interface FoundRecords {
	readonly texts: readonly Buffer[];
	readonly tooDeep: ReadonlySet<Buffer>;
	readonly from: number;
	readonly to: number;
}

function recordsAt(body: Buffer, from: number): FoundRecords | undefined {
	if (body[from] !== openBracket) return undefined;
	const texts: Buffer[] = [];
	const tooDeep = new Set<Buffer>();
	const to = collectElements(body, from, texts, tooDeep);
	return to < 0 ? undefined : {texts, tooDeep, from, to};
}

function slicedAt(body: Buffer, start: number, {texts, tooDeep, from, to}: FoundRecords): SlicedAnswer {
	const envelope = Buffer.concat([body.subarray(start, from), Buffer.from('[]'), body.subarray(to)]);
	return {texts, tooDeep, envelope};
}

/** Returns the offset behind the array, or -1 when its elements are not separated by single commas. */
function collectElements(body: Buffer, array: number, texts: Buffer[], tooDeep: Set<Buffer>): number {
	let at = skipSpace(body, array + 1);
	if (body[at] === closeBracket) return at + 1;
	for (;;) {
		const found = valueEnd(body, at);
		const end = Math.abs(found);
		if (end === at || end > body.length) return -1;
		if (texts.length === maxRecords) throw new BodyTooLarge(`the answer holds more than ${maxRecords} records`);
		const text = body.subarray(at, end);
		texts.push(text);
		if (found < 0) tooDeep.add(text);
		const behind = skipSpace(body, end);
		if (body[behind] === closeBracket) return behind + 1;
		if (body[behind] !== comma) return -1;
		at = skipSpace(body, behind + 1);
	}
}

/**
 * A record's text, known to be JSON, without the members at these paths, each a list of names; a list stands for each of
 * its items. Every other byte stays as it is.
 */
export function withoutMembers(text: Buffer, paths: readonly (readonly string[])[]): Buffer {
	const cuts: (readonly [from: number, to: number])[] = [];
	cutMembers(text, skipSpace(text, 0), paths, cuts);
	if (cuts.length === 0) return text;
	const ends = [0, ...cuts.map(([, to]) => to)];
	return Buffer.concat(ends.map((end, index) => text.subarray(end, cuts[index]?.[0])));
}

/** Returns the offset behind the value; a member goes with the comma that it needs no more. */
function cutMembers(
	text: Buffer,
	from: number,
	paths: readonly (readonly string[])[],
	cuts: (readonly [from: number, to: number])[],
): number {
	const isObject = text[from] === openBrace;
	if (paths.length === 0 || !(isObject || text[from] === openBracket)) return Math.abs(valueEnd(text, from));
	let at = skipSpace(text, from + 1);
	let before: number | undefined; // where what stays ends, so that a comma stands behind it
	while (at < text.length && (text[at]! | 0x20) !== 0x7d) {
		const nameEnd = isObject ? stringEnd(text, at) : at;
		const value = isObject ? skipSpace(text, skipSpace(text, nameEnd) + 1) : at;
		const isHere = ([name]: readonly string[]) => isName(text, at, nameEnd, name!);
		const inner = isObject ? paths.filter(isHere).map(([, ...rest]) => rest) : paths;
		const goes = inner.some(path => path.length === 0);
		const end = goes ? Math.abs(valueEnd(text, value)) : cutMembers(text, value, inner, cuts);
		const next = skipComma(text, end);
		if (goes) cuts.push(before === undefined ? [at, next] : [before, end]);
		if (!goes || before !== undefined) before = end;
		at = next;
	}
	return at + 1;
}

/** A record's text, known to be JSON, on one line: only line breaks are taken out, and all of them lie between tokens. */
export function onOneLine(text: Buffer): Buffer {
	if (!text.includes(lineFeed) && !text.includes(carriageReturn)) return text;
	return text.filter(byte => byte !== lineFeed && byte !== carriageReturn) as Buffer;
}

function isName(body: Buffer, start: number, end: number, member: string): boolean {
	// an escape makes a name longer, never shorter
	if (end - start - 2 < Buffer.byteLength(member)) return false;
	try {
		return JSON.parse(body.toString('utf8', start, end)) === member;
	} catch {
		return false;
	}
}

function valueEnd(body: Buffer, start: number): number {
	const first = body[start];
	if (first === quote) return stringEnd(body, start);
	return first === openBrace || first === openBracket ? bracketEnd(body, start) : scalarEnd(body, start);
}

/** Negative where it is too deep. Nearly all bytes of an answer pass here or in stringEnd(); reading the length once makes both twice as fast. */
function bracketEnd(body: Buffer, start: number): number {
	const {length} = body;
	let depth = 0;
	let isDeep = false;
	let at = start;
	while (at < length) {
		const byte = body[at]!;
		if (byte === quote) {
			at = stringEnd(body, at);
			continue;
		}
		at++;
		const bracket = byte | 0x20; // makes [ and { the same, and ] and }
		if (bracket === 0x7b) isDeep = ++depth > maxDepth || isDeep;
		else if (bracket === 0x7d && --depth === 0) break;
	}
	return isDeep ? -at : at;
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
