import type {AuditActor, AuditChange, AuditEvent, AuditPerson, AuditTarget} from '../model/event.ts';
import {detailsIn, userTarget} from './changed-user.ts';
import type {EcsNamed, EcsPerson, EcsUser, Writable} from './ecs-event.ts';

/** False for what is known to be no person: ECS's `user.*` is what rules about people look at. */
export function isUser({type}: AuditActor): boolean {
	return type !== 'app' && type !== 'system' && type !== 'anonymous';
}

/** The first of that type; undefined where there is none. */
export function firstOf(type: string, targets: readonly AuditTarget[] | undefined): AuditTarget | undefined {
	if (targets !== undefined) for (const target of targets) if (target.type === type) return target;
	return undefined;
}

/** Whether who did it and to whom it was done are one. */
function isLogged(activity: AuditEvent['activity']): boolean {
	return activity !== undefined && logged.has(activity);
}

const logged: ReadonlySet<string> = new Set([
	'user-login',
	'user-logout',
	'admin-session-started',
	'admin-session-ended',
]);

/** Who did it, as whom, and to which user; undefined where it says nothing of users. */
export function ecsUser(event: AuditEvent): EcsUser | undefined {
	const {activity, actor, targets, changes} = event;
	const target = userTarget(event);
	const isLogin = isLogged(activity);
	const own = actor && isUser(actor) ? ecsPerson(actor) : undefined;
	// who logs in is both: what a failed login says of the account may be there only
	const user: Writable<EcsUser> = own ?? (isLogin && target ? ecsPerson(target) : undefined) ?? {};
	const other =
		(actor?.onBehalfOf && ecsPerson(actor.onBehalfOf)) ||
		(target && activity === 'user-impersonated' ? ecsPerson(target) : undefined);
	if (other) user.effective = other;
	// a rule about what is done to users must not see a login
	if (target && !isLogin) {
		const said: Writable<NonNullable<EcsUser['target']>> = ecsPerson(target) ?? {};
		if (changes && activity === 'user-updated') Object.assign(said, calledIn(changes, 'from', target.name));
		const group = ecsNamed(firstOf('group', targets));
		if (group) said.group = group;
		if (hasMembers(said)) user.target = said;
	}
	const changed = changes && activity === 'user-updated' ? calledIn(changes, 'to', target?.name) : undefined;
	if (changed) user.changes = changed;
	return hasMembers(user) ? user : undefined;
}

/** All that the users of the event are called, each once. */
export function usersRelatedTo({activity, actor, targets, changes}: AuditEvent): string[] {
	const all = new Set<string>();
	if (actor) {
		if (isUser(actor)) addNames(all, actor);
		if (actor.onBehalfOf) addNames(all, actor.onBehalfOf);
	}
	if (targets) for (const target of targets) if (target.type === 'user') addNames(all, target);
	if (changes && activity === 'user-updated') {
		const login = firstOf('user', targets)?.name;
		for (const side of ['from', 'to'] as const) addNames(all, detailsIn(changes, side, login));
	}
	return [...all];
}

function addNames(all: Set<string>, {id, name, fullName, email}: AuditPerson): void {
	if (id) all.add(id);
	if (name) all.add(name);
	if (fullName) all.add(fullName);
	if (email) all.add(email);
}

/** A name that is all that is known is one for people where the API says so: `user.name` is what one logs in with. */
export function ecsPerson({id, name, fullName, email}: AuditPerson): EcsPerson | undefined {
	const person: Writable<EcsPerson> = {};
	if (id) person.id = id;
	if (name && name !== fullName) person.name = name;
	if (fullName) person.full_name = fullName;
	if (email) person.email = email;
	return id || name || fullName || email ? person : undefined;
}

/** Its id and its name, where there is one of them. */
export function ecsNamed(target: AuditTarget | undefined): EcsNamed | undefined {
	if (!target?.id && !target?.name) return undefined;
	const named: Writable<EcsNamed> = {};
	if (target.id) named.id = target.id;
	if (target.name) named.name = target.name;
	return named;
}

/** What a user is called after the changes, or before. */
function calledIn(changes: readonly AuditChange[], side: 'from' | 'to', login?: string): EcsUser['changes'] {
	const {name, fullName, email} = detailsIn(changes, side, login);
	const said: Writable<NonNullable<EcsUser['changes']>> = {};
	if (name) said.name = name;
	if (fullName) said.full_name = fullName;
	if (email) said.email = email;
	return hasMembers(said) ? said : undefined;
}

function hasMembers(object: object): boolean {
	for (const _ in object) return true;
	return false;
}
