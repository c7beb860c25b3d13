import {createHmac, hash} from 'node:crypto';
import {isIP} from 'node:net';
import {ConfigError} from '../model/errors.ts';
import {type AuditEvent, commonMembers} from '../model/event.ts';
import type {Rejected} from '../model/page.ts';
import {below, type MemberTree, memberTree} from '../operators/member-tree.ts';
import {type Find, type RedactPattern, replacePatterns} from './patterns.ts';
import {valueFinder} from './values.ts';

export interface RedactOptions {
	/** Members of the common record, dotted; a list stands for each of its items: `targets.name`. */
	readonly members?: readonly string[] | undefined;
	/** What is looked for in all texts. Of an expression each match is replaced. */
	readonly patterns?: readonly RedactPattern[] | undefined;
	/** Makes pseudonyms, at least 16 bytes. Whoever has it can find out whose they are, by trying. */
	readonly key?: string | Uint8Array | undefined;
}

interface Redaction {
	/** The common record without what is to go, and without `raw`. Throws where it cannot be walked through. */
	event(event: AuditEvent): AuditEvent;
	/** Any other text without what matches. */
	text(text: string): string;
	/** What is left of an action. */
	action(action: string): string;
}

/** Files, rows and identities are named by these, or they are words of closed lists, which say nothing of people. */
const kept = ['id', 'time', 'source', 'tenant', 'processed', 'activity', 'outcome'];
/** Members of these names hold words of the API: nobody is to hide what was done by being called so. */
const words = new Set(['action', 'actionName', 'category', 'type', 'field']);
const gone = '[redacted]';
const minKeyBytes = 16;

/** What is to go, and what stands in its place: the same for the same value. Throws a ConfigError for what cannot be. */
export function redactionOf({members = [], patterns = [], key}: RedactOptions): Redaction {
	if (members.length + patterns.length === 0) throw new ConfigError('redact: expected members or patterns, got none');
	const known = commonMembers();
	for (const member of members) checkMember(member, known);
	const mark = markerOf(key);
	const text = replacePatterns(patterns, mark);
	const tree = members.length > 0 ? memberTree('redact', members) : undefined;
	/** The schemas are mapped by types: they stay in what is named as a whole, where pseudonyms can stand beside them. */
	const keepsTypes = !members.some(member => member.endsWith('.type'));
	const names = new Set(known.flatMap(member => member.split('.')));

	function redacted(given: unknown, wanted: MemberTree | undefined, values: Find | undefined): unknown {
		const value = jsonOf(given);
		const isWhole = wanted === 'whole';
		if (value === undefined || (isWhole && key === undefined)) return undefined;
		if (typeof value === 'string' || typeof value === 'number') {
			if (isWhole) return value === '' ? value : mark(String(value));
			const shown = text(String(value), values);
			return shown === String(value) ? value : shown;
		}
		if (typeof value === 'boolean' && isWhole) return mark(String(value));
		if (typeof value !== 'object' || value === null) return value;
		if (Array.isArray(value)) {
			const items = value.map(item => redacted(item, wanted, values)).filter(item => item !== undefined);
			return items.length > 0 || value.length === 0 ? items : undefined;
		}
		return membersOf(value, values, (name, member) => {
			const stays = isWhole && keepsTypes && name === 'type';
			return redacted(member, stays ? undefined : below(wanted, name), words.has(name) ? undefined : values);
		});
	}

	/** Undefined where nothing is left, as what says nothing is absent from a common record. */
	function membersOf(
		value: object,
		values: Find | undefined,
		each: (name: string, member: unknown) => unknown,
	): object | undefined {
		const all = Object.entries(value);
		const left = all.flatMap(([name, member]): [string, unknown][] => {
			const shown = each(name, member);
			return shown === undefined ? [] : [[names.has(name) ? name : text(name, values), shown]];
		});
		// fromEntries: `__proto__` is a name like others
		return left.length > 0 || all.length === 0 ? Object.fromEntries(left) : undefined;
	}

	return {
		event(event) {
			const values = tree && valueFinder(valuesIn(event, tree, new Set()));
			return membersOf(event, values, (name, member) => {
				if (name === 'raw') return undefined;
				if (kept.includes(name)) return member;
				return redacted(member, below(tree, name), words.has(name) ? undefined : values);
			}) as AuditEvent;
		},
		text,
		action: action => (redacted(action, below(tree, 'action'), undefined) as string | undefined) ?? gone,
	};
}

/** The values of the members that are to go. */
function valuesIn(given: unknown, wanted: MemberTree, values: Set<string>): Set<string> {
	const value = jsonOf(given);
	if (Array.isArray(value)) for (const item of value as unknown[]) valuesIn(item, wanted, values);
	else if (typeof value === 'object' && value !== null) {
		for (const [name, member] of Object.entries(value)) {
			const next = below(wanted, name);
			if (next !== undefined && name !== 'raw' && !words.has(name)) valuesIn(member, next, values);
		}
	} else if (wanted === 'whole' && (typeof value === 'string' || typeof value === 'number')) values.add(String(value));
	return values;
}

/** A function that gives what stands for a value. */
function markerOf(key: string | Uint8Array | undefined): (value: string) => string {
	if (key === undefined) return () => gone;
	const bytes = typeof key === 'string' ? Buffer.from(key) : Uint8Array.from(key);
	if (bytes.length < minKeyBytes) {
		throw new ConfigError(`redact: expected a key of at least ${minKeyBytes} bytes, got ${bytes.length}`);
	}
	return value => `redacted:${createHmac('sha256', bytes).update(canonical(value)).digest('hex').slice(0, 32)}`;
}

/** One form for all spellings of a value: composed, and addresses, which are the same in any case, in lower case. */
function canonical(value: string): string {
	const text = value.trim().normalize();
	return text.includes('@') || isIP(text) ? text.toLowerCase() : text;
}

function checkMember(member: string, known: readonly string[]): void {
	const top = member.split('.')[0]!;
	if (kept.includes(top)) {
		throw ConfigError.of('redact', [
			{
				option: 'members',
				expected: `members other than ${kept.join(', ')}`,
				got: member,
				do: 'files, rows and identities are named by them, or they are words of closed lists',
			},
		]);
	}
	if (known.includes(member)) return;
	const got = JSON.stringify(member);
	throw ConfigError.of('redact', [{option: 'members', expected: 'a member of the common record', got}]);
}

/** What JSON would make of it: of a date, a text. */
function jsonOf(value: unknown): unknown {
	const {toJSON} = (value ?? {}) as {toJSON?: unknown};
	return typeof toJSON === 'function' ? toJSON.call(value) : value;
}

/**
 * A dead letter without its record. The words of this library are those of its reason up to the first colon: what
 * follows may quote the record.
 */
export function withoutText({id, identity, text, reason}: Rejected, redacted = (words: string) => words): Rejected {
	return {
		...(id === undefined ? {} : {id}),
		identity: identity ?? hash('sha256', text, 'hex'),
		text: new Uint8Array(),
		reason: redacted(reason.split(':', 1)[0]!),
	};
}
