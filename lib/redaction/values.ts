import type {Find, Span} from './patterns.ts';

/** What comes next in a value, and the value that may end here. */
interface Node {
	readonly next: Map<string, Node>;
	value?: string;
}

/** A word of ASCII, or one other character: a value never begins or ends in the middle of a word. */
const tokens = /\w+|[^]/g;
/** A value of more words is found only where it is the whole text, so that the search takes linear time. */
const maxTokens = 64;

/** Finds these values in texts, in any case; undefined where there is nothing to be found. */
export function valueFinder(values: Iterable<string>): Find | undefined {
	const root: Node = {next: new Map()};
	const long = new Map<string, string>();
	for (const value of values) {
		if (!/[\p{L}\p{N}]/u.test(value)) continue;
		const all = value.trim().match(tokens)!;
		if (all.length > maxTokens) long.set(value.trim().toLowerCase(), value);
		else insert(root, all, value);
	}
	if (root.next.size + long.size === 0) return undefined;
	return text => {
		const whole = long.size > 0 ? long.get(text.trim().toLowerCase()) : undefined;
		if (whole !== undefined) return [{start: 0, end: text.length, value: whole}];
		const all = text.match(tokens) ?? [];
		const spans: Span[] = [];
		for (let at = 0, start = 0; at < all.length;) {
			const {length, value} = longest(root, all, at);
			let end = start;
			for (const next = at + Math.max(length, 1); at < next; at++) end += all[at]!.length;
			if (value !== undefined) spans.push({start, end, value});
			start = end;
		}
		return spans;
	};
}

function insert(root: Node, tokens: readonly string[], value: string): void {
	let node = root;
	for (const token of tokens) {
		const folded = token.toLowerCase();
		let next = node.next.get(folded);
		if (!next) node.next.set(folded, (next = {next: new Map()}));
		node = next;
	}
	node.value = value;
}

/** The longest value that begins here, and how many tokens it has. */
function longest(root: Node, all: readonly string[], from: number): {length: number; value?: string} {
	let found: {length: number; value?: string} = {length: 0};
	let node: Node | undefined = root;
	for (let at = from; at < all.length && (node = node.next.get(all[at]!.toLowerCase()));) {
		at++;
		if (node.value !== undefined) found = {length: at - from, value: node.value};
	}
	return found;
}
