import {z} from 'zod';
import type {
	AuditActor,
	AuditChange,
	AuditCredential,
	AuditOrigin,
	AuditPerson,
	AuditTarget,
} from '../lib/model/event.ts';
import {cursorInLink} from '../lib/http/link.ts';
import type {NormalizedMembers} from '../lib/source/define-source.ts';
import {isoTime, recordTime} from '../lib/options/time.ts';
import {
	changeOf,
	emailIn,
	hasFailed,
	type Members,
	membersIn,
	originIn,
	someIn,
	targetOf,
	textIn,
	type Writable,
} from './_members.ts';

/** What the APIs of an Atlassian organization have in common. */
export const orgApi = {
	endpoint: 'https://api.atlassian.com',
	auth: ['bearer'],
	product: {vendor: 'Atlassian', name: 'Atlassian Administration'},
} as const;

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

/** The cursor of the page behind this one. Some answers have the bare cursor in place of the link. */
export function nextCursor({meta, links}: OrgPage): string | undefined {
	return meta?.next || cursorInLink(links?.next);
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

/** What {@link normalizeEvent} takes each member from. */
export const orgMapping = {
	processed: 'attributes.processedAt',
	action: 'attributes.action',
	message: 'message.content',
	outcome: '"failure" where attributes.action has the word fail, failed or failure, else "success"',
	'actor.id': 'attributes.actor.id',
	'actor.name': 'attributes.actor.name',
	'actor.email': 'attributes.actor.email, where it has an @',
	'actor.type':
		'"user" where attributes.actor.email has an @, or, without one, attributes.actor.id is that of an account; else "app"',
	'actor.onBehalfOf.id': 'attributes.actor.onBehalfOf.id',
	'actor.onBehalfOf.name': 'attributes.actor.onBehalfOf.name',
	'actor.onBehalfOf.email': 'attributes.actor.onBehalfOf.email, where it has an @',
	'credential.type': 'attributes.actor.auth.authType',
	'credential.id': 'attributes.actor.auth.tokenId',
	'credential.name': 'attributes.actor.auth.tokenLabel',
	'origin.ip': 'the first of attributes.location.ip',
	'origin.ips': 'attributes.location.ip',
	'origin.geo.country': 'attributes.location.countryName',
	'origin.geo.region': 'attributes.location.regionName',
	'origin.geo.city': 'attributes.location.city',
	'containers.type': 'attributes.container[].type',
	'containers.id': 'attributes.container[].id',
	'containers.name':
		'attributes.container[].attributes.name, else attributes.container[].attributes.groupName, else attributes.container[].attributes.siteName, else attributes.container[].attributes.siteHostName',
	'containers.email': 'attributes.container[].attributes.email, where it has an @',
	'targets.type': 'attributes.context[].type',
	'targets.id': 'attributes.context[].id',
	'targets.name':
		'attributes.context[].attributes.name, else attributes.context[].attributes.groupName, else attributes.context[].attributes.siteName, else attributes.context[].attributes.siteHostName',
	'targets.email': 'attributes.context[].attributes.email, where it has an @',
	'changes.field': 'attributes.container[].attributes.settingName',
	'changes.to': 'attributes.container[].attributes.settingValues, as JSON',
} as const;

/** Written out member by member, since it runs for every event: only what says something is there, never null or "". */
export function normalizeEvent(record: OrgEvent): NormalizedMembers {
	const attributes = membersIn(record.attributes);
	const action = textIn(attributes['action']);
	const event: Writable<NormalizedMembers> = {};
	const processed = timeIn(attributes['processedAt']);
	if (processed) event.processed = processed;
	if (action) event.action = action;
	const message = textIn(membersIn(record.message)['content']);
	if (message) event.message = message;
	event.outcome = hasFailed(action) ? 'failure' : 'success';
	const given = membersIn(attributes['actor']);
	const actor = actorOf(given);
	if (actor) event.actor = actor;
	const credential = credentialOf(given['auth']);
	if (credential) event.credential = credential;
	const origin = originOf(attributes['location']);
	if (origin) event.origin = origin;
	const containers = someIn(attributes['container'], objectOf);
	if (containers) event.containers = containers;
	const targets = someIn(attributes['context'], objectOf);
	if (targets) event.targets = targets;
	const changes = someIn(attributes['container'], settingOf);
	if (changes) event.changes = changes;
	return event;
}

function timeIn(member: unknown): string | undefined {
	const time = typeof member === 'string' ? recordTime(member) : undefined;
	return time && isoTime(time.timeMs);
}

/** Those of people and of apps that have an account: 24 hexadecimal digits, or a prefix and a UUID. */
const accountId = /^([\da-f]{24}|([\w-]+:)+[\da-f]{8}-[\da-f-]{27})$/i;

function actorOf(given: Members): AuditActor | undefined {
	const person = personOf(given);
	const actor: Writable<AuditActor> = person ?? {};
	const isApp = actor.email === undefined && (textIn(given['email']) || !(actor.id && accountId.test(actor.id)));
	if (actor.id || actor.email) actor.type = isApp ? 'app' : 'user';
	const {onBehalfOf} = given;
	const other = onBehalfOf ? personOf(membersIn(onBehalfOf)) : undefined;
	if (other) actor.onBehalfOf = other;
	return person || other ? actor : undefined;
}

function personOf({id, name, email}: Members): Writable<AuditPerson> | undefined {
	const person: Writable<AuditPerson> = {};
	const said = {id: textIn(id), name: textIn(name), email: emailIn(email)};
	if (said.id) person.id = said.id;
	if (said.name) person.name = said.name;
	if (said.email) person.email = said.email;
	return said.id || said.name || said.email ? person : undefined;
}

function credentialOf(auth: unknown): AuditCredential | undefined {
	if (!auth) return undefined;
	const {authType, tokenId, tokenLabel} = membersIn(auth);
	const said = {type: textIn(authType), id: textIn(tokenId), name: textIn(tokenLabel)};
	const credential: Writable<AuditCredential> = {};
	if (said.type) credential.type = said.type;
	if (said.id) credential.id = said.id;
	if (said.name) credential.name = said.name;
	return said.type || said.id || said.name ? credential : undefined;
}

function originOf(location: unknown): AuditOrigin | undefined {
	if (!location) return undefined;
	const {ip, countryName, regionName, city} = membersIn(location);
	const said = {country: textIn(countryName), region: textIn(regionName), city: textIn(city)};
	const origin: Writable<AuditOrigin> | undefined = originIn(ip);
	if (!said.country && !said.region && !said.city) return origin;
	const geo: Writable<NonNullable<AuditOrigin['geo']>> = {};
	if (said.country) geo.country = said.country;
	if (said.region) geo.region = said.region;
	if (said.city) geo.city = said.city;
	if (!origin) return {geo};
	origin.geo = geo;
	return origin;
}

function objectOf({id, type, attributes}: Members): AuditTarget | undefined {
	const {name, groupName, siteName, siteHostName, email} = membersIn(attributes);
	return targetOf(type, id, textIn(name) ?? textIn(groupName) ?? textIn(siteName) ?? textIn(siteHostName), email);
}

/** The setting of an organization that was changed. */
function settingOf({attributes}: Members): AuditChange | undefined {
	const {settingName, settingValues} = membersIn(attributes);
	if (settingName === undefined && settingValues === undefined) return undefined;
	return changeOf(settingName, undefined, textIn(settingValues) ?? jsonOf(settingValues));
}

/** Undefined for what is nested too deep to be written, which is in `raw` only. */
function jsonOf(value: unknown): string | undefined {
	try {
		return value ? JSON.stringify(value) : undefined;
	} catch {
		return undefined;
	}
}
