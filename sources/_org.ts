import {z} from 'zod';
import {SourceError} from '../lib/errors.ts';
import type {AuditActor, AuditOrigin, AuditTarget} from '../lib/event.ts';
import type {NormalizedMembers} from '../lib/source.ts';
import type {Writable} from './_members.ts';

/** What the APIs of an Atlassian organization have in common. */
export const orgApi = {endpoint: 'https://api.atlassian.com', auth: ['bearer']} as const;

export const orgOption = {
	orgId: z
		.string()
		.regex(/^(?!\.+$)[\w.~-]+$/, {error: 'expected letters, digits and - _ . ~'})
		.describe('the organization id'),
};

export function orgPath(orgId: string, rest: string): string {
	return `/admin/v1/orgs/${encodeURIComponent(orgId)}/${rest}`;
}

interface OrgPage {
	readonly meta?: {readonly next?: string | null} | null;
	readonly links?: {readonly next?: string | null} | null;
}

/** The cursor of the page behind this one. */
export function nextCursor(page: OrgPage): string | undefined {
	return page.meta?.next || linkedCursor(page);
}

/**
 * A link is never followed, it may lead anywhere; but where it alone names the next page, there is one. Some answers
 * of this API have the bare cursor in its place.
 */
export function linkedCursor({links}: OrgPage): string | undefined {
	const link = links?.next;
	if (!link) return undefined;
	const [path, query] = link.split('?');
	const cursor = query === undefined && !path!.includes('/') ? path : new URLSearchParams(query).get('cursor');
	if (cursor) return cursor;
	// taken for the end, it would lose what lies behind
	throw new SourceError('BAD_BODY', 'Organizations API: expected a cursor in links.next, got a link without one');
}

/** One event of the Organizations API, as far as its document and its real answers show. */
export interface OrgEvent {
	readonly id: string;
	readonly type?: string;
	readonly attributes: {
		/** ISO 8601, UTC; milliseconds are left out where they are zero. */
		readonly time: string;
		/** When the vendor took it in: only in `GET /events-stream`. */
		readonly processedAt?: string;
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

/** Written out member by member, since it runs for every event: only what says something is there, never null or "". */
export function normalizeEvent({attributes, message}: OrgEvent): NormalizedMembers {
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
