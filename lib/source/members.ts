/** A parsed record, of which nothing is certain. */
export type Members = Readonly<Record<string, unknown>>;

/** The text of a member: undefined where there is nothing, `""`, null, a list or an object. */
export function textIn(member: unknown): string | undefined {
	if (typeof member === 'string') return member === '' ? undefined : member;
	if (typeof member === 'number') return isExact(member) ? String(member) : undefined;
	return typeof member === 'boolean' ? String(member) : undefined;
}

/** Beyond 2^53 the digits are not those of the record, so that two ids may look the same: better none. */
function isExact(number: number): boolean {
	return Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
}

/** The members of an object; none of what is no object. */
export function membersIn(member: unknown): Members {
	return isObject(member) ? member : nothing;
}

/** The objects in a list; none of what is no list. */
export function objectsIn<T = Members>(member: unknown): readonly T[] {
	if (!Array.isArray(member)) return none;
	const list = member as readonly unknown[];
	for (let index = 0; index < list.length; index++) if (!isObject(list[index])) return list.filter(isObject) as T[];
	return list as T[];
}

const nothing: Members = {};
const none: readonly never[] = [];

export function isObject(value: unknown): value is Members {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
