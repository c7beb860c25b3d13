import {below, type MemberTree} from '../operators/member-tree.ts';

const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** A token that holds data: the name of a member, a string, or anything bare: a number, `true`, `null`. */
export interface JsonToken {
	readonly kind: 'name' | 'string' | 'bare';
	readonly start: number;
	readonly end: number;
	/** Whether it is, or lies in, a member of the tree. */
	readonly inTree: boolean;
}

export interface JsonVisitor {
	token(token: JsonToken): void;
	/** A whole member of the tree, with the comma that has to go with it. In order, without overlap. */
	member?(start: number, end: number): void;
}

interface Frame {
	readonly isObject: boolean;
	readonly tree: MemberTree | undefined;
	/** Of the member that is read now: its tree, and where its name begins. */
	member: MemberTree | undefined;
	nameStart: number;
	isNameNext: boolean;
	/** Where the member before ended, and whether one before it stays, so that its comma is not needed. */
	lastEnd: number;
	stays: boolean;
	/** A member of the tree in front of all that stay: it ends behind the comma that may follow. */
	leading: number | undefined;
}

/**
 * Reads a JSON text token by token, without recursion and without a copy. It does not validate: of another text the
 * tokens are anything, but it ends.
 */
export function scanJson(text: string, tree: MemberTree | undefined, visitor: JsonVisitor): void {
	const frames: Frame[] = [];
	const {length} = text;
	let frame: Frame | undefined;
	let at = 0;

	/** What the tree says of the value that comes next. */
	const treeHere = () => (frame === undefined ? tree : frame.isObject ? frame.member : frame.tree);

	function valueEnded(end: number): void {
		if (!frame?.isObject) return;
		if (frame.member !== 'whole' || frame.tree === 'whole') frame.stays = true;
		else if (frame.stays) visitor.member?.(frame.lastEnd, end);
		else frame.leading = frame.nameStart;
		frame.lastEnd = end;
	}

	function closeLeading(end: number): void {
		if (frame?.leading === undefined) return;
		visitor.member?.(frame.leading, end);
		frame.leading = undefined;
	}

	while (at < length) {
		const code = text.charCodeAt(at);
		if (code === quote) {
			const end = stringEnd(text, at);
			if (frame?.isObject && frame.isNameNext) {
				frame.isNameNext = false;
				frame.nameStart = at;
				frame.member = frame.tree && below(frame.tree, decodeString(text.slice(at, end)));
				visitor.token({kind: 'name', start: at, end, inTree: frame.tree === 'whole'});
			} else {
				visitor.token({kind: 'string', start: at, end, inTree: treeHere() === 'whole'});
				valueEnded(end);
			}
			at = end;
		} else if (code === openBrace || code === openBracket) {
			const isObject = code === openBrace;
			const next: Frame = {
				isObject,
				tree: treeHere(),
				member: undefined,
				nameStart: at,
				isNameNext: isObject,
				lastEnd: at + 1,
				stays: false,
				leading: undefined,
			};
			frames.push(next);
			frame = next;
			at++;
		} else if (code === closeBrace || code === closeBracket) {
			closeLeading(frame?.lastEnd ?? at);
			frames.pop();
			frame = frames.at(-1);
			at++;
			valueEnded(at);
		} else if (code === comma) {
			at++;
			closeLeading(at);
			if (frame?.isObject) frame.isNameNext = true;
		} else if (code === colon || code <= space) at++;
		else {
			const end = bareEnd(text, at);
			visitor.token({kind: 'bare', start: at, end, inTree: treeHere() === 'whole'});
			valueEnded(end);
			at = end;
		}
	}
}

/** Records are a few levels deep; the memory that a text takes when it is parsed is a hundred times its length. */
const maxDepth = 100;

/** Whether a JSON text is nested so deep that nothing but an attack explains it. */
export function isTooDeep(text: string): boolean {
	let depth = 0;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === quote) at = stringEnd(text, at) - 1;
		else if (code === openBrace || code === openBracket) {
			if (++depth > maxDepth) return true;
		} else if (code === closeBrace || code === closeBracket) depth--;
	}
	return false;
}

/** What a string token stands for; the token itself where it is none. */
export function decodeString(token: string): string {
	if (!token.includes('\\')) return token.slice(1, -1);
	try {
		return JSON.parse(token) as string;
	} catch {
		return token.slice(1, -1);
	}
}

/** Behind the closing quote, or the end of the text. */
function stringEnd(text: string, start: number): number {
	for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
		let before = end - 1;
		while (text[before] === '\\') before--;
		if ((end - before) % 2 === 1) return end + 1;
	}
	return text.length;
}

function bareEnd(text: string, start: number): number {
	let end = start + 1;
	while (end < text.length && !/[\s,:"[\]{}]/.test(text[end]!)) end++;
	return end;
}
