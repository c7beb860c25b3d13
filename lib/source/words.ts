import {type Members, objectsIn, textIn} from './members.ts';
import type {SlotOf, Slots} from './slots.ts';

/** Where a text comes from: the path of a member, `author.id`, or a word around paths. */
export type From = string | Word;

/** A word of a mapping, as {@link first}, {@link json}, {@link constant} and {@link by} give it. */
export interface Word<Value = string | undefined> {
	/** Finds its paths their slots, and gives what makes a text of what is there. */
	bind(slotOf: SlotOf): (slots: Slots) => Value;
	/** What it reads, for people; `at` stands before each path: `affectedObjects[].`. */
	says(at: string): string;
	/** The paths that it reads, and no others. */
	readonly paths: readonly string[];
	/** True where it reads nothing. */
	readonly isConstant?: boolean;
}

/** The items of a list in the record, as {@link each} gives them. */
export interface Each<Member extends string = string> {
	readonly path: string;
	/** Each object gives one item for each of these. */
	readonly items: readonly Item<Member>[];
	/** The member that those have which come first. */
	readonly leads?: string | undefined;
	/** The item where the list has none. */
	readonly otherwise?: Item<Member> | undefined;
	/** For the types alone: a list takes no items with other members than its own. */
	readonly members?: Member;
}

/** What the members of one item come from. */
export type Item<Member extends string = string> = {readonly [Key in Member]?: From};

/** The text of the first that has one. */
export function first(...from: readonly [From, From, ...From[]]): Word {
	const words = from.map(wordOf);
	return {
		bind(slotOf) {
			const reads = words.map(word => word.bind(slotOf));
			return slots => {
				for (const read of reads) {
					const text = read(slots);
					if (text !== undefined) return text;
				}
				return undefined;
			};
		},
		says: at => words.map(word => word.says(at)).join(', else '),
		paths: words.flatMap(({paths}) => paths),
	};
}

/** The text at a path, and of a list or an object its JSON. */
export function json(path: string): Word {
	return {
		bind(slotOf) {
			const slot = slotOf(path, 'value');
			return slots => textIn(slots[slot]) ?? jsonOf(slots[slot]);
		},
		says: at => `${at}${path}, as JSON`,
		paths: [path],
	};
}

/** Undefined for what is nested too deep to be written, which is in `raw` only. */
function jsonOf(value: unknown): string | undefined {
	try {
		return value ? JSON.stringify(value) : undefined;
	} catch {
		return undefined;
	}
}

/** This text, in an item that has another member; by itself it says nothing. */
export function constant(text: string): Word {
	return {bind: () => () => text, says: () => JSON.stringify(text), paths: [], isConstant: true};
}

/** What {@link by} calls its function with: the objects of a list, else a text. */
type Values<Given extends readonly From[]> = {
	readonly [Index in keyof Given]: Given[Index] extends `${string}[]` ? readonly Members[] : string | undefined;
};

/**
 * What no other word says: the text that a function makes of the texts given, and of the objects of a list where its path
 * ends with `[]`. It sees nothing else. `says` tells people what it makes, with `$1` for the first of those given:
 * `by('"app" where $1 is', ['author.accountType'], type => (type === 'app' ? type : undefined))`.
 */
export function by<const Given extends readonly From[]>(
	says: string,
	given: Given,
	make: (...values: Values<Given>) => string | undefined,
): Word {
	const words = given.map(one => (typeof one === 'string' && one.endsWith('[]') ? listOf(one) : wordOf(one)));
	const mentioned = new Set([...says.matchAll(/\$(\d)/g)].map(([, number]) => Number(number)));
	if (mentioned.size !== given.length || words.some((_, index) => !mentioned.has(index + 1))) {
		throw new TypeError(`mapping: expected $1 to $${given.length} in "${says}", one for each path given`);
	}
	return {
		bind(slotOf) {
			const made = make as (...values: unknown[]) => unknown;
			const [one, two, three, ...more] = words.map(word => word.bind(slotOf) as (slots: Slots) => unknown);
			if (!two) return slots => textIn(made(one!(slots)));
			if (!three) return slots => textIn(made(one!(slots), two(slots)));
			return slots => textIn(made(one!(slots), two(slots), three(slots), ...more.map(read => read(slots))));
		},
		says: at => says.replace(/\$(\d)/g, (_, number) => words[Number(number) - 1]!.says(at)),
		paths: words.flatMap(({paths}) => paths),
	};
}

function listOf(path: string): Word<readonly Members[]> {
	return {
		bind(slotOf) {
			const slot = slotOf(path.slice(0, -'[]'.length), 'value');
			return slots => objectsIn(slots[slot]);
		},
		says: at => at + path,
		paths: [path],
	};
}

/**
 * The objects of a list in the record, each of which gives one item for each of `items`, whose paths begin in the object.
 * `leads` is the member that those have which come first; `else` the item where the list has no objects at all.
 */
export function each<Member extends string>(
	path: string,
	items: readonly Item<Member>[],
	options?: EachOptions<Member>,
): Each<Member>;
export function each<Member extends string>(
	path: string,
	item: Item<Member>,
	options?: EachOptions<Member>,
): Each<Member>;
export function each(path: string, items: Item | readonly Item[], options: EachOptions<string> = {}): Each {
	return {path, items: [items].flat() as Item[], leads: options.leads, otherwise: options.else};
}

interface EachOptions<Member extends string> {
	readonly leads?: string;
	readonly else?: Item<Member>;
}

/** A path is a word too. */
export function wordOf(from: From): Word {
	if (typeof from !== 'string') return from;
	return {
		bind(slotOf) {
			const slot = slotOf(from, 'text');
			return slots => slots[slot] as string | undefined;
		},
		says: at => at + from,
		paths: [from],
	};
}
