import {isIP} from 'node:net';
import type {AuditEvent, AuditOrigin} from '../model/event.ts';
import type {SourceFacts} from '../model/page.ts';
import {privilegesIn, failureReasonOf} from './changed-user.ts';
import {ecsCategories} from './ecs-categories.ts';
import type {EcsAtlassian, EcsEvent, EcsSource, Writable} from './ecs-event.ts';
import {ecsNamed, ecsPerson, ecsUser, firstOf, isUser, usersRelatedTo} from './ecs-user.ts';

export type {EcsEvent} from './ecs-event.ts';

/**
 * The event in the Elastic Common Schema 9.4.0; the same event gives the same bytes at any time, so there is no
 * `event.ingested`. ECS has room for one user and one group that something was done to, and for addresses that are IP
 * addresses: what does not fit is in `atlassian`, the one object that is not of ECS.
 */
export function toEcs(event: AuditEvent, {product}: Pick<SourceFacts, 'product'>): EcsEvent {
	const {message, origin, service, targets} = event;
	const addresses = origin && addressesIn(origin);
	const out: Partial<Writable<EcsEvent>> = {'@timestamp': event.time, ecs: {version: '9.4.0'}};
	if (message) out.message = message;
	const user = ecsUser(event);
	if (user) out.user = user;
	const group = ecsNamed(firstOf('group', targets));
	if (group) out.group = group;
	const hosts = hostsOf(service);
	const related = relatedTo(event, addresses?.ips, hosts);
	if (related) out.related = related;
	const source = origin && sourceOf(origin, addresses?.ips);
	if (source) out.source = source;
	// behind a proxy, whose address the server saw
	if (addresses && addresses.ips.length > 1 && source?.ip) out.network = {forwarded_ip: source.ip};
	// the tenant may be a site or a server, which is no organization
	const organization = ecsNamed(firstOf('organization', event.containers));
	if (organization) out.organization = organization;
	if (service?.node && !uuid.test(service.node)) out.host = {name: service.node};
	const asked = service && serviceOf(service);
	if (asked) out.service = asked;
	out.observer = product.vendor ? {vendor: product.vendor, product: product.name} : {product: product.name};
	const atlassian = atlassianOf(event, addresses?.others);
	if (atlassian) out.atlassian = atlassian;
	out.event = eventOf(event);
	return out as EcsEvent;
}

function eventOf(event: AuditEvent): EcsEvent['event'] {
	const {activity, action, outcome, id, processed, source, targets, raw} = event;
	const {category, type} = ecsCategories(activity, targets);
	const said: Partial<Writable<EcsEvent['event']>> = {kind: 'event', category, type};
	if (action) said.action = action;
	said.outcome = outcome ?? 'unknown';
	const reason = failureReasonOf(event);
	if (reason) said.reason = reason;
	said.id = id;
	if (processed) said.created = processed;
	said.module = 'rxaudit';
	said.dataset = source;
	if (raw) said.original = raw;
	return said as EcsEvent['event'];
}

function relatedTo(event: AuditEvent, ips: readonly string[] = [], hosts: readonly string[]): EcsEvent['related'] {
	const users = usersRelatedTo(event);
	const related: Writable<NonNullable<EcsEvent['related']>> = {};
	if (users.length > 0) related.user = users;
	if (ips.length > 0) related.ip = ips;
	if (hosts.length > 0) related.hosts = hosts;
	return users.length + ips.length + hosts.length > 0 ? related : undefined;
}

/** What stands for a node of a cluster where it has no name. */
const uuid = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;

/** The names of the server and of its node. */
function hostsOf({address, node}: NonNullable<AuditEvent['service']> = {}): string[] {
	const host = address === undefined ? undefined : (urlHost.exec(address)?.[1] ?? address);
	const names = [host, node === undefined || uuid.test(node) ? undefined : node];
	return [...new Set(names.filter(name => name !== undefined && name !== ''))] as string[];
}

const urlHost = /^[a-z][a-z\d+.-]*:\/\/([^/?#:@[\]]+)(?::\d+)?(?:[/?#]|$)/i;

function serviceOf({address, node}: NonNullable<AuditEvent['service']>): EcsEvent['service'] {
	if (!node) return address ? {address} : undefined;
	return address ? {address, node: {name: node}} : {node: {name: node}};
}

function sourceOf({ip, geo}: AuditOrigin, ips: readonly string[] = []): EcsSource | undefined {
	const source: Writable<EcsSource> = {};
	if (ip) {
		source.address = ip;
		if (ips[0] === ip) source.ip = ip;
	}
	if (geo?.country || geo?.region || geo?.city) {
		const place: Writable<NonNullable<EcsSource['geo']>> = {};
		if (geo.country) place.country_name = geo.country;
		if (geo.region) place.region_name = geo.region;
		if (geo.city) place.city_name = geo.city;
		source.geo = place;
	}
	return ip || source.geo ? source : undefined;
}

interface Addresses {
	/** Each once; the client's is the first, where it is one. */
	readonly ips: readonly string[];
	/** What is no IP address, without the client's. */
	readonly others: readonly string[];
}

function addressesIn({ip, ips = []}: AuditOrigin): Addresses {
	const real = new Set<string>();
	const others = new Set<string>();
	if (ip && isAddress(ip)) real.add(ip);
	for (const address of ips) if (address !== ip) (isAddress(address) ? real : others).add(address);
	return {ips: [...real], others: [...others]};
}

/** No IP address is longer than 45 characters; one with a zone (`fe80::1%eth0`) is refused by Elasticsearch. */
function isAddress(text: string): boolean {
	return text.length <= 45 && isIP(text) !== 0 && !text.includes('%');
}

function atlassianOf(event: AuditEvent, others: readonly string[] = []): EcsAtlassian | undefined {
	const {tenant, activity, category, actionName, credential, containers, targets, changes, attributes, method} = event;
	const own: Writable<EcsAtlassian> = {};
	if (tenant) own.tenant = tenant;
	if (activity) own.activity = activity;
	if (category) own.category = category;
	if (actionName) own.action_name = actionName;
	const actor = ownActorOf(event);
	if (actor) own.actor = actor;
	if (credential?.type || credential?.id || credential?.name) own.credential = credential;
	if (others.length > 0) own.addresses = others;
	if (containers) own.containers = containers;
	if (targets) own.targets = targets;
	if (changes) {
		own.changes = changes;
		own.changed = changes.map(({field = '', to = ''}) => `${field}=${to}`);
	}
	if (activity !== undefined && isAboutPrivileges.test(activity)) {
		const privileges = privilegesIn(event);
		if (privileges.length > 0) own.privileges = privileges;
	}
	if (attributes) own.attributes = attributes;
	if (method) own.method = method;
	for (const _ in own) return own;
	return undefined;
}

const isAboutPrivileges = /^(role|permission)-/;

function ownActorOf({actor}: AuditEvent): EcsAtlassian['actor'] {
	if (!actor?.type || actor.type === 'user') return undefined;
	return isUser(actor) ? {type: actor.type} : {type: actor.type, ...ecsPerson(actor)};
}
