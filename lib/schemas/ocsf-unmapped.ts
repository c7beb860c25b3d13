import type {AuditActor, AuditCredential, AuditEvent, AuditOrigin, AuditPerson, AuditService} from '../model/event.ts';
import type {OcsfKind} from './ocsf-classes.ts';
import type {OcsfActor, OcsfEndpoint, OcsfUnmapped} from './ocsf-event.ts';

/** What of the event has no other place, in the words of the common record; undefined where that is nothing. */
export function unmappedOf(
	event: AuditEvent,
	actor: OcsfActor | undefined,
	source: OcsfEndpoint | undefined,
	kind: OcsfKind,
): OcsfUnmapped | undefined {
	const unmapped: OcsfUnmapped = {};
	if (event.activity !== undefined) unmapped.activity = event.activity;
	if (event.actionName !== undefined) unmapped.action_name = event.actionName;
	if (event.category !== undefined) unmapped.category = event.category;
	if (event.actor) addActor(unmapped, event.actor, actor);
	if (event.credential) addCredential(unmapped, event.credential);
	if (event.origin) addOrigin(unmapped, event.origin, source);
	if (event.service) addService(unmapped, event.service, kind);
	if (event.containers) unmapped.containers = event.containers;
	// all of them, in their order: most classes have a place for the first one only
	if (event.targets) unmapped.targets = event.targets;
	if (event.changes) unmapped.changes = event.changes;
	if (event.attributes) unmapped.attributes = event.attributes;
	if (event.method !== undefined) unmapped.method = event.method;
	for (const _ in unmapped) return unmapped;
	return undefined;
}

function addActor(unmapped: OcsfUnmapped, {fullName, email, onBehalfOf}: AuditActor, actor?: OcsfActor): void {
	const rest: OcsfUnmapped['actor'] = {};
	if (fullName !== undefined && fullName !== actor?.user?.full_name) rest.full_name = fullName;
	if (email !== undefined && email !== actor?.user?.email_addr) rest.email = email;
	if (rest.full_name !== undefined || rest.email !== undefined) unmapped.actor = rest;
	if (onBehalfOf) unmapped.on_behalf_of = personOf(onBehalfOf);
}

function personOf({id, name, fullName, email}: AuditPerson): NonNullable<OcsfUnmapped['on_behalf_of']> {
	const person: OcsfUnmapped['on_behalf_of'] = {};
	if (id !== undefined) person.id = id;
	if (name !== undefined) person.name = name;
	if (fullName !== undefined) person.full_name = fullName;
	if (email !== undefined) person.email = email;
	return person;
}

function addCredential(unmapped: OcsfUnmapped, {type, name}: AuditCredential): void {
	const rest: OcsfUnmapped['credential'] = {};
	if (type !== undefined) rest.type = type;
	if (name !== undefined) rest.name = name;
	if (type !== undefined || name !== undefined) unmapped.credential = rest;
}

/** OCSF has codes for countries and regions where the record has names. */
function addOrigin(unmapped: OcsfUnmapped, origin: AuditOrigin, source?: OcsfEndpoint): void {
	if (!source) {
		unmapped.origin = origin;
		return;
	}
	const {ip, ips, geo} = origin;
	const mapped = 1 + (source.intermediate_ips?.length ?? 0);
	const keepIps = ips !== undefined && (ips[0] !== ip || ips.length !== mapped);
	const keepGeo = geo !== undefined && (geo.country !== undefined || geo.region !== undefined);
	if (keepIps) unmapped.origin = keepGeo ? {ips, geo} : {ips};
	else if (keepGeo) unmapped.origin = {geo};
}

function addService(unmapped: OcsfUnmapped, service: AuditService, kind: OcsfKind): void {
	if (!kind.destination) unmapped.service = service;
	else if (service.node !== undefined) unmapped.service = {node: service.node};
}
