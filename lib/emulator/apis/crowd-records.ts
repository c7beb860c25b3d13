import {groups, people} from '../data/catalogue.ts';
import type {Members} from '../server/parse-object.ts';
import type {Random} from '../data/random.ts';
import type {RecordLog} from '../data/record-log.ts';
import {hole} from '../data/record-template.ts';
import type {Setting} from '../server/setting.ts';
import type {ZoneTime} from '../data/zone-time.ts';

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

interface Kind {
	readonly event: string;
	readonly entities: readonly string[];
	readonly entries: readonly string[];
	readonly source?: string;
}

const kinds: readonly Kind[] = [
	{event: 'USER_CREATED', entities: ['USER', 'DIRECTORY'], entries: ['Email', 'First name', 'Last name', 'Active']},
	{event: 'USER_UPDATED', entities: ['USER', 'DIRECTORY'], entries: ['Email', 'Display name']},
	{event: 'USER_DELETED', entities: ['USER', 'DIRECTORY'], entries: []},
	{event: 'GROUP_CREATED', entities: ['GROUP', 'DIRECTORY'], entries: ['Name', 'Description']},
	{event: 'GROUP_DELETED', entities: ['GROUP', 'DIRECTORY'], entries: []},
	{event: 'ADDED_TO_GROUP', entities: ['GROUP', 'USER', 'DIRECTORY'], entries: ['Members']},
	{event: 'REMOVED_FROM_GROUP', entities: ['GROUP', 'USER', 'DIRECTORY'], entries: ['Members']},
	{event: 'APPLICATION_UPDATED', entities: ['APPLICATION'], entries: ['name', 'active']},
	{event: 'DIRECTORY_UPDATED', entities: ['DIRECTORY'], entries: ['name']},
	{event: 'CONFIGURATION_MODIFIED', entities: ['CONFIGURATION'], entries: ['Session time-out']},
	{event: 'SYNCHRONIZATION_STARTED', entities: ['DIRECTORY'], entries: [], source: 'SYNCHRONIZATION'},
	{event: 'SYNCHRONIZATION_FINISHED', entities: ['DIRECTORY'], entries: [], source: 'SYNCHRONIZATION'},
];

/** The audit log of a Crowd server in a zone. */
export function crowdLog({logOf, nameOf}: Setting, zone: ZoneTime): RecordLog<CrowdFacts> {
	return logOf('crowd-data-center', () => ({
		ids: true,
		recordOf: random => crowdRecord(random, nameOf),
		factsOf: crowdFactsOf,
		reorder: crowdReorder,
		timeJson: timeMs => Buffer.from(`"${zone.format(timeMs)}"`),
	}));
}

/** A made-up changeset as Crowd stores it: every member is there, null where it has no value. */
function crowdRecord(random: Random, nameOf: (name: string) => string): object {
	const kind = random.pick(kinds);
	const user = random.below(people.length);
	const authorType = kind.source === 'SYNCHRONIZATION' ? 'SYNCHRONIZATION' : random.chance(90) ? 'USER' : 'APPLICATION';
	const author =
		authorType === 'USER'
			? crowdObject(authorType, 1000 + user, nameOf(people[user]!.name))
			: crowdObject(authorType, authorType === 'APPLICATION' ? 5 : null, authorType === 'APPLICATION' ? 'jira' : null);
	return changeset({
		author,
		eventType: kind.event,
		entities: kind.entities.map((type, index) => ({...entity(type, random, nameOf), primary: index === 0})),
		ipAddress: random.chance(85) ? `203.0.113.${random.below(40)}` : null,
		eventMessage: random.chance(50) ? `${kind.event} "done" 🦊` : null,
		source: kind.source ?? (random.chance(80) ? 'MANUAL' : null),
		entries: kind.entries.map(propertyName => ({
			propertyName,
			oldValue: random.chance(30) ? null : `old ${random.below(100)}`,
			newValue: `new ${random.below(100)}`,
		})),
	});
}

/** A changeset with these members, all others null. */
export function changeset(members: Members): object {
	return {
		id: hole.id,
		timestamp: hole.time,
		author: null,
		authorType: null,
		authorId: null,
		authorName: null,
		eventType: null,
		entityType: null,
		entityId: null,
		entityName: null,
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
function crowdReorder(record: object): readonly object[] {
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
