import {isObject, type Members, textIn} from './members.ts';

/** What was read of a record: each path once, however many members come from it. */
export type Slots = readonly unknown[];

/** How what is at a path is taken: as a text, or as it is. */
type Take = 'text' | 'value';

/** The number of a path's slot; the same path has the same. */
export type SlotOf = (path: string, take: Take) => number;

interface Slot {
	/** The slot of the object above. */
	readonly above: number;
	readonly key: string;
	readonly take: Take | 'object';
}

/**
 * Reads paths of records, all at once: `fill` gives their values, undefined where a step leads nowhere. A mapping has its
 * paths from strings, so that each step is dear, and those that many paths share are taken once.
 */
export function slots(): {readonly slotOf: SlotOf; fill(record: Members): Slots} {
	// the first is the record itself
	const all: Slot[] = [];
	const known = new Map<string, number>();

	const slotAt = (steps: readonly string[], take: Slot['take']): number => {
		if (steps.length === 0) return 0;
		const id = `${take} ${steps.join('.')}`;
		const before = known.get(id);
		if (before !== undefined) return before;
		const slot = {above: slotAt(steps.slice(0, -1), 'object'), key: steps.at(-1)!, take};
		known.set(id, all.push(slot));
		return all.length;
	};

	return {
		slotOf(path, take) {
			const steps = path.split('.');
			if (steps.some(step => step === '' || step in Object.prototype || /[[\]]/.test(step))) {
				throw new TypeError(`mapping: expected a path like author.id, got "${path}"`);
			}
			return slotAt(steps, take);
		},
		fill(record) {
			const values = new Array<unknown>(all.length + 1);
			values[0] = record;
			for (let index = 0; index < all.length; index++) {
				const {above, key, take} = all[index]!;
				const object = values[above] as Members | undefined;
				const value = object === undefined ? undefined : object[key];
				values[index + 1] = take === 'text' ? textIn(value) : take === 'value' || isObject(value) ? value : undefined;
			}
			return values;
		},
	};
}
