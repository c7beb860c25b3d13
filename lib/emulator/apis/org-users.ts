import type {EmulatedRecord, NewRecord} from '../server/api.ts';
import {people, type Person} from '../data/catalogue.ts';
import {createRandom, hash} from '../data/random.ts';

const USER_SALT = 60;
const DAY_MS = 86_400_000;
/** Where the user stands whom the vendor's cookbook looks for: neither on the first page nor on the last. */
const FIRST_PERSON_SHARE = 2 / 3;

/** A managed account as `GET /users` gives it. */
export interface ManagedUser {
	readonly account_id: string;
	readonly account_type: 'atlassian' | 'customer' | 'app';
	readonly account_status: 'active' | 'inactive' | 'closed';
	readonly name: string;
	readonly [member: string]: unknown;
}

export interface OrgUsersOptions {
	readonly users: number;
	readonly seed: number;
	readonly newestMs: number;
	nameOf(name: string): string;
}

/** The managed accounts of an organization. */
export interface OrgUsers {
	size(): number;
	slice(start: number, end: number): readonly ManagedUser[];
	find(accountId: string): ManagedUser | undefined;
	/** Known to Atlassian, but not managed by this organization. */
	isStranger(accountId: string): boolean;
	/** Replaces members of a user. */
	update(accountId: string, members: object): void;
	records(): Iterable<EmulatedRecord>;
	insert(records: readonly NewRecord[]): EmulatedRecord[];
	remove(isGone: (record: EmulatedRecord, index: number) => boolean): EmulatedRecord[];
}

const managed = people.filter(({type}) => type === 'atlassian');
const strangers = new Set(people.filter(({type}) => type !== 'atlassian').map(({id}) => id));

export function createOrgUsers(options: OrgUsersOptions): OrgUsers {
	let users: ManagedUser[] | undefined;
	let made = options.users;

	function all(): ManagedUser[] {
		if (users) return users;
		const count = options.users;
		const first = Math.floor(count * FIRST_PERSON_SHARE);
		return (users = Array.from({length: count}, (_, index) => makeUser((index - first + count) % count, options)));
	}

	const current = (user: ManagedUser) => ({...user, name: options.nameOf(user.name)});
	const view = (user: ManagedUser): EmulatedRecord => ({
		id: user.account_id,
		timeMs: Date.parse(String(user['last_active'])),
		text: JSON.stringify(current(user)),
	});

	return {
		size: () => all().length,
		slice: (start, end) => all().slice(start, end).map(current),
		find(accountId) {
			const user = all().find(({account_id}) => account_id === accountId);
			return user && current(user);
		},
		isStranger: accountId => strangers.has(accountId),
		update(accountId, members) {
			users = all().map(user => (user.account_id === accountId ? {...user, ...members} : user));
		},
		records: () => all().map(view),
		insert(records) {
			const added = records.map(({text, timeMs}) => {
				if (text !== undefined) return JSON.parse(text) as ManagedUser;
				return {...makeUser(made++, options), last_active: new Date(timeMs).toISOString()};
			});
			users = [...all(), ...added];
			return added.map(view);
		},
		remove(isGone) {
			const gone = all().filter((user, index) => isGone(view(user), index));
			users = all().filter(user => !gone.includes(user));
			return gone.map(view);
		},
	};
}

function makeUser(number: number, {seed, newestMs}: OrgUsersOptions): ManagedUser {
	const random = createRandom(seed, USER_SALT + number);
	const person = managed[number] ?? madeUp(seed, number);
	const lastActive = new Date(newestMs - random.below(90) * DAY_MS).toISOString();
	return {
		account_id: person.id,
		account_type: 'atlassian',
		account_status: random.chance(90) ? 'active' : random.pick(['inactive', 'closed'] as const),
		name: person.name,
		picture: `https://avatar.example.com/${number}`,
		...(random.chance(85) ? {email: person.email} : {}),
		access_billable: random.chance(70),
		last_active: lastActive,
		product_access: random.chance(20)
			? []
			: [{key: 'jira-software', name: 'Jira', url: 'https://example.atlassian.net', last_active: lastActive}],
		links: {self: `https://api.atlassian.com/users/${person.id}/manage/profile`},
	};
}

function madeUp(seed: number, number: number): Omit<Person, 'type'> {
	const hex = hash(seed, USER_SALT, number).toString(16).padStart(8, '0');
	return {
		id: `712020:${hex}-4b1a-4c3d-9e5f-${number.toString(16).padStart(12, '0')}`,
		name: `Person ${number}`,
		email: `person${number}@example.com`,
	};
}
