import type {Json} from '../lib/model/event.ts';
import {defineSource} from '../lib/source/define-source.ts';
import {membersIn, objectsIn, textIn} from '../lib/source/members.ts';
import {by, constant, each, first, type Item} from '../lib/source/words.ts';
import {actionWords, commonActions} from './_actions.ts';
import {siteOf, successorOf} from './_cloud-site.ts';
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

const authorId = first('author.accountId', 'author.userKey', 'author.username');

/** Where no person was at work, the author is a name without ids. */
const actorsWithoutIds = new Map([
	['System', 'system'],
	['Anonymous', 'anonymous'],
]);

/** An object, and what else its name names. */
function named(at: string): Item<'type' | 'id' | 'name'>[] {
	const from = [`${at}objectType`, `${at}name`] as const;
	const of = (index: number, member: 'type' | 'id' | 'name') => (objectType?: string, name?: string) =>
		namedIn({objectType, name})[index]?.[member];
	return [
		{
			type: by('$1, "group" where $2 is `<group id>; User: <account id>`', from, of(0, 'type')),
			id: by('the group id in $2, alone where $1 is Group and it is `<name>:<group id>`', from, of(0, 'id')),
			name: by('$2, where it is no id; without the id where $1 is Group', from, of(0, 'name')),
		},
		{type: constant('user'), id: by('the account id in $1', [from[1]], name => of(1, 'id')(undefined, name))},
	];
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
	// the default of its document, and the cap of its twin on Data Center
	largestPage: 1000,
	retention: {operation: 'retention'},
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
	mapping: {
		action: 'summary',
		category: 'category',
		message: first('description', 'summary'),
		outcome: 'summary',
		'actor.id': authorId,
		'actor.name': 'author.displayName',
		'actor.fullName': 'author.displayName',
		'actor.type': by(
			'$1 where there is an $2, "app" where $3 is, "super-admin" where $5 is true, "external-user" where $6 or $7 is; without an id "system" or "anonymous", where $4 says that',
			[
				'author.type',
				authorId,
				'author.accountType',
				'author.displayName',
				'superAdmin',
				'author.isExternalCollaborator',
				'author.externalCollaborator',
			],
			(type, id, accountType, name, ...[superAdmin, external, formerly]) => {
				if (id === undefined) return name && actorsWithoutIds.get(name);
				if (accountType === 'app') return 'app';
				if (superAdmin === 'true') return 'super-admin';
				return external === 'true' || formerly === 'true' ? 'external-user' : type;
			},
		),
		'origin.ip': 'remoteAddress',
		'origin.ips': 'remoteAddress',
		targets: [...named('affectedObject.'), each('associatedObjects', named(''))],
		changes: each('changedValues', {field: 'name', from: 'oldValue', to: 'newValue'}),
	},
	actions: commonActions,
	actionWords,
	deprecations: successorOf('GET /wiki/rest/api/audit'),
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
		author:
			textIn(author?.accountId) ?? textIn(author?.userKey) ?? textIn(author?.username) ?? author?.displayName ?? '',
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
