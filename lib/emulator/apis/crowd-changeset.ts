import {changeset, crowdObject} from './crowd-records.ts';
import {isObject, type Members, parseObject} from '../server/parse-object.ts';
import {hole} from '../data/record-template.ts';
import type {ZoneTime} from '../data/zone-time.ts';

export interface NewChangeset {
	/** Undefined: now. */
	readonly timeMs: number | undefined;
	readonly record: object;
}

/**
 * The changeset that a client stores, or what is wrong with it: a member, a type or a word that the document does not
 * have, or that nobody or nothing is named. The server gives the id, so a changeset that is sent again is stored again.
 * Deprecated flat members become an author and a primary entity.
 */
export function newChangeset(body: string, zone: ZoneTime): NewChangeset | string {
	const given = parseObject(body);
	if (!given) return 'Expected a JSON object';
	const mistake = mistakeIn(given);
	if (mistake !== undefined) return mistake;
	const {timestamp, authorType, authorId, authorName, entityType, entityId, entityName, ...rest} = given;
	const author = rest['author'] ?? (authorType == null ? null : objectOf(authorType, authorId, authorName));
	if (author === null) return 'Author not set';
	if (rest['eventType'] == null) return 'Event type not set';
	const timeMs = timestamp == null ? undefined : zone.parse(timestamp);
	if (timestamp != null && timeMs === undefined) return `Cannot parse timestamp ${JSON.stringify(timestamp)}`;
	const primary = entityType == null ? [] : [{...objectOf(entityType, entityId, entityName), primary: true}];
	const record = changeset({
		...rest,
		id: hole.id,
		author,
		entities: rest['entities'] ?? primary,
		entries: rest['entries'] ?? [],
		source: rest['source'] ?? 'MANUAL',
	} satisfies Members);
	return {timeMs, record};
}

const texts = ['name', 'displayName', 'originalName', 'subtype'];
const authorTypes = ['USER', 'APPLICATION', 'SYSTEM', 'PLUGIN', 'SYNCHRONIZATION', 'DATA_IMPORT', 'OTHER'];
const entityTypes = ['APPLICATION', 'DIRECTORY', 'USER', 'GROUP', 'CONFIGURATION', 'RESTORE', 'OTHER'];
const sources = ['MANUAL', 'SYNCHRONIZATION', 'DATA_IMPORT'];

type Check = (value: unknown) => boolean;

const isText: Check = value => typeof value === 'string';
const isNumber: Check = Number.isSafeInteger;
const isOneOf =
	(words: readonly string[]): Check =>
	value =>
		words.some(word => word === value);
const isObjectOf =
	(checks: Checks): Check =>
	value =>
		isObject(value) && wrongMember(value, checks) === undefined;
const isListOf =
	(checks: Checks): Check =>
	value =>
		Array.isArray(value) && value.every(isObjectOf(checks));

type Checks = Readonly<Record<string, Check>>;

const named: Checks = {id: isNumber, ...Object.fromEntries(texts.map(name => [name, isText]))};
const entry: Checks = {propertyName: isText, oldValue: isText, newValue: isText};
const checks: Checks = {
	id: isNumber,
	timestamp: isText,
	author: isObjectOf({...named, type: isOneOf(authorTypes)}),
	authorType: isOneOf(authorTypes),
	authorId: isNumber,
	authorName: isText,
	eventType: value => typeof value === 'string' && /^[A-Z][A-Z0-9_]*$/.test(value),
	entityType: isOneOf(entityTypes),
	entityId: isNumber,
	entityName: isText,
	entities: isListOf({...named, type: isOneOf(entityTypes), primary: value => typeof value === 'boolean'}),
	ipAddress: isText,
	eventMessage: isText,
	source: isOneOf(sources),
	entries: isListOf(entry),
};

function mistakeIn(given: Members): string | undefined {
	const wrong = wrongMember(given, checks);
	if (wrong === undefined) return undefined;
	return Object.hasOwn(checks, wrong) ? `Cannot read "${wrong}"` : `Unrecognized field "${wrong}"`;
}

/** Any member may be null. */
function wrongMember(given: Members, known: Checks): string | undefined {
	const isWrong = (name: string) => given[name] !== null && !(Object.hasOwn(known, name) && known[name]!(given[name]));
	return Object.keys(given).find(isWrong);
}

function objectOf(type: unknown, id: unknown, name: unknown): object {
	return crowdObject(String(type), typeof id === 'number' ? id : null, typeof name === 'string' ? name : null);
}
