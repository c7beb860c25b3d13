import {type Document, isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument, visit} from 'yaml';
import {type Mistake, Mistakes} from './mistakes.ts';

/** Where something is in a document. */
export type Place = readonly (string | number)[];

/** What a YAML file holds, as JSON has it, and where. */
export interface ConfigDocument {
	readonly file: string;
	readonly value: unknown;
	/** A mistake at a place; at a place that is not there, it is of the nearest one around it. */
	mistake(place: Place, text: string): Mistake;
}

/** Reads YAML 1.2. Throws {@link Mistakes} for what is none, and never shows what is in the file: it could be a secret. */
export function parseConfig(file: string, text: string): ConfigDocument {
	const lines = new LineCounter();
	const document = parseDocument(text, {lineCounter: lines, prettyErrors: false, stringKeys: true});
	const at = (offset: number) => {
		const {line, col} = lines.linePos(offset);
		return {line: Math.max(line, 1), column: Math.max(col, 1)};
	};
	const problems = [...document.errors, ...document.warnings];
	if (problems.length > 0) {
		const all = problems.map(({pos, message}) => ({
			...at(pos[0]),
			member: '',
			text: `expected YAML: ${wordsOf(message)}`,
		}));
		throw new Mistakes(file, all);
	}
	const lost: Mistake[] = [];
	visit(document, {
		Pair(_, {key}) {
			// a schema leaves out what is called so, and says nothing
			if (!isScalar(key) || key.value !== '__proto__') return;
			const advice = 'expected another name: nothing can be called so';
			lost.push({...at(key.range?.[0] ?? 0), member: '__proto__', text: advice});
		},
	});
	if (lost.length > 0) throw new Mistakes(file, lost);
	const mistake = (place: Place, said: string): Mistake => ({
		...at(offsetOf(document, place)),
		member: place.join('.'),
		text: said,
	});
	try {
		return {file, value: document.toJS(), mistake};
	} catch {
		// an alias without its anchor, or one that unfolds without end
		throw new Mistakes(file, [mistake([], 'expected YAML: an alias (*) leads nowhere, or to too much')]);
	}
}

/** What is wrong, without what was found there. */
function wordsOf(message: string): string {
	return message.replace(/[:%;].*$/s, '').trim();
}

/** Where the key of a member, or an entry, begins. */
function offsetOf(document: Document, place: Place): number {
	let node: unknown = document.contents;
	let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
	for (const key of place) {
		const found = within(node, key);
		if (!found) break;
		({node, offset} = found);
	}
	return offset;
}

function within(node: unknown, key: string | number): {node: unknown; offset: number} | undefined {
	if (isMap(node)) {
		const pair = node.items.find(item => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
		return pair && {node: pair.value, offset: (pair.key as Node).range?.[0] ?? 0};
	}
	const items = (node as {readonly items?: readonly unknown[]} | null | undefined)?.items;
	const item = items?.[Number(key)];
	return isNode(item) ? {node: item, offset: item.range?.[0] ?? 0} : undefined;
}
