import {z} from 'zod';
import {defineSource, type NormalizedMembers} from '../lib/source/define-source.ts';
import {jiraCloudActions} from './_jira-cloud-actions.ts';
import {siteOf} from './_cloud-site.ts';
import {changeOf, hasFailed, objectsIn, originIn, someIn, targetOf, textIn, type Writable} from './_members.ts';

/** One audit record of a Jira Cloud site. */
export interface JiraRecord {
	/** Its number within the site. */
	readonly id: number;
	/** ISO 8601 with an offset without a colon, `+0000`. */
	readonly created: string;
	/** What was done: the API has no key for it. */
	readonly summary?: string | null;
	readonly category?: string | null;
	readonly description?: string | null;
	readonly eventSource?: string | null;
	readonly remoteAddress?: string | null;
	readonly authorAccountId?: string | null;
	/** Of old; new records name the account. */
	readonly authorKey?: string | null;
	readonly objectItem?: JiraItem | '' | null;
	readonly associatedItems?: readonly JiraItem[] | '' | null;
	readonly changedValues?: readonly JiraChange[] | '' | null;
}

export interface JiraItem {
	readonly id?: string | null;
	readonly name?: string | null;
	readonly typeName?: string | null;
}

export interface JiraChange {
	readonly fieldName?: string | null;
	readonly changedFrom?: string | null;
	readonly changedTo?: string | null;
}

interface RecordPage {
	readonly total?: number;
}

/** The audit records of a Jira Cloud site, newest first. */
export default defineSource({
	name: 'jira-cloud',
	docs: 'Audit records of a Jira Cloud site (GET /rest/api/3/auditing/record), newest first. The endpoint is the site, https://NAME.atlassian.net, or the gateway, https://api.atlassian.com/ex/jira/CLOUD-ID. Needs a Jira administrator and a paid plan: the e-mail address as user name with an API token as password, or an OAuth token.',
	reference: 'https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-audit-records/',
	gateway: 'https://api.atlassian.com/ex/jira/CLOUD-ID',
	auth: ['basic', 'bearer'],
	options: {
		filter: z.string().min(1).optional().describe('only records with a text that holds one of these words'),
	},
	order: 'newest-first',
	ids: 'tenant',
	lagMs: 60_000,
	records: 'records',
	tenant: (_, endpoint) => siteOf(endpoint),
	id: (record: JiraRecord) => record.id,
	time: (record: JiraRecord) => record.created,
	// the gateway takes a time without a zone for another one, hence the Z
	request: ({filter, pageSize}, {fromMs, toMs, start}) => ({
		path: '/rest/api/3/auditing/record',
		query: {
			from: fromMs > 0 ? new Date(fromMs).toISOString() : undefined,
			to: new Date(toMs).toISOString(),
			filter,
			offset: start,
			limit: pageSize,
		},
	}),
	// `total` counts too much, what the filter leaves out and records that are never given, but not too little
	isLast: ({envelope, rows}) => rows >= ((envelope as RecordPage).total ?? Infinity),
	product: {vendor: 'Atlassian', name: 'Jira Cloud'},
	normalize,
	mapping: {
		action: 'summary',
		category: 'category',
		message: 'description, else summary',
		outcome: '"failure" where summary has the word fail, failed or failure, else "success"',
		'actor.id': 'authorAccountId, else authorKey',
		'origin.ip': 'the first of remoteAddress',
		'origin.ips': 'remoteAddress, at its commas',
		'targets.type': 'objectItem.typeName, associatedItems[].typeName',
		'targets.id': 'objectItem.id, associatedItems[].id',
		'targets.name': 'objectItem.name, associatedItems[].name',
		'changes.field': 'changedValues[].fieldName',
		'changes.from': 'changedValues[].changedFrom',
		'changes.to': 'changedValues[].changedTo',
	},
	actions: jiraCloudActions,
	enrichedBy: {users: 'atlassian-org-users'},
});

/** Written out member by member, since it runs for every record: only what says something is there, never null or "". */
function normalize(record: JiraRecord): NormalizedMembers {
	const action = textIn(record.summary);
	const category = textIn(record.category);
	const message = textIn(record.description) ?? action;
	const event: Writable<NormalizedMembers> = {};
	if (action) event.action = action;
	if (category) event.category = category;
	if (message) event.message = message;
	event.outcome = hasFailed(action) ? 'failure' : 'success';
	const actorId = textIn(record.authorAccountId) ?? textIn(record.authorKey);
	if (actorId) event.actor = {id: actorId};
	const origin = originIn(record.remoteAddress);
	if (origin) event.origin = origin;
	const items = [record.objectItem, ...objectsIn(record.associatedItems)];
	const targets = someIn(items, ({typeName, id, name}) => targetOf(typeName, id, name));
	if (targets) event.targets = targets;
	const changes = someIn(record.changedValues, ({fieldName, changedFrom, changedTo}) =>
		changeOf(fieldName, changedFrom, changedTo),
	);
	if (changes) event.changes = changes;
	return event;
}
