import type {AuditActor, AuditChange, AuditTarget} from '../lib/model/event.ts';
import {defineSource, type NormalizedMembers} from '../lib/source/define-source.ts';
import {crowdActions} from './_crowd-actions.ts';
import {type CrowdChangeset, crowdRestrictions, crowdSearch} from './_crowd.ts';
import {crowdOperations} from './_crowd-operations.ts';
import {
	changeOf,
	hasFailed,
	type Members,
	membersIn,
	objectsIn,
	originIn,
	someIn,
	targetOf,
	textIn,
	type Writable,
} from './_members.ts';

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
	isLast: ({envelope}) => (envelope as {isLastPage?: boolean}).isLastPage === true,
	product: {vendor: 'Atlassian', name: 'Crowd Data Center'},
	normalize,
	mapping: {
		action: 'eventType',
		category: 'entities[].type of the one that is entities[].primary, else entityType',
		message: 'eventMessage',
		outcome: '"failure" where a word of eventType begins with FAIL, else "success"',
		'actor.id': 'author.id, else authorId',
		'actor.name': 'author.name, else author.displayName, else author.originalName, else authorName',
		'actor.fullName': 'author.displayName',
		'actor.type':
			'author.type, else authorType: "user" for USER, "app" for APPLICATION and PLUGIN, "system" for SYSTEM, SYNCHRONIZATION and DATA_IMPORT',
		'origin.ip': 'the first of ipAddress',
		'origin.ips': 'ipAddress, at its commas',
		'targets.type': 'entities[].type, else entityType; the primary one comes first',
		'targets.id': 'entities[].id, else entityId',
		'targets.name': 'entities[].name, else entities[].displayName, else entities[].originalName, else entityName',
		'changes.field': 'entries[].propertyName',
		'changes.from': 'entries[].oldValue',
		'changes.to': 'entries[].newValue',
	},
	actions: crowdActions,
	operations: crowdOperations,
});

/** Written out member by member, since it runs for every event; sets get an order, so that a re-read gives the same. */
function normalize(changeset: CrowdChangeset): NormalizedMembers {
	const action = textIn(changeset.eventType);
	const message = textIn(changeset.eventMessage);
	const event: Writable<NormalizedMembers> = {};
	if (action) event.action = action;
	const entities = entitiesOf(changeset);
	const category = categoryIn(entities);
	if (category) event.category = category;
	if (message) event.message = message;
	event.outcome = hasFailed(action) ? 'failure' : 'success';
	const actor = actorOf(changeset);
	if (actor) event.actor = actor;
	const origin = originIn(changeset.ipAddress);
	if (origin) event.origin = origin;
	const targets = targetsOf(entities);
	if (targets) event.targets = targets;
	const changes = someIn(changeset.entries, ({propertyName, oldValue, newValue}) =>
		changeOf(propertyName, oldValue, newValue),
	);
	if (changes) event.changes = changes.sort(byChange);
	return event;
}

const actorTypes: Readonly<Record<string, string>> = {
	USER: 'user',
	APPLICATION: 'app',
	PLUGIN: 'app',
	SYSTEM: 'system',
	SYNCHRONIZATION: 'system',
	DATA_IMPORT: 'system',
};

function actorOf({author, authorId, authorName, authorType}: CrowdChangeset): AuditActor | undefined {
	const given = membersIn(author);
	const actor: Writable<AuditActor> = {};
	const id = textIn(given['id']) ?? textIn(authorId);
	const name = nameOf(given) ?? textIn(authorName);
	const fullName = textIn(given['displayName']);
	const type = textIn(given['type']) ?? textIn(authorType);
	if (id) actor.id = id;
	if (name) actor.name = name;
	if (fullName) actor.fullName = fullName;
	if (type) actor.type = (Object.hasOwn(actorTypes, type) && actorTypes[type]) || type;
	return id || name || type ? actor : undefined;
}

/** From the members that older plugins fill, where there is no list. */
function entitiesOf({entities, entityId, entityName, entityType}: CrowdChangeset): readonly Members[] {
	const given = objectsIn(entities);
	return given.length > 0 ? given : [{id: entityId, name: entityName, type: entityType, primary: true}];
}

/** The type of the primary entity: the first by name, should there be several. */
function categoryIn(entities: readonly Members[]): string | undefined {
	let first: string | undefined;
	for (const {primary, type} of entities) {
		const own = primary ? textIn(type) : undefined;
		if (own !== undefined && (first === undefined || own < first)) first = own;
	}
	return first;
}

/** The primary one first. */
function targetsOf(entities: readonly Members[]): AuditTarget[] | undefined {
	const primary: AuditTarget[] = [];
	const others: AuditTarget[] = [];
	for (const entity of entities) {
		const target = targetOf(entity['type'], entity['id'], nameOf(entity));
		if (target) (entity['primary'] ? primary : others).push(target);
	}
	const targets = primary.sort(byTarget).concat(others.sort(byTarget));
	return targets.length > 0 ? targets : undefined;
}

function nameOf({name, displayName, originalName}: Members): string | undefined {
	return textIn(name) ?? textIn(displayName) ?? textIn(originalName);
}

function byTarget(one: AuditTarget, other: AuditTarget): number {
	return byText(one.type, other.type) || byText(one.id, other.id) || byText(one.name, other.name);
}

function byChange(one: AuditChange, other: AuditChange): number {
	return byText(one.field, other.field) || byText(one.from, other.from) || byText(one.to, other.to);
}

function byText(one = '', other = ''): number {
	return one < other ? -1 : one > other ? 1 : 0;
}
