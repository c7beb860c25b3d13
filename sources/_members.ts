import type {AuditChange} from '../lib/event.ts';

/** The list that a member holds; an empty one where it is absent, null or "". */
export function listOf<T>(member: readonly T[] | '' | null | undefined): readonly T[] {
	return Array.isArray(member) ? (member as readonly T[]) : [];
}

type Text = string | null | undefined;

/** The changes that say something: of what, from what, to what. */
export function changesOf(all: readonly (readonly [field: Text, from: Text, to: Text])[]): AuditChange[] | undefined {
	const changes: AuditChange[] = [];
	for (const [field, from, to] of all) {
		const change: Writable<AuditChange> = {};
		if (field) change.field = field;
		if (from) change.from = from;
		if (to) change.to = to;
		if (field || from || to) changes.push(change);
	}
	return changes.length > 0 ? changes : undefined;
}

/** What a record is while it is written out member by member. */
export type Writable<T> = {-readonly [Key in keyof T]: T[Key]};
