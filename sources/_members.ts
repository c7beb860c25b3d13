import type {AuditChange, AuditOrigin, AuditTarget} from '../lib/model/event.ts';

/** What a record is while it is written out member by member. */
export type Writable<T> = {-readonly [Key in keyof T]: T[Key]};
/** A parsed record, of which nothing is certain. */
export type Members = Readonly<Record<string, unknown>>;

/** The text of a member: undefined where there is nothing, `""`, null, a list or an object. */
export function textIn(member: unknown): string | undefined {
	if (typeof member === 'string') return member === '' ? undefined : member;
	if (typeof member === 'number') return isExact(member) ? String(member) : undefined;
	return typeof member === 'boolean' ? String(member) : undefined;
}

/** Beyond 2^53 the digits are not those of the record, so that two ids may look the same: better none. */
function isExact(number: number): boolean {
	return !Number.isInteger(number) || Number.isSafeInteger(number);
}

/** The members of an object; none of what is no object. */
export function membersIn(member: unknown): Members {
	return isObject(member) ? member : nothing;
}

/** The objects in a list; none of what is no list. */
export function objectsIn<T = Members>(member: unknown): readonly T[] {
	if (!Array.isArray(member)) return [];
	return ((member as readonly unknown[]).every(isObject) ? member : member.filter(isObject)) as T[];
}

const nothing: Members = {};

function isObject(value: unknown): value is Members {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is read from the objects in a list, without what is nothing; undefined where that is all. */
export function someIn<T>(member: unknown, read: (object: Members) => T | undefined): T[] | undefined {
	if (!Array.isArray(member)) return undefined;
	let some: T[] | undefined;
	for (const item of member as readonly unknown[]) {
		const one = isObject(item) ? read(item) : undefined;
		if (one === undefined) continue;
		if (some) some.push(one);
		else some = [one];
	}
	return some;
}

/** Addresses with commas between them: the client's, then those of its proxies. */
export function originIn(member: unknown): Writable<AuditOrigin> | undefined {
	const text = textIn(member)?.trim();
	if (!text) return undefined;
	if (!text.includes(',')) return {ip: text, ips: [text]};
	const ips = text
		.split(',')
		.map(address => address.trim())
		.filter(Boolean);
	return ips[0] === undefined ? undefined : {ip: ips[0], ips};
}

/** What it was done to, or where: undefined where nothing is said of it. */
export function targetOf(type: unknown, id: unknown, name: unknown, email?: unknown): AuditTarget | undefined {
	let target: Writable<AuditTarget> | undefined;
	const typeText = textIn(type);
	if (typeText) target = {type: kindOf(typeText)};
	const idText = textIn(id);
	if (idText) (target ??= {}).id = idText;
	const nameText = textIn(name);
	if (nameText) (target ??= {}).name = nameText;
	const emailText = emailIn(email);
	if (emailText) (target ??= {}).email = emailText;
	return target;
}

/** What has no @ is no address: `Atlassian app`. */
export function emailIn(member: unknown): string | undefined {
	return typeof member === 'string' && member.includes('@') ? member : undefined;
}

/** What was changed, from what, to what: undefined where nothing is said. */
export function changeOf(field: unknown, from: unknown, to: unknown): AuditChange | undefined {
	let change: Writable<AuditChange> | undefined;
	const fieldText = textIn(field);
	if (fieldText) change = {field: fieldText};
	const fromText = textIn(from);
	if (fromText) (change ??= {}).from = fromText;
	const toText = textIn(to);
	if (toText) (change ??= {}).to = toText;
	return change;
}

/** Whether an action, by its own word for it, is one that failed: `user_login_failed`, `SYNC_FAILED`, `Login failed`. */
export function hasFailed(action: string | undefined): boolean {
	return action !== undefined && failed.test(action);
}

const failed = /(^|[^a-z])fail(s|ed|ing|ure|ures)?([^a-z]|$)|failure$/i;

/** What one API calls `users`, another calls `USER`, and a third `ApplicationUser`. */
const synonyms: Readonly<Record<string, string>> = {
	users: 'user',
	'application-user': 'user',
	'invited-user': 'user',
	groups: 'group',
	orgs: 'organization',
	sites: 'site',
	products: 'product',
	spaces: 'space',
	apps: 'app',
	applications: 'application',
	directories: 'directory',
	domains: 'domain',
	pages: 'page',
	permissions: 'permission',
	policies: 'policy',
	projects: 'project',
	repositories: 'repository',
	roles: 'role',
	tokens: 'token',
};
const kinds = new Map<string, string>();

/** A kind of thing in lower case with hyphens, the same word for the same thing. */
export function kindOf(type: string): string {
	const known = kinds.get(type);
	if (known !== undefined) return known;
	const word = type
		.trim()
		.replace(/([a-z])([A-Z])/g, '$1-$2')
		.replace(/[\s_]+/g, '-')
		.toLowerCase();
	const kind = (Object.hasOwn(synonyms, word) ? synonyms[word] : word) || type;
	// there are a few dozen; a log that makes up new ones must not fill the memory
	if (kinds.size < 1000 && type.length < 100) kinds.set(type, kind);
	return kind;
}
