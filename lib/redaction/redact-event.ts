import {below, type MemberTree} from '../member-tree.ts';
import {addValue, isFixed, type Redaction} from './redaction.ts';
import {canonical, canonicalNumber, type ValueFinder, valueFinder} from './value-finder.ts';

/** The values of the members that are to go. */
export function valuesOf(event: unknown, {tree}: Redaction): ValueFinder {
	const values = new Set<string>();
	collect(event, tree, values);
	return valueFinder(values);
}

function collect(given: unknown, tree: MemberTree | undefined, values: Set<string>): void {
	if (tree === undefined) return;
	const value = jsonOf(given);
	if (typeof value === 'string' && tree === 'whole') addValue(values, value);
	else if (typeof value === 'number' && tree === 'whole') values.add(canonicalNumber(String(value)));
	else if (Array.isArray(value)) for (const item of value as unknown[]) collect(item, tree, values);
	else if (typeof value === 'object' && value !== null) {
		for (const [name, member] of Object.entries(value)) collect(member, below(tree, name), values);
	}
}

/**
 * The event without them, as it would be written; the same object where nothing has changed. `rawOf` gives its own text
 * without them, where that can be. Throws where the event cannot be walked through.
 */
export function redactEvent(
	event: unknown,
	redaction: Redaction,
	values: ValueFinder,
	rawOf: (text: string) => string | undefined,
): unknown {
	const root = jsonOf(event);
	if (!isObject(root)) return walk(root, redaction.tree);
	return walkMembers(root, redaction.tree, (name, member, tree) => {
		if (!isFixed(name)) return walk(member, tree);
		return name === 'raw' && typeof member === 'string' ? rawOf(member) : member;
	});

	function walk(given: unknown, tree: MemberTree | undefined): unknown {
		const value = jsonOf(given);
		const isWhole = tree === 'whole';
		if (typeof value === 'string') {
			if (!isWhole) return redaction.text(value, values);
			return value === '' ? value : redaction.mark(canonical(value));
		}
		if (typeof value === 'number') {
			const mark = redaction.number(String(value), values);
			return mark ?? (isWhole ? redaction.mark(canonicalNumber(String(value))) : value);
		}
		if (typeof value === 'boolean') return isWhole ? redaction.mark(String(value)) : value;
		if (Array.isArray(value)) return walkItems(value, tree);
		return isObject(value) ? walkMembers(value, tree, (_, member, next) => walk(member, next)) : value;
	}

	function walkMembers(
		value: object,
		tree: MemberTree | undefined,
		each: (name: string, member: unknown, tree: MemberTree | undefined) => unknown,
	): unknown {
		let isSame = true;
		const members = Object.entries(value).map(([name, member]): [string, unknown] => {
			const next = below(tree, name);
			const made = redaction.removes && next === 'whole' ? undefined : each(name, member, next);
			const shown = redaction.name(name, values);
			isSame &&= made === member && shown === name;
			return [shown, made];
		});
		// fromEntries: `__proto__` is a name like others
		return isSame ? value : Object.fromEntries(members.filter(([, member]) => member !== undefined));
	}

	function walkItems(value: readonly unknown[], tree: MemberTree | undefined): readonly unknown[] {
		const items = value.map(item => walk(item, tree));
		return items.every((item, index) => item === value[index]) ? value : items;
	}
}

function isObject(value: unknown): value is object {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What JSON would make of it: of a date, a text. */
function jsonOf(value: unknown): unknown {
	const {toJSON} = (value ?? {}) as {toJSON?: unknown};
	return typeof toJSON === 'function' ? toJSON.call(value) : value;
}
