import {contentId} from '../../lib/source/content-id.ts';
import type {AuditEvent, Json} from '../../lib/model/event.ts';
import {excerpt} from '../../lib/http/secrets.ts';
import {recordTime} from '../../lib/options/time.ts';

/** A changeset as Crowd takes it: the server gives the id. */
export interface NewChangeset {
	readonly eventType: string;
	/** When it occurred, epoch milliseconds. */
	readonly timeMs: number;
	readonly body: Json;
	/** What the log is searched for. */
	readonly mark: string;
	/** The origin of the changeset that it is a copy of, if it is one: see {@link originOf}. */
	readonly origin: string | undefined;
}

/** The property whose new value says which record a changeset was made from: how one that is there already is known. */
const markName = 'rxaudit';
/** Readable marks lead back to the record; one that may not fit a column or a log is hashed. */
const readableMark = /^[\x20-\x7e]{1,200}$/;
const crowdWord = /^[A-Z][A-Z0-9_]*$/;
const authorTypes: Types = {user: 'USER', app: 'APPLICATION', system: 'SYSTEM'};
const entityTypes: Types = {user: 'USER', group: 'GROUP', app: 'APPLICATION', directory: 'DIRECTORY'};

type Types = Readonly<Record<string, string>>;
type Members = Readonly<Record<string, Json | undefined>>;

/** What marks the changeset of one record. */
export function markOf({name, tenant}: {readonly name: string; readonly tenant: string}, id: string): string {
	const readable = `${name}/${tenant}/${id}`;
	return readableMark.test(readable) ? readable : `${name}/${contentId([tenant, id])}`;
}

/** The marks of a changeset that a server has given. */
export function marksIn(changeset: unknown): string[] {
	const {entries} = membersOf(changeset);
	return (Array.isArray(entries) ? entries : [])
		.map(membersOf)
		.flatMap(({propertyName, newValue}) =>
			propertyName === markName && typeof newValue === 'string' ? [newValue] : [],
		);
}

/** What tells a changeset of one log from those of all logs; undefined for anything else. */
export function originOf(record: unknown): string | undefined {
	const {id, eventType, timestamp} = membersOf(record);
	const timeMs = timeOf(timestamp);
	const isWhole = id != null && typeof eventType === 'string' && timeMs !== undefined;
	return isWhole ? JSON.stringify([id, timeMs, eventType]) : undefined;
}

/**
 * The changeset for a common record, or for one that is a changeset already, with its origin. Throws for anything else,
 * and for a record that this sink has stored, which has another mark.
 */
export function newChangeset(event: unknown, mark: string, record: unknown): NewChangeset {
	const given = membersOf(event);
	const changeset = isCommonRecord(given) ? fromCommonRecord(given) : given;
	const {id: _id, eventType, timestamp, author, authorType, entries} = changeset;
	const timeMs = timeOf(timestamp);
	if (typeof eventType !== 'string' || timeMs === undefined || !(author ?? authorType)) {
		throw new TypeError('expected a common record or a Crowd changeset with eventType, timestamp and author');
	}
	const [earlier] = marksIn(changeset);
	if (earlier !== undefined) {
		throw new TypeError(
			`expected a record that was not stored by rxaudit before, got one with the mark ${excerpt(earlier)}`,
		);
	}
	const marked = [...(Array.isArray(entries) ? entries : []), {propertyName: markName, oldValue: null, newValue: mark}];
	const body = withoutUndefined({...changeset, id: undefined, entries: marked});
	return {eventType, timeMs, body, mark, origin: originOf(record)};
}

function isCommonRecord({time, source, tenant}: object & Partial<AuditEvent>): boolean {
	return typeof time === 'string' && typeof source === 'string' && typeof tenant === 'string';
}

/**
 * Names stand alone, since ids of another system would name strangers in Crowd. A kind that Crowd has no word for is
 * OTHER.
 */
function fromCommonRecord(members: Members): Members {
	const {time, action, message, actor, origin, targets = [], changes = []} = members as unknown as AuditEvent;
	const known = action !== undefined && crowdWord.test(action);
	return {
		timestamp: time.replace('Z', '+0000'),
		eventType: known ? action : 'OTHER',
		eventMessage: (known ? message : [action, message].filter(Boolean).join(': ')) || null,
		author: {name: actor?.name ?? actor?.email ?? actor?.id ?? null, type: wordOf(authorTypes, actor?.type)},
		entities: targets.map(({type, id, name}, index) => ({
			name: name ?? id ?? null,
			type: wordOf(entityTypes, type),
			primary: index === 0,
		})),
		ipAddress: origin?.ip ?? null,
		source: 'DATA_IMPORT',
		entries: changes.map(({field, from, to}) => ({
			propertyName: field ?? null,
			oldValue: from ?? null,
			newValue: to ?? null,
		})),
	};
}

/** Crowd's word for a type: its own, in any case and number. */
function wordOf(types: Types, type = ''): string {
	return types[type.toLowerCase().replace(/s$/, '')] ?? (Object.values(types).includes(type) ? type : 'OTHER');
}

function timeOf(timestamp: Json | undefined): number | undefined {
	return typeof timestamp === 'string' ? recordTime(timestamp)?.timeMs : undefined;
}

function membersOf(value: unknown): Members {
	return (typeof value === 'object' && value !== null ? value : {}) as Members;
}

function withoutUndefined(members: Members): Json {
	return JSON.parse(JSON.stringify(members)) as Json;
}
