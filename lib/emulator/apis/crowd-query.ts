import type {RecordBounds} from '../server/api.ts';
import type {CrowdFacts, CrowdObject} from './crowd-records.ts';
import {isObject, type Members, parseObject} from '../server/parse-object.ts';
import type {ZoneTime} from '../data/zone-time.ts';

const sources = ['MANUAL', 'SYNCHRONIZATION', 'DATA_IMPORT'];
/** The restrictions on entities, and the type that each of them is about. */
const entityLists = {users: 'USER', groups: 'GROUP', applications: 'APPLICATION', directories: 'DIRECTORY'} as const;
const known = ['onOrAfter', 'beforeOrOn', 'actions', 'sources', 'authors', ...Object.keys(entityLists)];

/** A search of Crowd's audit log. */
export interface CrowdQuery {
	readonly bounds: RecordBounds;
	matches(facts: CrowdFacts): boolean;
}

/** Reads the body of a search; the text says what is wrong with it. One list is OR, several lists are AND. */
export function parseCrowdQuery(body: string, zone: ZoneTime): CrowdQuery | string {
	const given = parseObject(body);
	if (!given) return 'Expected a JSON object';
	const strange = Object.keys(given).find(key => !known.includes(key));
	if (strange !== undefined) return `Unrecognized field "${strange}"`;
	const bounds: {from?: number; to?: number} = {};
	for (const [name, side] of [
		['onOrAfter', 'from'],
		['beforeOrOn', 'to'],
	] as const) {
		const value = given[name] ?? undefined;
		if (value === undefined) continue;
		const timeMs = zone.parse(value);
		if (timeMs === undefined) return `Cannot parse ${name} ${JSON.stringify(value)}`;
		bounds[side] = timeMs;
	}
	const lists = known.slice(2).map(name => given[name] ?? []);
	if (!lists.every(Array.isArray)) return 'Expected lists of restrictions';
	const [actions = [], origins = [], authors = [], ...entities] = lists as unknown[][];
	const unknown = [...actions, ...origins].find(name => !/^[A-Z][A-Z_]*$/.test(String(name)));
	const unknownSource = origins.find(name => !sources.includes(String(name)));
	if (unknown !== undefined || unknownSource !== undefined) return `No such value: ${String(unknown ?? unknownSource)}`;
	if (![authors, ...entities].flat().every(isObject)) return 'Expected restrictions like {"id": 1, "name": "admin"}';

	const types = Object.values(entityLists);
	return {
		bounds,
		matches: facts =>
			isIn(actions, facts.eventType) &&
			isIn(origins, facts.source) &&
			isAny(authors as Members[], [facts.author]) &&
			entities.every((list, index) =>
				isAny(
					list as Members[],
					facts.entities.filter(({type}) => type === types[index]),
				),
			),
	};
}

function isIn(list: readonly unknown[], value: unknown): boolean {
	return list.length === 0 || list.includes(value);
}

function isAny(restrictions: readonly Members[], objects: readonly CrowdObject[]): boolean {
	if (restrictions.length === 0) return true;
	return restrictions.some(restriction => objects.some(object => holds(restriction, object)));
}

/** The id decides where there is one, else the whole name, else how the name begins. */
function holds({id, name, namePrefix, type}: Members, object: CrowdObject): boolean {
	if (type != null && type !== object.type) return false;
	if (id != null) return object.id === id;
	if (name != null) return object.name === name;
	return typeof namePrefix !== 'string' || (object.name?.startsWith(namePrefix) ?? false);
}
