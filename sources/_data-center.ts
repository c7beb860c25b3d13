import {z} from 'zod';
import type {OperationTable} from '../lib/source/define-operation.ts';
import type {Deprecation} from '../lib/source/deprecation.ts';
import {wholeNumber} from '../lib/options/options.ts';
import {defineSource} from '../lib/source/define-source.ts';
import {actionWords, commonActions} from './_actions.ts';
import {configurationOf} from './_data-center-configuration.ts';
import {asGiven, type DataCenterEvent, identityOf, mapping} from './_data-center-event.ts';

interface EventPage {
	readonly pagingInfo?: {
		readonly lastPage?: boolean;
		readonly size?: number;
		/** Text on real servers, an object in the documents. */
		readonly nextPageCursor?: string | {readonly cursor?: string} | null;
		readonly nextPageLink?: string | null;
	} | null;
}

const one = z.string().min(1);
const list = z.union([one.transform(value => [value]), z.array(one)]).optional();

const options = {
	userIds: list.describe('only events by the authors with these ids; may be repeated'),
	categories: list.describe('only events of these categories; may be repeated; Data Center licence only'),
	actions: list.describe('only events with these actions; may be repeated; Data Center licence only'),
	affectedObject: z
		.string()
		.regex(/^[^,;]+,[^,;]+(;[^,;]+,[^,;]+)*$/, {error: 'expected TYPE,ID or TYPE,ID;TYPE,ID'})
		.optional()
		.describe('only events about this object, TYPE,ID; more of them with semicolons: any of one type, all types'),
	search: one.optional().describe('only events that hold any of these words; slow on a large log'),
	scanLimit: wholeNumber(1, 2_147_483_647)
		.optional()
		.describe('only among so many events, those that were stored last within the bounds; default: all'),
	skipSearchesBy: list.describe(
		'leaves out the events "Audit Log search performed" by this author, id or name as the log has it; may be repeated',
	),
};

/** Each request of this source is audited too. */
const searchAction = 'atlassian.audit.event.action.audit.search';

interface Product<Operations extends OperationTable> {
	/** The source's name. */
	readonly name: string;
	readonly product: string;
	/** The first version with this API. */
	readonly since: string;
	/** What only this product can do. */
	readonly operations: Operations;
	readonly deprecations?: readonly Deprecation[];
}

/** Said of Jira and Confluence; whether Bitbucket and Crowd end on the same day is not known. */
export function endOf(product: string): readonly Deprecation[] {
	return [
		{
			date: '2029-03-28',
			what: `${product} Data Center`,
			advice: 'licences end then, the last are sold on 2028-03-30, and it turns read-only: have its log by then',
			reference:
				'https://idalko.com/blog/atlassian-data-center-end-of-life-how-to-assess-your-instance-before-migrating-to-the-cloud',
		},
	];
}

/** What the records of a product are, whether its API gives them or its log files. */
export function recordsOf(product: string) {
	return {
		identity: identityOf,
		time: (event: DataCenterEvent) => event.timestamp,
		asGiven,
		product: {vendor: 'Atlassian', name: `${product} Data Center`},
		mapping,
		actions: commonActions,
		actionWords,
	};
}

/** One host may serve several of them, each below its own context path. */
export function tenantOf({host, pathname}: URL): string {
	return (host + pathname).replace(/\/+$/, '');
}

/** The source of one product: they differ in little but their name. */
export function defineDataCenter<Operations extends OperationTable>({
	name,
	product,
	since,
	operations,
	deprecations = [],
}: Product<Operations>) {
	return defineSource({
		name,
		docs: `Audit log of ${product} Data Center ${since} or newer (auditing plugin, GET /rest/auditing/1.0/events), newest first. The endpoint is the server's base URL with its context path. Needs an administrator: a personal access token, or user name and password. The server audits each request of this source as "Audit Log search performed"; --skip-searches-by leaves those of one author out. Neither outputFormat nor offset is offered: CSV lacks most of a record, and offsets slip with each new record, of which each request makes one.`,
		reference: 'https://developer.atlassian.com/server/framework/atlassian-sdk/rest/api-group-events/',
		auth: ['bearer', 'basic'],
		options,
		order: 'newest-first',
		ids: 'tenant',
		lagMs: 60_000,
		// ten times as many are served, and more than fit into a small heap
		largestPage: 1000,
		retention: {operation: 'retention'},
		records: 'entities',
		tenant: (_, endpoint) => tenantOf(endpoint),
		...recordsOf(product),

		request: ({userIds, categories, actions, affectedObject, search, scanLimit, pageSize}, window) => ({
			path: '/rest/auditing/1.0/events',
			query: {
				from: window.fromMs > 0 ? new Date(window.fromMs).toISOString() : undefined,
				to: new Date(window.toMs).toISOString(),
				userIds: userIds?.join(),
				categories: categories?.join(),
				actions: actions?.join(),
				affectedObject,
				search,
				scanLimit,
				limit: pageSize,
				pageCursor: window.cursor as string | undefined,
			},
		}),
		next: ({envelope, rows}) => nextCursor(envelope as EventPage, rows),
		leavesOut: ({author, type}, {skipSearchesBy: readers}) =>
			readers !== undefined &&
			type?.actionI18nKey === searchAction &&
			[author?.id, author?.name].some(reader => reader !== undefined && readers.includes(reader)),
		operations: {...configurationOf(name), ...operations},
		deprecations,
	});
}

function nextCursor({pagingInfo}: EventPage, rows: number): string | undefined {
	const {nextPageCursor: given, nextPageLink: link, lastPage, size} = pagingInfo ?? {};
	if (typeof size === 'number' && size !== rows) {
		throw new Error(`expected ${size} events, as the page says of itself, got ${rows}`);
	}
	// the link is never followed, it may lead anywhere; but it may name the place that nothing else names
	const cursor =
		(typeof given === 'object' ? given?.cursor : given) || new URLSearchParams(link?.split('?')[1]).get('pageCursor');
	// whoever names a next page has one, whatever he says of this one
	if (cursor) return cursor;
	if (lastPage === true) return undefined;
	throw new Error('expected a next page or lastPage, got a page that ends with neither');
}
