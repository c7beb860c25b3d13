import type {AuditAttribute, AuditChange, AuditEvent, AuditPerson} from '../model/event.ts';
import type {Writable} from './ecs-event.ts';

type Details = Pick<AuditPerson, 'name' | 'fullName' | 'email'>;

/** What the APIs call these, without spaces and the like. */
const changedFields: ReadonlyMap<string, keyof Details> = new Map([
	['username', 'name'],
	['fullname', 'fullName'],
	['displayname', 'fullName'],
	['email', 'email'],
	['emailaddress', 'email'],
]);

/** What a user is called after the changes, or before. A mere `name` is the login where `login` is on either side. */
export function detailsIn(changes: readonly AuditChange[], side: 'from' | 'to', login?: string): Details {
	const said: Writable<Details> = {};
	for (const change of changes) {
		const {field, from, to, [side]: text} = change;
		if (!field || field.length > 20 || !text) continue;
		const word = field.toLowerCase().replace(/[^a-z]/g, '');
		const isLogin = word === 'name' && login !== undefined && (from === login || to === login);
		const name = isLogin ? 'name' : changedFields.get(word);
		if (name) said[name] ??= text;
	}
	return said;
}

/** The first user that it was done to; of one that is new, what the changes tell of it too. */
export function userTarget({activity, targets, changes}: Pick<AuditEvent, 'activity' | 'targets' | 'changes'>) {
	const user = targets?.find(({type}) => type === 'user');
	const isNew = activity === 'user-created' || activity === 'user-invited';
	return user && changes && isNew ? {...detailsIn(changes, 'to'), ...user} : user;
}

/** What a change of privileges is called: `Type` is Confluence's word. */
const privilege = /permission|privilege|role|^type$/i;
const permission = /\b(?:permission|privilege|role)s?$/i;
/** The types of what is one. */
export const privilegeTarget = /(^|-)(role|permission|privilege)$/;
const reason = /\b(?:reason|error|cause)$/i;

/** The value of the first attribute whose key or name ends like that. */
function valueOf(attributes: readonly AuditAttribute[], pattern: RegExp): string | undefined {
	return attributes.find(({key, name, value}) => value && (pattern.test(key ?? '') || pattern.test(name ?? '')))?.value;
}

/** The roles and permissions that were given or taken, each once. */
export function privilegesIn(event: Pick<AuditEvent, 'targets' | 'changes' | 'attributes'>): string[] {
	const {targets = [], changes = [], attributes = []} = event;
	const named = targets.map(({type, name, id}) => (type && privilegeTarget.test(type) ? (name ?? id) : undefined));
	const changed = changes.map(({field, from, to}) => (field && privilege.test(field) ? (to ?? from) : undefined));
	const told = [...named, ...changed, valueOf(attributes, permission)];
	return [...new Set(told.filter(text => text !== undefined))];
}

/** Why it failed. */
export function failureReasonOf({outcome, attributes}: Pick<AuditEvent, 'outcome' | 'attributes'>): string | undefined {
	return outcome === 'failure' && attributes ? valueOf(attributes, reason) : undefined;
}
