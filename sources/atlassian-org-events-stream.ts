import type {Json} from '../lib/model/event.ts';
import {defineSource} from '../lib/source/define-source.ts';
import {nextCursor, orgApi, type OrgEvent, orgMapping, orgOption, orgPath, retention} from './_org.ts';
import {actionWords} from './_actions.ts';
import {orgActions} from './_org-actions.ts';

export type {OrgEvent, OrgObject} from './_org.ts';

/** So many empty pages in a row, each with another cursor, are the end of the log: a server may give one for ever. */
const maxEmptyPages = 200;

/** The cursor of a place, and how many empty pages were read before it. */
function placeOf(cursor: Json): {readonly cursor: string; readonly empty?: number} {
	return typeof cursor === 'string' ? {cursor} : (cursor as {readonly cursor: string; readonly empty: number});
}

/** The audit log of an Atlassian organization in the order in which the vendor took the events in, oldest first. */
export default defineSource({
	name: 'atlassian-org-events-stream',
	docs:
		'Audit log of an Atlassian organization (Organizations API, GET /events-stream), oldest first, 180 days back. ' +
		'The one for bulk and for regular runs: larger pages and a higher limit (50 requests a minute) than ' +
		'atlassian-org-events, and an event that the vendor took in late still comes at the end; but no filters. ' +
		'since and until bound the time at which the vendor took an event in. ' +
		'An event that lacks that time, processedAt, is a dead letter: placed by when it happened, one that came late ' +
		'would count as older than since and be dropped unseen. ' +
		'The records of atlassian-org-events differ from these (they lack processedAt): give each a folder of its own, ' +
		'since in one, filesystem makes dead letters of the second. ' +
		'Needs an API key of an organization admin.',
	reference: 'https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/',
	...orgApi,
	options: orgOption,
	order: 'oldest-first',
	ids: 'global',
	rate: {requests: 50, perMs: 60_000},
	lagMs: 60_000,
	largestPage: 500,
	retention,
	records: 'data',
	tenant: ({orgId}) => orgId,
	id: (event: OrgEvent) => event.id,
	time: (event: OrgEvent) => event.attributes?.time,
	sortTime: (event: OrgEvent) => event.attributes?.processedAt,

	// a cursor holds its place and order; the upper bound is sent again, since nothing says that it holds that too
	request: ({orgId, pageSize}, {fromMs, toMs, cursor}) => ({
		path: orgPath(orgId, 'events-stream'),
		query: {
			...(cursor === undefined
				? {from: fromMs > 0 ? fromMs : undefined, sortOrder: 'asc'}
				: {cursor: placeOf(cursor).cursor}),
			to: toMs,
			limit: pageSize,
		},
	}),
	goesOnByCursor: true,
	// the last page may have a cursor too, to ask for new events with; but an empty one may also stand in the middle
	next({envelope, rows, cursor: asked}) {
		const cursor = nextCursor(envelope as object);
		if (cursor === undefined || rows > 0) return cursor;
		const before = asked === undefined ? undefined : placeOf(asked);
		const empty = (before?.empty ?? 0) + 1;
		return empty > maxEmptyPages || cursor === before?.cursor ? undefined : {cursor, empty};
	},
	mapping: orgMapping,
	actions: orgActions,
	actionWords,
	enrichedBy: {users: 'atlassian-org-users', actions: 'atlassian-org-events'},
});
