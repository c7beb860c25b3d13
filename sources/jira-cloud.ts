import {z} from 'zod';
import {defineSource} from '../lib/source/define-source.ts';
import {each, first} from '../lib/source/words.ts';
import {actionWords, commonActions} from './_actions.ts';
import {siteOf, successorOf} from './_cloud-site.ts';

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
	// JRACLOUD-93153: a higher limit gives no more
	largestPage: 1000,
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
	mapping: {
		action: 'summary',
		category: 'category',
		message: first('description', 'summary'),
		outcome: 'summary',
		'actor.id': first('authorAccountId', 'authorKey'),
		'origin.ip': 'remoteAddress',
		'origin.ips': 'remoteAddress',
		targets: [
			{type: 'objectItem.typeName', id: 'objectItem.id', name: 'objectItem.name'},
			each('associatedItems', {type: 'typeName', id: 'id', name: 'name'}),
		],
		changes: each('changedValues', {field: 'fieldName', from: 'changedFrom', to: 'changedTo'}),
	},
	actions: commonActions,
	actionWords,
	deprecations: successorOf('GET /rest/api/3/auditing/record'),
	enrichedBy: {users: 'atlassian-org-users'},
});
