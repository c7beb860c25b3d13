import {decodeString, isTooDeep, type JsonToken} from './json-scan.ts';
import type {Edit} from './spans.ts';

/** Edits of what a string token says, as edits of the text that holds the token: all other escapes stay as they are. */
export function editsOfToken(text: string, token: JsonToken, edits: readonly Edit[]): Edit[] {
	const start = token.start + 1;
	const raw = text.slice(start, token.end - 1);
	const offsets = raw.includes('\\') ? unitOffsets(raw) : undefined;
	return edits.map(edit => ({
		start: start + (offsets ? offsets[edit.start]! : edit.start),
		end: start + (offsets ? offsets[edit.end]! : edit.end),
		text: JSON.stringify(edit.text).slice(1, -1),
	}));
}

/** Where each UTF-16 unit of a string begins in its escaped form, and where the last one ends. */
function unitOffsets(raw: string): Uint32Array {
	const offsets = new Uint32Array(raw.length + 1);
	let units = 0;
	let at = 0;
	while (at < raw.length) {
		offsets[units++] = at;
		at += raw[at] !== '\\' ? 1 : raw[at + 1] === 'u' ? 6 : 2;
	}
	offsets[units] = at;
	return offsets;
}

/** What the token says. */
export function contentOf(text: string, {kind, start, end}: JsonToken): string {
	const token = text.slice(start, end);
	return kind === 'bare' ? token : decodeString(token);
}

/** The object or list that a text is the JSON of; undefined for any other text, and where it is nested too deep. */
export function parseContainer(text: string): object | undefined {
	if (text.length < 2 || !/^[\s{[]/.test(text) || !/^\s*[{[]/.test(text) || isTooDeep(text)) return undefined;
	try {
		return JSON.parse(text) as object;
	} catch {
		return undefined;
	}
}

/** Calls back for each string and number, and the name of each member; without recursion, however deep it is. */
export function eachLeaf(
	value: unknown,
	leaf: (text: string, kind: 'string' | 'number') => void,
	name?: (text: string) => void,
): void {
	const left: unknown[] = [value];
	while (left.length > 0) {
		const one = left.pop();
		if (typeof one === 'string') leaf(one, 'string');
		else if (typeof one === 'number') leaf(String(one), 'number');
		else if (Array.isArray(one)) for (const item of one as unknown[]) left.push(item);
		else if (typeof one === 'object' && one !== null) {
			for (const [key, member] of Object.entries(one)) {
				name?.(key);
				left.push(member);
			}
		}
	}
}
