import {hole, type Members} from '../data/json.ts';
import {groups, people, rowsOf} from '../data/people.ts';
import type {Random} from '../data/random.ts';
import {fillWith, type RecordLog} from '../data/record-log.ts';
import type {ZoneTime} from '../data/zone-time.ts';
import type {Setting} from '../server/setting.ts';

/** An author or an entity of a changeset. */
export interface CrowdObject {
	readonly id: number | null;
	readonly name: string | null;
	readonly type: string;
}

/** What restrictions ask of a changeset, and what its filter values are. */
export interface CrowdFacts {
	readonly eventType: string;
	readonly source: string | null;
	readonly author: CrowdObject;
	readonly entities: readonly CrowdObject[];
}

/** What happened, the types of the entities, the properties that change, and the source. */
const kinds = rowsOf(`
	USER_CREATED             | USER, DIRECTORY        | Email, First name, Last name, Active
	USER_UPDATED             | USER, DIRECTORY        | Email, Display name
	USER_DELETED             | USER, DIRECTORY
	GROUP_CREATED            | GROUP, DIRECTORY       | Name, Description
	GROUP_DELETED            | GROUP, DIRECTORY
	ADDED_TO_GROUP           | GROUP, USER, DIRECTORY | Members
	REMOVED_FROM_GROUP       | GROUP, USER, DIRECTORY | Members
	APPLICATION_UPDATED      | APPLICATION            | name, active
	DIRECTORY_UPDATED        | DIRECTORY              | name
	CONFIGURATION_MODIFIED   | CONFIGURATION          | Session time-out
	SYNCHRONIZATION_STARTED  | DIRECTORY              |                  | SYNCHRONIZATION
	SYNCHRONIZATION_FINISHED | DIRECTORY              |                  | SYNCHRONIZATION
`);
const listOf = (cell = '') => cell.split(', ').filter(Boolean);

/** The audit log of a Crowd server in a zone. */
export function crowdLog(setting: Setting, zone: ZoneTime): RecordLog<CrowdFacts> {
	return setting.log({
		twinPercent: 0,
		recordOf: random => crowdRecord(random, setting.nameOf),
		factsOf: crowdFactsOf,
		variantsOf: otherOrders,
		fill: fillWith(timeMs => `"${zone.format(timeMs)}"`),
		marksOf: ({id}) => ({id: String(id)}),
	});
}

/** A made-up changeset as Crowd stores it: every member is there, null where it has no value. */
function crowdRecord(random: Random, nameOf: (name: string) => string): object {
	const [eventType, types, properties, source] = random.pick(kinds);
	const user = random.below(people.length);
	const authorType = source ?? (random.chance(90) ? 'USER' : 'APPLICATION');
	const author =
		authorType === 'USER'
			? crowdObject(authorType, 1000 + user, nameOf(people[user]!.name))
			: crowdObject(authorType, authorType === 'APPLICATION' ? 5 : null, authorType === 'APPLICATION' ? 'jira' : null);
	return changeset({
		author,
		eventType,
		entities: listOf(types).map((type, index) => ({...entity(type, random, nameOf), primary: index === 0})),
		ipAddress: random.chance(85) ? `203.0.113.${random.below(40)}` : null,
		eventMessage: random.chance(50) ? `${eventType} "done" 🦊` : null,
		source: source ?? (random.chance(80) ? 'MANUAL' : null),
		entries: listOf(properties).map(propertyName => ({
			propertyName,
			oldValue: random.chance(30) ? null : `old ${random.below(100)}`,
			newValue: `new ${random.below(100)}`,
		})),
	});
}

/** A changeset with these members, all others null. */
export function changeset(members: Members): object {
	const flat = {authorType: null, authorId: null, authorName: null};
	const entityFlat = {entityType: null, entityId: null, entityName: null};
	return {
		id: hole.id,
		timestamp: hole.time,
		author: null,
		...flat,
		eventType: null,
		...entityFlat,
		entities: [],
		ipAddress: null,
		eventMessage: null,
		source: null,
		entries: [],
		...members,
	};
}

/** An author or entity, its other names null. */
export function crowdObject(type: string, id: number | null, name: string | null): CrowdObject {
	return {id, name, displayName: null, originalName: null, type, subtype: null} as CrowdObject;
}

function entity(type: string, random: Random, nameOf: (name: string) => string): CrowdObject {
	const user = random.below(people.length);
	const name = {
		USER: people[user]!.name,
		GROUP: random.pick(groups),
		APPLICATION: random.pick(['jira', 'Jira 7.4', 'confluence']),
		DIRECTORY: random.pick(['ad', 'Internal']),
	}[type];
	// of what was deleted since only the name is left
	const id = random.chance(90) ? (type === 'USER' ? 1000 + user : 1 + random.below(20)) : null;
	return crowdObject(type, id, (name && id !== null ? nameOf(name) : name) ?? null);
}

/** The same changeset with its sets in two other orders: they have none. */
function otherOrders(record: object): readonly object[] {
	const {entities, entries} = record as {entities: readonly object[]; entries: readonly object[]};
	if (entities.length < 2 && entries.length < 2) return [];
	const turned = <T>(list: readonly T[]) => [...list.slice(1), ...list.slice(0, 1)];
	return [
		{...record, entities: entities.toReversed(), entries: entries.toReversed()},
		{...record, entities: turned(entities), entries: turned(entries)},
	];
}

/** What restrictions ask of a changeset, of whatever shape it is. */
function crowdFactsOf(record: object): CrowdFacts {
	const {eventType, source, author, entities = []} = record as Partial<CrowdFacts>;
	return {
		eventType: String(eventType),
		source: source ?? null,
		author: author ?? {id: null, name: null, type: 'OTHER'},
		entities,
	};
}
