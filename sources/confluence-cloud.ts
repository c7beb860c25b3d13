import type {AuditActor, AuditTarget, Json} from '../lib/event.ts';
import {defineSource, type NormalizedMembers} from '../lib/source.ts';
import {siteOf} from './_cloud-site.ts';
import {changesOf, listOf, type Writable} from './_members.ts';
import {confluenceOperations, search} from './_confluence-cloud-operations.ts';

/** One record of Confluence Cloud's audit log: without an id, and with "" where there is nothing to say. */
export interface ConfluenceRecord {
	readonly author?: {
		readonly displayName?: string;
		readonly accountId?: string;
		readonly userKey?: string;
		readonly username?: string;
		readonly accountType?: string;
		readonly type?: string;
	} | null;
	readonly remoteAddress?: string | null;
	/** Epoch milliseconds. */
	readonly creationDate: number;
	/** What was done: the API has no key for it. */
	readonly summary?: string | null;
	readonly description?: string | null;
	readonly category?: string | null;
	readonly sysAdmin?: boolean | null;
	readonly affectedObject?: ConfluenceObject | '' | null;
	readonly changedValues?: readonly ConfluenceChange[] | '' | null;
	readonly associatedObjects?: readonly ConfluenceObject[] | '' | null;
}

export interface ConfluenceObject {
	readonly name?: string | null;
	readonly objectType?: string | null;
}

export interface ConfluenceChange {
	readonly name?: string | null;
	readonly oldValue?: string | null;
	readonly newValue?: string | null;
}

interface AuditPage {
	readonly _links?: {readonly next?: string | null} | null;
}

/** The audit log of a Confluence Cloud site, newest record first. */
export default defineSource({
	name: 'confluence-cloud',
	docs: 'Audit log of a Confluence Cloud site (GET /wiki/rest/api/audit), newest first. The endpoint is the site, https://NAME.atlassian.net, or the gateway, https://api.atlassian.com/ex/confluence/CLOUD-ID; /wiki is added where it is missing. Needs a Confluence administrator: the e-mail address as user name with an API token as password, or an OAuth token. Records have no ids; theirs are made from their content.',
	reference: 'https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-audit/',
	context: '/wiki',
	auth: ['basic', 'bearer'],
	options: {search},
	order: 'newest-first',
	ids: 'tenant',
	lagMs: 60_000,
	records: 'results',
	tenant: (_, endpoint) => siteOf(endpoint),
	identity,
	time: (record: ConfluenceRecord) => record.creationDate,
	request: ({search, pageSize}, {fromMs, toMs, start}) => ({
		path: '/rest/api/audit',
		query: {
			startDate: fromMs > 0 ? fromMs : undefined,
			endDate: toMs,
			searchString: search,
			start,
			limit: pageSize,
		},
	}),
	// whether there is a link counts, not what it says: it lacks the context, the gateway's prefix and perhaps the dates
	more: answer => Boolean((answer as AuditPage)._links?.next),
	normalize,
	operations: confluenceOperations,
});

/**
 * People by their ids, since they may be renamed; objects have names only, but for groups. Members that newer servers
 * have added are left out: a record must not become another one by an update.
 */
function identity(record: ConfluenceRecord): Json {
	const {author, remoteAddress, creationDate, summary, description, category, sysAdmin} = record;
	const keyOf = ({type = '', id, name = ''}: AuditTarget) => JSON.stringify([type, id ?? name]);
	return {
		time: creationDate,
		author: idOf(author) ?? author?.displayName ?? '',
		address: remoteAddress ?? '',
		summary: summary ?? '',
		description: description ?? '',
		category: category ?? '',
		sysAdmin: sysAdmin ?? false,
		affected: targetsIn(record.affectedObject).map(keyOf),
		associated: listOf(record.associatedObjects).flatMap(targetsIn).map(keyOf).sort(),
		changes: listOf(record.changedValues)
			.map(({name, oldValue, newValue}) => JSON.stringify([name ?? '', oldValue ?? '', newValue ?? '']))
			.sort(),
	};
}

/** Written out member by member, since it runs for every record: only what says something is there, never null or "". */
function normalize(record: ConfluenceRecord): NormalizedMembers {
	const {summary, category, description, remoteAddress} = record;
	const event: Writable<NormalizedMembers> = {outcome: 'success'};
	if (summary) event.action = summary;
	if (category) event.category = category;
	const message = description || summary;
	if (message) event.message = message;
	const actor = actorOf(record.author);
	if (actor) event.actor = actor;
	if (remoteAddress) event.origin = {ip: remoteAddress, ips: [remoteAddress]};
	const targets = [...targetsIn(record.affectedObject), ...listOf(record.associatedObjects).flatMap(targetsIn)];
	if (targets.length > 0) event.targets = targets;
	const changes = changesOf(
		listOf(record.changedValues).map(({name, oldValue, newValue}) => [name, oldValue, newValue]),
	);
	if (changes) event.changes = changes;
	return event;
}

function idOf(author: ConfluenceRecord['author']): string | undefined {
	return author?.accountId || author?.userKey || author?.username || undefined;
}

/** Where no person was at work, the author is a name without ids. */
const actorsWithoutIds = new Map([
	['System', 'system'],
	['Anonymous', 'anonymous'],
]);

function actorOf(author: ConfluenceRecord['author']): AuditActor | undefined {
	const actor: Writable<AuditActor> = {};
	const id = idOf(author);
	const name = author?.displayName;
	if (id) actor.id = id;
	if (name) actor.name = name;
	const type = id ? (author?.accountType === 'app' ? 'app' : author?.type) : name && actorsWithoutIds.get(name);
	if (type) actor.type = type;
	return id || name ? actor : undefined;
}

/** Ids hide in names: `confluence-users:<group id>`, and `<group id>; User: <account id>`, which names two things. */
function targetsIn(object: ConfluenceObject | '' | null | undefined): AuditTarget[] {
	const {name, objectType: type} = object || {};
	if (!name) return type ? [{type}] : [];
	const [, memberOf, member] = /^([\da-f-]{36}); User: (\S+)$/i.exec(name) ?? [];
	if (memberOf && member) {
		return [
			{type: 'Group', id: memberOf},
			{type: 'User', id: member},
		];
	}
	const [, group, id] = (type === 'Group' && /^(.+):([\da-f]{8}-[\da-f-]+)$/i.exec(name)) || [];
	if (group && id) return [{type: 'Group', id, name: group}];
	return [type ? {type, name} : {name}];
}
