import type {ColumnType} from '../../lib/model/columns.ts';
import type {Json} from '../../lib/model/event.ts';

/** A value as its column takes it, and what of it the column cannot hold exactly. */
export type Split = readonly [held: Held, rest: Json | undefined];

/** Text, an instant, or lists and objects of these; null for nothing. */
export type Held = string | Date | null | readonly Held[] | {readonly [member: string]: Held};

/** An instant that milliseconds hold: one of more digits would be cut. */
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

/** Splits a value by the type of its column. Of a list with an item that does not fit the rest is the whole list. */
export function split(value: Json | undefined, type: ColumnType): Split {
	if (value === undefined || value === null) return [null, undefined];
	if (type === 'text') return typeof value === 'string' ? [value, undefined] : [null, value];
	if (type === 'time') return splitTime(value);
	if ('items' in type) {
		if (!Array.isArray(value)) return [null, value];
		const items = (value as readonly Json[]).map(item => split(item, type.items));
		return [items.map(([held]) => held), items.some(([, rest]) => rest !== undefined) ? value : undefined];
	}
	if (typeof value !== 'object' || Array.isArray(value)) return [null, value];
	const held: Record<string, Held> = {};
	let rest: Record<string, Json> | undefined;
	for (const [name, member] of Object.entries(value)) {
		const known = Object.hasOwn(type.members, name) ? type.members[name] : undefined;
		const [fitting, left] = known === undefined ? [null, member] : split(member, known);
		if (fitting !== null) held[name] = fitting;
		if (left !== undefined) (rest ??= withoutPrototype())[name] = left;
	}
	return [held, rest];
}

function splitTime(value: Json): Split {
	const time = typeof value === 'string' && instant.test(value) ? new Date(value) : undefined;
	return time && !Number.isNaN(time.getTime()) ? [time, undefined] : [null, value];
}

/** An object in which `__proto__` is a member like any other. */
function withoutPrototype(): Record<string, Json> {
	return Object.create(null) as Record<string, Json>;
}
