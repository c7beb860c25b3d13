import type {AuditActor, Json} from '../lib/model/event.ts';
import {defineSource, type NormalizedMembers} from '../lib/source/define-source.ts';
import {confluenceCloudActions} from './_confluence-cloud-actions.ts';
import {siteOf} from './_cloud-site.ts';
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
	readonly limit?: number;
	readonly _links?: {readonly next?: string | null} | null;
}

/** The audit log of a Confluence Cloud site, newest record first. */
export default defineSource({
	name: 'confluence-cloud',
	docs: 'Audit log of a Confluence Cloud site (GET /wiki/rest/api/audit), newest first. The endpoint is the site, https://NAME.atlassian.net, or the gateway, https://api.atlassian.com/ex/confluence/CLOUD-ID; /wiki is added where it is missing. Needs a Confluence administrator: the e-mail address as user name with an API token as password, or an OAuth token. Records have no ids; theirs are made from their content.',
	reference: 'https://developer.atlassian.com/cloud/confluence/rest/v1/api-group-audit/',
	context: '/wiki',
	gateway: 'https://api.atlassian.com/ex/confluence/CLOUD-ID',
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
	isLast({envelope, rows}) {
		const {_links: links, limit = Infinity} = envelope as AuditPage;
		return Boolean(links) && !links!.next && rows < limit;
	},
	product: {vendor: 'Atlassian', name: 'Confluence Cloud'},
	normalize,
	mapping: {
		action: 'summary',
		category: 'category',
		message: 'description, else summary',
		outcome: '"failure" where summary has the word fail, failed or failure, else "success"',
		'actor.id': 'author.accountId, else author.userKey, else author.username',
		'actor.name': 'author.displayName',
		'actor.fullName': 'author.displayName',
		'actor.type':
			'author.type where there is an author.accountId, author.userKey or author.username, "app" where author.accountType is; without an id "system" or "anonymous", where author.displayName says that',
		'origin.ip': 'the first of remoteAddress',
		'origin.ips': 'remoteAddress, at its commas',
		'targets.type':
			'affectedObject.objectType, associatedObjects[].objectType; "group" and "user" where affectedObject.name or associatedObjects[].name is two ids, `<group id>; User: <account id>`',
		'targets.id':
			'the ids in affectedObject.name and associatedObjects[].name: those two, or `<name>:<id>` where affectedObject.objectType or associatedObjects[].objectType is Group',
		'targets.name':
			'affectedObject.name, associatedObjects[].name; of `<name>:<id>` the name, where affectedObject.objectType or associatedObjects[].objectType is Group',
		'changes.field': 'changedValues[].name',
		'changes.from': 'changedValues[].oldValue',
		'changes.to': 'changedValues[].newValue',
	},
	actions: confluenceCloudActions,
	enrichedBy: {users: 'atlassian-org-users'},
	operations: confluenceOperations,
});

/**
 * People by their ids, since they may be renamed; objects have names only, but for groups. Members that newer servers
 * have added are left out: a record must not become another one by an update.
 */
function identity(record: ConfluenceRecord): Json {
	const {author, remoteAddress, creationDate, summary, description, category, sysAdmin} = record;
	const keyOf = ({type = '', id, name = ''}: {type?: string; id?: string; name?: string}) =>
		JSON.stringify([type, id ?? name]);
	return {
		time: creationDate,
		author: idOf(membersIn(author)) ?? author?.displayName ?? '',
		address: remoteAddress ?? '',
		summary: summary ?? '',
		description: description ?? '',
		category: category ?? '',
		sysAdmin: sysAdmin ?? false,
		affected: namedIn(record.affectedObject).map(keyOf),
		associated: objectsIn(record.associatedObjects).flatMap(namedIn).map(keyOf).sort(),
		changes: objectsIn(record.changedValues)
			.map(({name, oldValue, newValue}) => JSON.stringify([name ?? '', oldValue ?? '', newValue ?? '']))
			.sort(),
	};
}

/** Written out member by member, since it runs for every record: only what says something is there, never null or "". */
function normalize(record: ConfluenceRecord): NormalizedMembers {
	const action = textIn(record.summary);
	const category = textIn(record.category);
	const message = textIn(record.description) ?? action;
	const event: Writable<NormalizedMembers> = {};
	if (action) event.action = action;
	if (category) event.category = category;
	if (message) event.message = message;
	event.outcome = hasFailed(action) ? 'failure' : 'success';
	const actor = actorOf(membersIn(record.author));
	if (actor) event.actor = actor;
	const origin = originIn(record.remoteAddress);
	if (origin) event.origin = origin;
	const named = [...namedIn(record.affectedObject), ...objectsIn(record.associatedObjects).flatMap(namedIn)];
	const targets = someIn(named, ({type, id, name}) => targetOf(type, id, name));
	if (targets) event.targets = targets;
	const changes = someIn(record.changedValues, ({name, oldValue, newValue}) => changeOf(name, oldValue, newValue));
	if (changes) event.changes = changes;
	return event;
}

function idOf({accountId, userKey, username}: Members): string | undefined {
	return textIn(accountId) ?? textIn(userKey) ?? textIn(username);
}

/** Where no person was at work, the author is a name without ids. */
const actorsWithoutIds = new Map([
	['System', 'system'],
	['Anonymous', 'anonymous'],
]);

function actorOf(author: Members): AuditActor | undefined {
	const actor: Writable<AuditActor> = {};
	const id = idOf(author);
	const name = textIn(author['displayName']);
	if (id) actor.id = id;
	if (name) {
		actor.name = name;
		actor.fullName = name;
	}
	const type = id
		? author['accountType'] === 'app'
			? 'app'
			: textIn(author['type'])
		: name && actorsWithoutIds.get(name);
	if (type) actor.type = type;
	return id || name ? actor : undefined;
}

/** Ids hide in names: `confluence-users:<group id>`, and `<group id>; User: <account id>`, which names two things. */
function namedIn(object: unknown): {type?: string; id?: string; name?: string}[] {
	const members = membersIn(object);
	const name = textIn(members['name']);
	const type = textIn(members['objectType']);
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
