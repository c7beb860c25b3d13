import {z} from 'zod';
import {cursorInLink} from '../lib/http/link.ts';
import type {Mapping} from '../lib/source/mapping.ts';
import {by, each, first, json} from '../lib/source/words.ts';

/** What the APIs of an Atlassian organization have in common. */
export const orgApi = {
	endpoint: 'https://api.atlassian.com',
	auth: ['bearer'],
	product: {vendor: 'Atlassian', name: 'Atlassian Administration'},
} as const;

/** For how long it keeps the events of its log. */
export const retention = {days: 180};

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

/** Those of people and of apps that have an account: 24 hexadecimal digits, or a prefix and a UUID. */
const accountId = /^([\da-f]{24}|([\w-]+:)+[\da-f]{8}-[\da-f-]{27})$/i;

/** What works with API tokens of its own, as the tools of the MCP server do. */
const serviceAccount = /@(?:[\w-]+\.)*serviceaccount\.[\w.-]+$/i;

const object = {
	type: 'type',
	id: first('id', 'attributes.issueId', 'attributes.pageId'),
	name: first(
		'attributes.name',
		'attributes.groupName',
		'attributes.siteName',
		'attributes.siteHostName',
		'attributes.issueKey',
		'attributes.key',
		'attributes.title',
	),
	email: 'attributes.email',
};

export const orgMapping: Mapping = {
	processed: 'attributes.processedAt',
	action: 'attributes.action',
	message: 'message.content',
	outcome: 'attributes.action',
	'actor.id': 'attributes.actor.id',
	'actor.name': 'attributes.actor.name',
	'actor.email': 'attributes.actor.email',
	'actor.type': by(
		'"service-account" where $1 is one of those; "user" where $1 has an @, or, without one, $2 is that of an account; else "app"',
		['attributes.actor.email', 'attributes.actor.id'],
		(email, id) => {
			if (email && serviceAccount.test(email)) return 'service-account';
			if (email?.includes('@')) return 'user';
			return id && (!email && accountId.test(id) ? 'user' : 'app');
		},
	),
	'actor.onBehalfOf.id': 'attributes.actor.onBehalfOf.id',
	'actor.onBehalfOf.name': 'attributes.actor.onBehalfOf.name',
	'actor.onBehalfOf.email': 'attributes.actor.onBehalfOf.email',
	'credential.type': 'attributes.actor.auth.authType',
	'credential.id': 'attributes.actor.auth.tokenId',
	'credential.name': 'attributes.actor.auth.tokenLabel',
	'origin.ip': 'attributes.location.ip',
	'origin.ips': 'attributes.location.ip',
	'origin.geo.country': 'attributes.location.countryName',
	'origin.geo.region': 'attributes.location.regionName',
	'origin.geo.city': 'attributes.location.city',
	containers: each('attributes.container', object),
	targets: each('attributes.context', object),
	// the setting of an organization that was changed
	changes: each('attributes.container', {field: 'attributes.settingName', to: json('attributes.settingValues')}),
};
