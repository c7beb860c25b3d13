import type {AuditActor, AuditChange, AuditTarget} from '../lib/event.ts';
import {defineSource, type NormalizedMembers} from '../lib/source.ts';
import {type CrowdChangeset, type CrowdEntity, type CrowdObject, crowdRestrictions, crowdSearch} from './_crowd.ts';
import {crowdOperations} from './_crowd-operations.ts';
import type {Writable} from './_members.ts';

export type {CrowdChangeset, CrowdEntity, CrowdEntry, CrowdObject} from './_crowd.ts';

/** The audit log of a Crowd Data Center, newest changeset first: as far back as its retention goes. */
export default defineSource({
	name: 'crowd-data-center',
	docs: 'Audit log of a Crowd Data Center (POST /rest/admin/1.0/auditlog/query), newest first, as far back as its retention goes. Needs the user name and password of a Crowd administrator; the endpoint includes the context path, as in https://host/crowd. Other programs may store events of any time: those older than the overlap are found by a pull without a state only. The server gives the entities and entries of an event in any order: --format audit sorts them, --format raw and the member raw keep what came; filesystem takes any order for the same event.',
	reference: 'https://developer.atlassian.com/server/crowd/rest/',
	auth: ['basic'],
	options: crowdRestrictions,
	order: 'newest-first',
	ids: 'tenant',
	unorderedLists: true,
	lagMs: 60_000,
	records: 'values',
	// two servers may share a host
	tenant: (_, {host, pathname}) => host + pathname.replace(/\/$/, ''),
	id: (changeset: CrowdChangeset) => changeset.id,
	time: changeset => changeset.timestamp,
	request: ({pageSize, ...restrictions}, {fromMs, toMs, start}) => ({
		method: 'POST',
		path: '/rest/admin/1.0/auditlog/query',
		query: {start, limit: pageSize},
		body: crowdSearch(restrictions, {fromMs: fromMs > 0 ? fromMs : undefined, toMs}),
	}),
	more: answer => (answer as {isLastPage?: boolean}).isLastPage !== true,
	normalize,
	operations: crowdOperations,
});

/** Written out member by member, since it runs for every event; sets get an order, so that a re-read gives the same. */
function normalize(changeset: CrowdChangeset): NormalizedMembers {
	const {eventType, eventMessage, ipAddress} = changeset;
	const event: Writable<NormalizedMembers> = {};
	if (eventType) event.action = eventType;
	const entities = entitiesOf(changeset);
	const category = entities.flatMap(({primary, type}) => (primary && type) || []).sort()[0];
	if (category) event.category = category;
	if (eventMessage) event.message = eventMessage;
	event.outcome = eventType && /(^|_)FAIL/.test(eventType) ? 'failure' : 'success';
	const actor = actorOf(changeset);
	if (actor) event.actor = actor;
	if (ipAddress) event.origin = {ip: ipAddress, ips: [ipAddress]};
	const targets = targetsOf(entities);
	if (targets) event.targets = targets;
	const changes = changesOf(changeset.entries);
	if (changes) event.changes = changes;
	return event;
}

const actorTypes: Readonly<Record<string, string>> = {USER: 'user', APPLICATION: 'app', SYSTEM: 'system'};

function actorOf({author, authorId, authorName, authorType}: CrowdChangeset): AuditActor | undefined {
	const given = author ?? objectOf(authorId, authorName, authorType);
	const {id, type} = given;
	const actor: Writable<AuditActor> = {};
	const name = nameOf(given);
	if (id != null) actor.id = String(id);
	if (name) actor.name = name;
	if (type) actor.type = actorTypes[type] ?? type;
	return actor.id || actor.name || actor.type ? actor : undefined;
}

function entitiesOf({entities, entityId, entityName, entityType}: CrowdChangeset): readonly CrowdEntity[] {
	if (entities?.length) return entities;
	return [{...objectOf(entityId, entityName, entityType), primary: true}];
}

/** From the members that older plugins fill. */
function objectOf(id: number | null = null, name: string | null = null, type: string | null = null): CrowdObject {
	return {id, name, type};
}

/** The primary one first. */
function targetsOf(entities: readonly CrowdEntity[]): AuditTarget[] | undefined {
	const targets: {target: AuditTarget; rank: string}[] = [];
	for (const entity of entities) {
		const target: Writable<AuditTarget> = {};
		const name = nameOf(entity);
		if (entity.type) target.type = entity.type;
		if (entity.id != null) target.id = String(entity.id);
		if (name) target.name = name;
		if (target.type || target.id || name) targets.push({target, rank: (entity.primary ? '0' : '1') + orderOf(target)});
	}
	return targets.length > 0 ? targets.sort(byRank).map(({target}) => target) : undefined;
}

function changesOf(entries: CrowdChangeset['entries']): AuditChange[] | undefined {
	const changes: {change: AuditChange; rank: string}[] = [];
	for (const {propertyName, oldValue, newValue} of entries ?? []) {
		const change: Writable<AuditChange> = {};
		if (propertyName) change.field = propertyName;
		if (oldValue) change.from = oldValue;
		if (newValue) change.to = newValue;
		if (propertyName || oldValue || newValue) changes.push({change, rank: orderOf(change)});
	}
	return changes.length > 0 ? changes.sort(byRank).map(({change}) => change) : undefined;
}

function nameOf({name, displayName, originalName}: CrowdObject): string | undefined {
	return name || displayName || originalName || undefined;
}

/** The members are always put in in one order, so equal ones have equal texts. */
function orderOf(value: object): string {
	return JSON.stringify(value);
}

function byRank(one: {rank: string}, other: {rank: string}): number {
	return one.rank < other.rank ? -1 : one.rank > other.rank ? 1 : 0;
}
