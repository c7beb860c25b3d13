import {z} from 'zod';
import type {AuditTarget} from '../lib/event.ts';
import {defineSource, type NormalizedMembers} from '../lib/source.ts';

/** One event of the Organizations API, as far as its document and its real answers show. */
export interface OrgEvent {
	readonly id: string;
	readonly type?: string;
	readonly attributes: {
		/** ISO 8601, UTC; milliseconds are left out where they are zero. */
		readonly time: string;
		readonly action?: string;
		readonly actor?: {
			readonly id?: string;
			readonly name?: string;
			/** Not always an address: apps have `Atlassian app` here. */
			readonly email?: string;
		} | null;
		/** What it was done to. */
		readonly context?: readonly OrgObject[] | '' | null;
		/** Where it was done. */
		readonly container?: readonly OrgObject[] | '' | null;
		readonly location?: {
			readonly ip?: string;
			readonly geo?: string;
			readonly countryName?: string;
			readonly regionName?: string;
			readonly city?: string;
		} | null;
	};
	readonly message?: {readonly content?: string; readonly format?: string} | null;
}

export interface OrgObject {
	readonly id?: string;
	readonly type?: string;
	readonly attributes?: Readonly<Record<string, unknown>> | null;
}

interface EventPage {
	readonly meta?: {readonly next?: string | null} | null;
	readonly links?: {readonly next?: string | null} | null;
}

const one = z.string().min(1);
const list = z.union([one.transform(value => [value]), z.array(one)]).optional();

/** The audit log of an Atlassian organization, newest event first: everything since 180 days ago. */
export default defineSource({
	name: 'atlassian-org-events',
	docs: 'Audit log of an Atlassian organization (Organizations API, GET /events), newest first, 180 days back. Needs an API key of an organization admin. The published limit is 10 requests a minute.',
	reference: 'https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/',
	endpoint: 'https://api.atlassian.com',
	auth: ['bearer'],
	options: {
		orgId: z
			.string()
			.regex(/^(?!\.+$)[\w.~-]+$/, {error: 'expected letters, digits and - _ . ~'})
			.describe('the organization id'),
		action: one.optional().describe('only events with this action'),
		actor: list.describe('only events by this actor; may be repeated'),
		ip: list.describe('only events from this address; may be repeated'),
		q: one.optional().describe('only events that match this term'),
	},
	order: 'newest-first',
	ids: 'global',
	rate: {requests: 10, perMs: 60_000},
	lagMs: 60_000,
	records: 'data',
	tenant: ({orgId}) => orgId,
	id: (event: OrgEvent) => event.id,
	time: (event: OrgEvent) => event.attributes?.time,

	// the cursor holds a place, not the filters: what is not sent again is dropped by the server
	request: ({orgId, action, actor, ip, q, pageSize}, {fromMs, toMs, cursor}) => ({
		path: `/admin/v1/orgs/${encodeURIComponent(orgId)}/events`,
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
	next: answer => (answer as EventPage).meta?.next || linkedCursor(answer as EventPage),
	normalize,
});

/** A link is never followed, it may lead anywhere; but where it alone names the next page, there is one. */
function linkedCursor({links}: EventPage): string | undefined {
	return (links?.next && new URLSearchParams(links.next.split('?')[1]).get('cursor')) || undefined;
}

function normalize({attributes, message}: OrgEvent): NormalizedMembers {
	const {action, actor, location} = attributes;
	return present({
		action,
		message: message?.content,
		outcome: action?.endsWith('_failed') ? 'failure' : 'success',
		actor: actor && present({id: actor.id, name: actor.name, email: actor.email?.includes('@') && actor.email}),
		origin:
			location &&
			present({
				ip: location.ip,
				ips: location.ip && [location.ip],
				geo: present({country: location.countryName, region: location.regionName, city: location.city}),
			}),
		targets: targetsOf(attributes.context),
	}) as NormalizedMembers;
}

function targetsOf(context: OrgEvent['attributes']['context']): AuditTarget[] | undefined {
	if (!Array.isArray(context)) return undefined;
	const targets = (context as readonly OrgObject[]).flatMap(({id, type, attributes}) => {
		const target = present({type, id, name: text(attributes?.['name']) ?? text(attributes?.['groupName'])});
		return target ? [target as AuditTarget] : [];
	});
	return targets.length > 0 ? targets : undefined;
}

function text(value: unknown): string | undefined {
	return typeof value === 'string' ? value : undefined;
}

/** Only those members that say something: not undefined, null, false or "". Undefined when there are none. */
function present(members: Readonly<Record<string, unknown>>): object | undefined {
	const found: Record<string, unknown> = {};
	let any = false;
	for (const key in members) {
		const value = members[key];
		if (!value) continue;
		found[key] = value;
		any = true;
	}
	return any ? found : undefined;
}
