import {isIP} from 'node:net';
import type {AuditEvent, AuditPerson, AuditTarget} from '../model/event.ts';
import {detailsIn, privilegeTarget, userTarget} from './changed-user.ts';
import type {OcsfActor, OcsfEndpoint, OcsfEntity, OcsfNamed, OcsfUser} from './ocsf-event.ts';

type Targets = AuditEvent['targets'];
type Changed = Pick<AuditEvent, 'activity' | 'targets' | 'changes'>;

/** Stands where OCSF needs a name and the record has none. */
const unknown = 'Unknown';
/** The pattern of OCSF's `email_t`. */
const email_t = /^[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$/;
/** What OCSF's `ip_t` has room for; its pattern is far slower than `isIP`. */
const maxIpLength = 40;

/** Whether OCSF's `ip_t` takes it. */
export function isOcsfIp(text: string): boolean {
	return text.length <= maxIpLength && isIP(text) !== 0;
}

/** The client or a server by its address: `name` where that is no IP address. */
export function endpointOf(address: string): OcsfEndpoint {
	return isOcsfIp(address) ? {ip: address} : {name: address};
}

/** Who did it, and with what; undefined where neither is said. An app is no user. */
export function actorOf({actor, credential}: Pick<AuditEvent, 'actor' | 'credential'>): OcsfActor | undefined {
	const credentialId = credential?.id;
	if (actor === undefined && credentialId === undefined) return undefined;
	const ocsf: OcsfActor = {};
	if (actor?.type === 'app') {
		const called = actor.name ?? actor.fullName ?? (actor.id === undefined ? unknown : undefined);
		if (called !== undefined) ocsf.app_name = called;
		if (actor.id !== undefined) ocsf.app_uid = actor.id;
	} else if (actor) {
		ocsf.user = userOf(actor, actor.type);
	}
	if (credentialId !== undefined) ocsf.session = {credential_uid: credentialId};
	return ocsf;
}

/** A person, by name or id at least; `type` has what OCSF knows no number for. */
export function userOf({id, name, fullName, email}: AuditPerson, type: string | undefined): OcsfUser {
	const user: OcsfUser = {type_id: type === 'user' ? 1 : type === 'system' ? 3 : type === undefined ? 0 : 99};
	if (user.type_id === 99) user.type = type!;
	const called = name ?? fullName ?? email ?? (id === undefined ? unknown : undefined);
	if (called !== undefined) user.name = called;
	if (id !== undefined) user.uid = id;
	if (fullName !== undefined) user.full_name = fullName;
	if (email !== undefined && email_t.test(email)) user.email_addr = email;
	return user;
}

/** The first user that it was done to. */
export function userIn(event: Changed): OcsfUser {
	const user = userTarget(event);
	return userOf(user ?? {}, user?.type);
}

/** The first group that it was done to. */
export function groupIn(targets: Targets): OcsfNamed {
	return named(targets?.find(isGroup));
}

/** The first app that it was done to; the site or the product that it is part of is none. */
export function appIn(targets: Targets): OcsfNamed {
	return named(targets?.find(isApp));
}

/** What an Entity Management is about: a `user`, a `group`, a `policy`, or else the first thing that is none of these. */
export function entityIn({targets, changes = []}: Changed, about: string): OcsfEntity {
	const one = about === 'user' || about === 'group' || about === 'policy';
	const found = targets?.find(about === 'user' ? isUser : about === 'group' ? isGroup : one ? isPolicy : isThing);
	const type = one ? about : (found?.type ?? about);
	const entity: OcsfEntity = named(found);
	entity.type_id = entityTypeIds.get(type) ?? 99;
	entity.type = entity.type_id === 99 ? type : type[0]!.toUpperCase() + type.slice(1);
	if (about === 'user')
		entity.user = userOf({...(found && detailsIn(changes, 'to', found.name)), ...found}, found?.type);
	return entity;
}

const entityTypeIds: ReadonlyMap<string, number> = new Map([
	['user', 2],
	['group', 3],
	['organization', 4],
	['policy', 5],
]);

/** What privileges were given or taken on. */
export function resourcesIn(targets: Targets): OcsfNamed[] {
	return (targets ?? []).filter(isResource).map(typed);
}

/** What was created, read and so on; only things where `about` says so. */
export function webResourcesIn(targets: Targets, about: string): OcsfNamed[] {
	return (about === 'thing' ? targets?.filter(isThing) : targets)?.map(typed) ?? [];
}

function typed(target: AuditTarget): OcsfNamed {
	const thing = named(target);
	if (target.type !== undefined) thing.type = target.type;
	return thing;
}

function named(target: AuditTarget | undefined): OcsfNamed {
	if (!target) return {name: unknown};
	const thing: OcsfNamed = {};
	const called = target.name ?? target.fullName ?? target.email ?? (target.id === undefined ? unknown : undefined);
	if (called !== undefined) thing.name = called;
	if (target.id !== undefined) thing.uid = target.id;
	return thing;
}

export function isUser({type}: AuditTarget): boolean {
	return type === 'user';
}

function isGroup({type}: AuditTarget): boolean {
	return type === 'group';
}

function isApp({type}: AuditTarget): boolean {
	return type === 'app' || type === 'plugin';
}

function isPolicy({type}: AuditTarget): boolean {
	return type === 'policy' || type?.endsWith('-policy') === true;
}

function isThing({type}: AuditTarget): boolean {
	return type !== 'user' && type !== 'group';
}

function isPrivilege({type}: AuditTarget): boolean {
	return type !== undefined && privilegeTarget.test(type);
}

function isResource(target: AuditTarget): boolean {
	return isThing(target) && !isPrivilege(target);
}
