import {hole, isObject, type Members, parseObject} from '../data/json.ts';
import type {ZoneTime} from '../data/zone-time.ts';
import type {RecordBounds} from '../server/api.ts';
import {changeset, type CrowdFacts, crowdObject, type CrowdObject} from './_crowd-records.ts';

const authorTypes = ['USER', 'APPLICATION', 'SYSTEM', 'PLUGIN', 'SYNCHRONIZATION', 'DATA_IMPORT', 'OTHER'];
const entityTypes = ['APPLICATION', 'DIRECTORY', 'USER', 'GROUP', 'CONFIGURATION', 'RESTORE', 'OTHER'];
const sources = ['MANUAL', 'SYNCHRONIZATION', 'DATA_IMPORT'];
const projections = ['AUTHOR', 'USER', 'GROUP', 'APPLICATION', 'DIRECTORY'] as const;
/** The restrictions on entities, and the type that each of them is about. */
const entityLists = {users: 'USER', groups: 'GROUP', applications: 'APPLICATION', directories: 'DIRECTORY'} as const;
const lists = ['actions', 'sources', 'authors', ...Object.keys(entityLists)];

/** A search of Crowd's audit log. */
export interface CrowdQuery {
	readonly bounds: RecordBounds;
	matches(facts: CrowdFacts): boolean;
}

/** Reads the body of a search; the text says what is wrong with it. One list is OR, several lists are AND. */
export function parseCrowdQuery(body: string, zone: ZoneTime): CrowdQuery | string {
	const given = parseObject(body);
	if (!given) return 'Expected a JSON object';
	const strange = Object.keys(given).find(key => !['onOrAfter', 'beforeOrOn', ...lists].includes(key));
	if (strange !== undefined) return `Unrecognized field "${strange}"`;
	const [from, to] = ['onOrAfter', 'beforeOrOn'].map(name => given[name] ?? undefined);
	const bounds = {from: from === undefined ? from : zone.parse(from), to: to === undefined ? to : zone.parse(to)};
	if (from !== undefined && bounds.from === undefined) return `Cannot parse onOrAfter ${JSON.stringify(from)}`;
	if (to !== undefined && bounds.to === undefined) return `Cannot parse beforeOrOn ${JSON.stringify(to)}`;
	const values = lists.map(name => given[name] ?? []);
	if (!values.every(Array.isArray)) return 'Expected lists of restrictions';
	const [actions = [], origins = [], authors = [], ...entities] = values as unknown[][];
	const isStrange = (name: unknown) => !/^[A-Z][A-Z_]*$/.test(String(name));
	const unknown = [...actions, ...origins].find(isStrange) ?? origins.find(name => !sources.includes(String(name)));
	if (unknown !== undefined) return `No such value: ${JSON.stringify(unknown)}`;
	if (![authors, ...entities].flat().every(isObject)) return 'Expected restrictions like {"id": 1, "name": "admin"}';

	const types = Object.values(entityLists);
	const isIn = (list: readonly unknown[], value: unknown) => list.length === 0 || list.includes(value);
	const isAny = (list: readonly unknown[], objects: readonly CrowdObject[]) =>
		list.length === 0 || list.some(restriction => objects.some(object => holds(restriction as Members, object)));
	return {
		bounds,
		matches: facts =>
			isIn(actions, facts.eventType) &&
			isIn(origins, facts.source) &&
			isAny(authors, [facts.author]) &&
			entities.every((list, index) => {
				return isAny(
					list,
					facts.entities.filter(({type}) => type === types[index]),
				);
			}),
	};
}

/** The id decides where there is one, else the whole name, else how the name begins. */
function holds({id, name, namePrefix, type}: Members, object: CrowdObject): boolean {
	if (type != null && type !== object.type) return false;
	if (id != null) return object.id === id;
	if (name != null) return object.name === name;
	return typeof namePrefix !== 'string' || (object.name?.startsWith(namePrefix) ?? false);
}

/** What filter values can be asked for. The vendor does not list the names. */
export type Projection = (typeof projections)[number];

export function isProjection(name: string | null): name is Projection {
	return projections.some(one => one === name);
}

/**
 * The different authors or entities of changesets whose names begin with `search`, ascending by name: changesets of
 * which only the deprecated flat members are filled.
 */
export function filterValues(facts: readonly CrowdFacts[], projection: Projection, search: string): readonly object[] {
	const prefix = search.toLowerCase();
	const found = new Map<string, {key: string; value: object}>();
	for (const {author, entities} of new Set(facts)) {
		const objects = projection === 'AUTHOR' ? [author] : entities.filter(({type}) => type === projection);
		for (const {id, name, type} of objects) {
			if (!(name ?? '').toLowerCase().startsWith(prefix)) continue;
			const flat =
				projection === 'AUTHOR'
					? {authorType: type, authorId: id, authorName: name}
					: {entityType: type, entityId: id, entityName: name};
			const text = JSON.stringify(flat);
			found.set(text, {key: `${name ?? ''}\0${text}`, value: changeset({id: null, timestamp: null, ...flat})});
		}
	}
	return [...found.values()].sort((one, other) => (one.key < other.key ? -1 : 1)).map(({value}) => value);
}

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
	const wrong = wrongMember(given, changesetChecks);
	if (wrong !== undefined)
		return Object.hasOwn(changesetChecks, wrong) ? `Cannot read "${wrong}"` : `Unrecognized field "${wrong}"`;
	const {timestamp, authorType, authorId, authorName, entityType, entityId, entityName, ...rest} = given;
	const author = rest['author'] ?? (authorType == null ? null : objectOf(authorType, authorId, authorName));
	if (author === null) return 'Author not set';
	if (rest['eventType'] == null) return 'Event type not set';
	const timeMs = timestamp == null ? undefined : zone.parse(timestamp);
	if (timestamp != null && timeMs === undefined) return `Cannot parse timestamp ${JSON.stringify(timestamp)}`;
	const primary = entityType == null ? [] : [{...objectOf(entityType, entityId, entityName), primary: true}];
	const {entities = primary, entries = [], source = 'MANUAL'} = withoutNulls(rest);
	return {timeMs, record: changeset({...rest, id: hole.id, author, entities, entries, source})};
}

type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

const isText: Check = value => typeof value === 'string';
const isNumber: Check = Number.isSafeInteger;
const isOneOf =
	(words: readonly unknown[]): Check =>
	value =>
		words.includes(value);
const isObjectOf =
	(checks: Checks): Check =>
	value =>
		isObject(value) && wrongMember(value, checks) === undefined;
const isListOf =
	(checks: Checks): Check =>
	value =>
		Array.isArray(value) && value.every(isObjectOf(checks));

const named: Checks = {id: isNumber, name: isText, displayName: isText, originalName: isText, subtype: isText};
const changesetChecks: Checks = {
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
	entries: isListOf({propertyName: isText, oldValue: isText, newValue: isText}),
};

/** Any member may be null. */
function wrongMember(given: Members, known: Checks): string | undefined {
	const isWrong = (name: string) => given[name] !== null && !(Object.hasOwn(known, name) && known[name]!(given[name]));
	return Object.keys(given).find(isWrong);
}

function withoutNulls(members: Members): Members {
	return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

function objectOf(type: unknown, id: unknown, name: unknown): object {
	return crowdObject(String(type), typeof id === 'number' ? id : null, typeof name === 'string' ? name : null);
}
