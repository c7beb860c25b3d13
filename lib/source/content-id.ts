import {hash} from 'node:crypto';
import type {Json} from '../model/event.ts';

/**
 * An id for a record that has none: 32 hex digits of SHA-256 over what identifies it, whatever the order of its
 * members. Equal records get equal ids; which of several equal ones a record is, is counted where pages are read.
 */
export function contentId(identity: Json): string {
	return hash('sha256', canonical(identity), 'hex').slice(0, 32);
}

/** JSON with the members of every object in order; members that are undefined are left out, as JSON does. */
function canonical(value: Json | undefined): string {
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
	if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
	const members = Object.entries(value as Readonly<Record<string, Json | undefined>>)
		.filter(([, member]) => member !== undefined)
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
	return `{${members.join()}}`;
}
