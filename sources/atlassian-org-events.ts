import {z} from 'zod';
import type {AuditActor, AuditOrigin, AuditTarget} from '../lib/event.ts';
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

/** Written out member by member, since it runs for every event: only what says something is there, never null or "". */
function normalize({attributes, message}: OrgEvent): NormalizedMembers {
	const {action} = attributes;
	const event: Writable<NormalizedMembers> = {};
	if (action) event.action = action;
	if (message?.content) event.message = message.content;
	event.outcome = action?.endsWith('_failed') ? 'failure' : 'success';
	const actor = actorOf(attributes.actor);
	if (actor) event.actor = actor;
	const origin = originOf(attributes.location);
	if (origin) event.origin = origin;
	const targets = targetsOf(attributes.context);
	if (targets) event.targets = targets;
	return event;
}

function actorOf(given: OrgEvent['attributes']['actor']): AuditActor | undefined {
	const actor: Writable<AuditActor> = {};
	if (given?.id) actor.id = given.id;
	if (given?.name) actor.name = given.name;
	if (given?.email?.includes('@')) actor.email = given.email;
	return actor.id || actor.name || actor.email ? actor : undefined;
}

function originOf(location: OrgEvent['attributes']['location']): AuditOrigin | undefined {
	if (!location) return undefined;
	const {ip, countryName, regionName, city} = location;
	const origin: Writable<AuditOrigin> = {};
	if (ip) {
		origin.ip = ip;
		origin.ips = [ip];
	}
	if (countryName || regionName || city) {
		const geo: Writable<NonNullable<AuditOrigin['geo']>> = {};
		if (countryName) geo.country = countryName;
		if (regionName) geo.region = regionName;
		if (city) geo.city = city;
		origin.geo = geo;
	}
	return origin.ip || origin.geo ? origin : undefined;
}

function targetsOf(context: OrgEvent['attributes']['context']): AuditTarget[] | undefined {
	if (!Array.isArray(context)) return undefined;
	const targets: AuditTarget[] = [];
	for (const {id, type, attributes} of context as readonly OrgObject[]) {
		const target: Writable<AuditTarget> = {};
		const name = attributes?.['name'] || attributes?.['groupName'];
		if (type) target.type = type;
		if (id) target.id = id;
		if (typeof name === 'string') target.name = name;
		if (type || id || target.name) targets.push(target);
	}
	return targets.length > 0 ? targets : undefined;
}

type Writable<T> = {-readonly [Key in keyof T]: T[Key]};
