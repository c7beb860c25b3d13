import type {Find, Span} from './patterns.ts';

/** What comes next in a value, and whether it may end here. */
interface Node {
	readonly next: Map<string, Node>;
	isEnd: boolean;
}

/** Words of ASCII, and every other character by itself: a value never begins or ends in the middle of such a word. */
const tokens = /\w+|[^]/g;
/** What has more is found where it is all of a text, so that the time is linear in the text, whatever the values. */
const maxTokens = 64;

/** Finds these values in texts, in any case; undefined where there is nothing to be found. */
export function valueFinder(values: Iterable<string>): Find | undefined {
	const root: Node = {next: new Map(), isEnd: false};
	const long = new Set<string>();
	for (const value of values) {
		if (!/[\p{L}\p{N}]/u.test(value)) continue;
		const all = value.trim().match(tokens)!;
		if (all.length > maxTokens) long.add(value.trim().toLowerCase());
		else insert(root, all);
	}
	if (root.next.size + long.size === 0) return undefined;
	return text => {
		if (long.has(text.trim().toLowerCase())) return [{start: 0, end: text.length}];
		const all = text.match(tokens) ?? [];
		const spans: Span[] = [];
		for (let at = 0, start = 0; at < all.length;) {
			const found = longest(root, all, at);
			let end = start;
			for (const next = at + Math.max(found, 1); at < next; at++) end += all[at]!.length;
			if (found > 0) spans.push({start, end});
			start = end;
		}
		return spans;
	};
}

function insert(root: Node, value: readonly string[]): void {
	let node = root;
	for (const token of value) {
		const folded = token.toLowerCase();
		let next = node.next.get(folded);
		if (!next) node.next.set(folded, (next = {next: new Map(), isEnd: false}));
		node = next;
	}
	node.isEnd = true;
}

/** How many tokens from here are the longest value that begins here; 0 for none. */
function longest(root: Node, all: readonly string[], from: number): number {
	let found = 0;
	let node: Node | undefined = root;
	for (let at = from; at < all.length && (node = node.next.get(all[at]!.toLowerCase()));) {
		at++;
		if (node.isEnd) found = at - from;
	}
	return found;
}
