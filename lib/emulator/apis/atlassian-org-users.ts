import {prettyPrint} from '../data/json.ts';
import {people, type Person} from '../data/people.ts';
import {createRandom, hash} from '../data/random.ts';
import {adminError, type Answer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest, EmulatedApi, EmulatedRecord} from '../server/api.ts';
import {createCursors} from '../server/cursors.ts';
import type {Setting} from '../server/setting.ts';
import {exampleOrg, orgApi, orgLink, orgPath} from './_organization.ts';
import {userProfileRoutes} from './_user-profile.ts';

const PAGE_SIZE = 50;
const USER_SALT = 60;
const DAY_MS = 86_400_000;
/** Where the user stands whom the vendor's cookbook looks for: neither on the first page nor on the last. */
const FIRST_PERSON_SHARE = 2 / 3;

/** A managed account as `GET /users` gives it. */
export interface ManagedUser {
	readonly account_id: string;
	readonly name: string;
	readonly [member: string]: unknown;
}

/** The managed accounts of an organization. */
export interface OrgUsers {
	find(accountId: string): ManagedUser | undefined;
	/** Gives a user another name. */
	rename(accountId: string, name: string): void;
}

/** The managed accounts of an organization, fifty a page. Its only cursor is within `links.next`, a whole URL. */
function create(setting: Setting): Api {
	const {errorBody, switches, options, count, nameOf} = setting;
	const cursors = createCursors(setting, 1);
	const first = Math.floor(count * FIRST_PERSON_SHARE);
	let made = count;
	let users: readonly ManagedUser[] | undefined;
	const all = () =>
		(users ??= Array.from({length: count}, (_, index) => makeUser((index - first + count) % count, options)));
	const current = (user: ManagedUser): ManagedUser => ({...user, name: nameOf(user.name)});

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const place = cursors.open(request);
		if (place === null) return adminError(errorBody, '400-1');
		const [start = 0] = place ?? [];
		const end = start + PAGE_SIZE;
		const rows = fault?.kind === 'empty-pages' ? [] : all().slice(start, end).map(current);
		const next = cursors.next(request, end < all().length ? cursors.seal(request, [end]) : undefined, [start]);
		const base = orgLink(setting, request, 'users');
		const given = query.get('cursor');
		const links = {
			self: given === null ? base : `${base}?cursor=${given}`,
			next: next === undefined ? (switches.end === 'null' ? null : undefined) : `${base}?cursor=${next}`,
		};
		const texts = rows.map(row => JSON.stringify(row));
		const records = switches.prettyPrint ? texts.map(text => prettyPrint(text, 2)) : texts;
		return setting.page({data: [], links, meta: {total: all().length}}, 'data', records);
	}

	const view = (user: ManagedUser): EmulatedRecord => ({
		id: user.account_id,
		timeMs: Date.parse(String(user['last_active'])),
		text: JSON.stringify(current(user)),
	});
	const held: EmulatedApi = {
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

	const api = orgApi(setting, [{method: 'GET', path: orgPath('users'), paged: true, answer: page}], held);
	const profiles = userProfileRoutes(errorBody, {
		find(accountId) {
			const user = all().find(({account_id}) => account_id === accountId);
			return user && current(user);
		},
		rename(accountId, name) {
			users = all().map(user => (user.account_id === accountId ? {...user, name} : user));
		},
	});
	return {...api, routes: [...api.routes, ...profiles]};
}

const managed = people.filter(({type}) => type === 'atlassian');

function makeUser(number: number, {seed, newestMs}: {seed: number; newestMs: number}): ManagedUser {
	const random = createRandom(seed, USER_SALT + number);
	const person = managed[number] ?? madeUp(seed, number);
	const lastActive = new Date(newestMs - random.below(90) * DAY_MS).toISOString();
	return {
		account_id: person.id,
		account_type: 'atlassian',
		account_status: random.chance(90) ? 'active' : random.pick(['inactive', 'closed']),
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

export default {
	reading: {options: {orgId: exampleOrg}, pageSize: PAGE_SIZE},
	create,
} satisfies ApiDefinition;
