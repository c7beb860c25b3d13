import {below, type MemberTree} from '../operators/member-tree.ts';
import {valueless} from './kept-members.ts';
import {addName, addValue, type Redaction} from './redaction.ts';
import {canonical, canonicalNumber, type ValueFinder, valueFinder} from './value-finder.ts';

/** The values of the members that are to go. */
export function valuesOf(event: unknown, {tree}: Redaction, isCommon: boolean): ValueFinder {
	const values = new Set<string>();
	collect(event, tree, isCommon ? valueless : undefined, values);
	return valueFinder(values);
}

function collect(
	given: unknown,
	tree: MemberTree | undefined,
	without: MemberTree | undefined,
	values: Set<string>,
): void {
	if (tree === undefined || without === 'whole') return;
	const value = jsonOf(given);
	if (typeof value === 'string' && tree === 'whole') addValue(values, value);
	else if (typeof value === 'number' && tree === 'whole') values.add(canonicalNumber(String(value)));
	else if (Array.isArray(value)) for (const item of value as unknown[]) collect(item, tree, without, values);
	else if (typeof value === 'object' && value !== null) {
		for (const [name, member] of Object.entries(value)) {
			if (tree === 'whole') addName(values, name);
			collect(member, below(tree, name), below(without, name), values);
		}
	}
}

/** The own text of the event's record, as it stands in the event, and what is to stand there: undefined for nothing. */
export interface OwnText {
	readonly before: string;
	readonly after: string | undefined;
}

/**
 * The event without them, as it would be written; the same object where nothing has changed. Throws where the event
 * cannot be walked through.
 */
export function redactEvent(
	event: unknown,
	redaction: Redaction,
	values: ValueFinder,
	own: OwnText,
	isCommon: boolean,
): unknown {
	const root = jsonOf(event);
	if (!isCommon || !isObject(root)) return walk(root, redaction.tree);
	return walkMembers(root, redaction.tree, redaction.kept, (name, member, tree, kept) =>
		name === 'raw' && typeof member === 'string' ? rawOf(member) : walk(member, tree, kept),
	);

	/** Also of a text that is not the record's any more: what is no JSON may hide something. */
	function rawOf(text: string): string | undefined {
		return text === own.before ? own.after : redaction.json(text, values)?.text;
	}

	function walk(given: unknown, tree: MemberTree | undefined, kept?: MemberTree): unknown {
		if (kept === 'whole') return given;
		const value = jsonOf(given);
		const isWhole = tree === 'whole';
		if (typeof value === 'string') {
			if (!isWhole) return value === own.before ? own.after : redaction.text(value, values);
			return value === '' ? value : redaction.mark(canonical(value));
		}
		if (typeof value === 'number') {
			const mark = redaction.number(String(value), values);
			return mark ?? (isWhole ? redaction.mark(canonicalNumber(String(value))) : value);
		}
		if (typeof value === 'boolean') return isWhole ? redaction.mark(String(value)) : value;
		if (Array.isArray(value)) return walkItems(value, tree, kept);
		return isObject(value) ? walkMembers(value, tree, kept) : value;
	}

	function walkMembers(
		value: object,
		tree: MemberTree | undefined,
		kept: MemberTree | undefined,
		each = (_: string, member: unknown, next?: MemberTree, stays?: MemberTree): unknown => walk(member, next, stays),
	): unknown {
		let isSame = true;
		const members = Object.entries(value).map(([name, member]): [string, unknown] => {
			const next = below(tree, name);
			const made = redaction.removes && next === 'whole' ? undefined : each(name, member, next, below(kept, name));
			const shown = redaction.name(name, values);
			isSame &&= made === member && shown === name;
			return [shown, made];
		});
		// fromEntries: `__proto__` is a name like others
		return isSame ? value : Object.fromEntries(members.filter(([, member]) => member !== undefined));
	}

	function walkItems(
		value: readonly unknown[],
		tree: MemberTree | undefined,
		kept: MemberTree | undefined,
	): readonly unknown[] {
		const items = value.map(item => walk(item, tree, kept));
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
