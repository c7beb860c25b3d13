import type {Span} from './spans.ts';

/** A place in a phrase: what comes next, and the longest end of what was read that is the beginning of a phrase. */
interface Node {
	/** Most have one only. */
	token: string | undefined;
	child: Node | undefined;
	children: Map<string, Node> | undefined;
	fallback: Node | undefined;
	/** The longest phrase that ends here. */
	length: number;
	value: string | undefined;
}

/**
 * Finds phrases of tokens, by Aho and Corasick: in one pass over a text, whatever the phrases have in common with it
 * and with each other. It is complete at the first `find()`.
 */
export class PhraseAutomaton {
	readonly #root = newNode();
	#isComplete = false;

	add(tokens: readonly string[], value: string): void {
		let node = this.#root;
		let length = 0;
		for (const token of tokens) {
			length += token.length;
			node = next(node, token) ?? addChild(node, token);
		}
		node.length = length;
		node.value = value;
	}

	/** For each token at which a phrase ends, the longest one: they may overlap. */
	find(tokens: readonly string[]): Span[] {
		this.#complete();
		const spans: Span[] = [];
		let node: Node | undefined = this.#root;
		let end = 0;
		for (const token of tokens) {
			end += token.length;
			node = this.#step(node, token);
			if (node.value !== undefined) spans.push({start: end - node.length, end, value: node.value});
		}
		return spans;
	}

	#step(from: Node, token: string): Node {
		for (let node: Node | undefined = from; node; node = node.fallback) {
			const child = next(node, token);
			if (child) return child;
		}
		return this.#root;
	}

	#complete(): void {
		if (this.#isComplete) return;
		this.#isComplete = true;
		const queue: Node[] = [this.#root];
		for (const node of queue) {
			for (const [token, child] of childrenOf(node)) {
				child.fallback = node.fallback ? this.#step(node.fallback, token) : this.#root;
				if (child.value === undefined) {
					child.value = child.fallback.value;
					child.length = child.fallback.length;
				}
				queue.push(child);
			}
		}
	}
}

function newNode(): Node {
	return {token: undefined, child: undefined, children: undefined, fallback: undefined, length: 0, value: undefined};
}

function next(node: Node, token: string): Node | undefined {
	return node.children ? node.children.get(token) : node.token === token ? node.child : undefined;
}

function addChild(node: Node, token: string): Node {
	const child = newNode();
	if (node.children) node.children.set(token, child);
	else if (node.token !== undefined) {
		node.children = new Map([
			[node.token, node.child!],
			[token, child],
		]);
	} else {
		node.token = token;
		node.child = child;
	}
	return child;
}

function childrenOf({token, child, children}: Node): Iterable<readonly [string, Node]> {
	return children ?? (token !== undefined && child ? [[token, child]] : []);
}
