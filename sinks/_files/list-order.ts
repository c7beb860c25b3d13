import {hash} from 'node:crypto';

/** Stands for a record's own text inside another one; nothing in JSON reads like this. */
const ownMark = 'own';
const utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});

/**
 * Whether two JSON texts are the same but for the order of their lists. A string within them that holds the record's
 * own text, as `raw` of the common record does, counts as what it holds. Numbers count as they are written, so that two
 * beyond 2^53 never look equal. What is not JSON is never the same.
 */
export function differInOrderOnly(one: Uint8Array, other: Uint8Array, own: Uint8Array): boolean {
	const [first, second, ownText] = [one, other, own].map(jsonOf);
	if (first === undefined || second === undefined) return false;
	const ownSpelling = ownText === undefined ? undefined : sortLists(ownText);
	const isOwn = (string: string): boolean => {
		if (ownText === undefined || string.length < ownText.length) return false;
		const text = JSON.parse(string) as string;
		return text.length === ownText.length && isJson(text) && sortLists(text) === ownSpelling;
	};
	const spell = (string: string) => (isOwn(string) ? ownMark : string);
	return sortLists(first, spell) === sortLists(second, spell);
}

/**
 * What is the same for all orders of the lists in a JSON text, and for no other text. A list or object becomes its hash
 * as soon as it ends, so that the cost does not grow with the depth.
 */
function sortLists(text: string, spell = (string: string) => string): string {
	// of each list and object that is open, the items; all of the text is the one item of the outermost
	const open = [['']];
	const append = (piece: string) => open.at(-1)!.push(open.at(-1)!.pop() + piece);
	for (let at = 0, end; at < text.length; at = end) {
		const sign = text[at]!;
		end = sign === '"' ? endOfString(text, at) : at + 1;
		if (sign === '"') append(spell(text.slice(at, end)));
		else if (sign === '[' || sign === '{') open.push(['']);
		else if (sign === ',') open.at(-1)!.push('');
		else if (sign === ']') append(`[${hash('sha256', open.pop()!.sort().join())}]`);
		else if (sign === '}') append(`{${hash('sha256', open.pop()!.join())}}`);
		else if (!' \t\r\n'.includes(sign)) append(sign);
	}
	return open[0]![0]!;
}

/** Not by a regular expression: those keep a note of every escape, and fail at some millions. */
function endOfString(text: string, start: number): number {
	let at = start + 1;
	while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
	return at + 1;
}

function jsonOf(bytes: Uint8Array): string | undefined {
	try {
		const text = utf8.decode(bytes);
		return isJson(text) ? text : undefined;
	} catch {
		return undefined; // not UTF-8
	}
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
