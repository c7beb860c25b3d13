import {z} from 'zod';
import {defineOperation} from '../lib/source/define-operation.ts';
import type {CatalogueEntry} from '../lib/source/definition.ts';
import {SourceError} from '../lib/model/errors.ts';
import {defineSource} from '../lib/source/define-source.ts';
import {membersIn, objectsIn, textIn} from '../lib/source/members.ts';
import {nextCursor, orgApi, type OrgEvent, orgMapping, orgOption, orgPath, retention} from './_org.ts';
import {actionWords} from './_actions.ts';
import {orgActions} from './_org-actions.ts';

export type {OrgEvent, OrgObject} from './_org.ts';

const one = z.string().min(1);
const list = z.union([one.transform(value => [value]), z.array(one)]).optional();

/** Something that can happen in an organization, with its names for people. */
export interface OrgAction {
	readonly id: string;
	readonly type?: string;
	readonly attributes?: {readonly displayName?: string; readonly groupDisplayName?: string} | null;
}

/** What the operation `event-actions` says of each action, for `enrich`. Throws where the answer is none of its. */
export function catalogueEntries(answer: unknown): CatalogueEntry[] {
	const {data} = membersIn(answer);
	if (!Array.isArray(data))
		throw new SourceError('BAD_BODY', 'atlassian-org-events: expected a list of actions in data');
	return objectsIn(data).map(({id, attributes}) => {
		const {displayName, groupDisplayName} = membersIn(attributes);
		return {id: textIn(id) ?? '', name: textIn(displayName), category: textIn(groupDisplayName)};
	});
}

/** The audit log of an Atlassian organization, newest event first: everything since 180 days ago. */
export default defineSource({
	name: 'atlassian-org-events',
	docs: 'Audit log of an Atlassian organization (Organizations API, GET /events), newest first, 180 days back. Needs an API key of an organization admin. The published limit is 10 requests a minute. The records of atlassian-org-events-stream differ from these (processedAt): give each a folder of its own, since in one, filesystem makes dead letters of the second.',
	reference: 'https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/',
	...orgApi,
	options: {
		...orgOption,
		action: one.optional().describe('only events with this action; the operation event-actions lists them'),
		actor: list.describe('only events by this actor; may be repeated'),
		ip: list.describe('only events from this address; may be repeated'),
		q: one.optional().describe('only events that match this term'),
	},
	order: 'newest-first',
	ids: 'global',
	rate: {requests: 10, perMs: 60_000},
	lagMs: 60_000,
	// its document names no cap; this is that of events-stream
	largestPage: 500,
	retention,
	records: 'data',
	tenant: ({orgId}) => orgId,
	id: (event: OrgEvent) => event.id,
	time: (event: OrgEvent) => event.attributes?.time,

	// the cursor holds a place, not the filters: what is not sent again is dropped by the server
	request: ({orgId, action, actor, ip, q, pageSize}, {fromMs, toMs, cursor}) => ({
		path: orgPath(orgId, 'events'),
		query: {
			from: fromMs > 0 ? fromMs : undefined,
			to: toMs,
			action,
			actor,
			ip,
			q,
			limit: pageSize,
			cursor: cursor as string | undefined,
		},
	}),
	next: ({envelope}) => nextCursor(envelope as object),
	mapping: orgMapping,
	actions: orgActions,
	actionWords,

	operations: {
		event: defineOperation({
			docs: 'One event by its id.',
			options: {...orgOption, eventId: one.describe('the id of the event')},
			deprecations: [
				{
					date: '2026-12-21',
					what: 'GET /v1/orgs/{orgId}/events/{eventId}',
					advice: 'use /events, /events-stream or webhooks, which have the same members',
					reference: 'https://developer.atlassian.com/cloud/admin/organization/event-by-id-deprecation/',
				},
			],
			run: ({options: {orgId, eventId}, ask}) =>
				ask<{readonly data: OrgEvent}>({path: orgPath(orgId, `events/${encodeURIComponent(eventId)}`)}),
		}),
		'event-actions': defineOperation({
			docs: 'All actions that events can have, with their names for people, in one answer.',
			options: orgOption,
			run: ({options: {orgId}, ask}) =>
				ask<{readonly data: readonly OrgAction[]}>({path: orgPath(orgId, 'event-actions')}),
		}),
	},
	enrichedBy: {users: 'atlassian-org-users', actions: 'atlassian-org-events'},
	catalogue: {operation: 'event-actions', entries: catalogueEntries},
});
