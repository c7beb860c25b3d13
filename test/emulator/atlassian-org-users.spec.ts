import assert from 'node:assert/strict';
import {people} from '../../lib/emulator/data/people.ts';
import type {Emulator} from '../support/emulator.ts';
import {ask, bearer, call, textsOf, withEmulator, written} from './ask.ts';

interface Page {
	readonly data: readonly {readonly account_id: string; readonly name: string}[];
	readonly links: {readonly self: string; readonly next?: string | null};
	readonly meta: {readonly total: number};
}

interface Account {
	readonly account: {
		readonly account_id: string;
		readonly name: string;
		readonly locale?: string;
		readonly extended_profile: Readonly<Record<string, string>>;
	};
}

const name = 'atlassian-org-users';
const page = async (emulator: Emulator, query = ''): Promise<Page> =>
	JSON.parse((await ask(emulator, `/users${query}`)).body.toString()) as Page;

async function profile(emulator: Emulator, accountId: string, body?: unknown) {
	const path = `/users/${encodeURIComponent(accountId)}/manage/profile`;
	const headers = bearer(emulator.token);
	const reply = await call(emulator, path, body === undefined ? {headers} : {method: 'PATCH', headers, body});
	return {status: reply.status, ...(JSON.parse(reply.body.toString()) as Account & {key?: string; context?: object})};
}

const idOf = (emulator: Emulator, wanted: string) =>
	Array.from(emulator.api(name).records()).find(({text}) => text.includes(`"${wanted}"`))!.id!;

describe('emulator/atlassian-org-users', () => {
	it('pages by fifty, the cursor in a whole link', () =>
		withEmulator({events: 120}, async emulator => {
			const pages = [await page(emulator)];
			for (let next; (next = pages.at(-1)!.links.next);) pages.push(await page(emulator, new URL(next).search));
			assert.deepEqual(
				pages.map(({data}) => data.length),
				[50, 50, 20],
			);
			assert.deepEqual(
				pages.flatMap(({data}) => written(data)),
				textsOf(emulator, name),
			);
			assert.equal(pages[0]?.meta.total, 120);
			assert.ok(pages[0]?.links.next?.startsWith(`${emulator.url}/admin/v1/orgs/${emulator.orgId}/users?cursor=`));
			assert.ok(!('next' in pages[2]!.links) && !('next' in pages[0]!.meta));
		}));

	it('ends with null where it is told to', () =>
		withEmulator({events: 5, switches: {end: 'null'}}, async emulator => {
			assert.equal((await page(emulator)).links.next, null);
		}));

	it('refuses cursors that it did not give', () =>
		withEmulator({events: 60}, async emulator => {
			assert.equal((await ask(emulator, '/users?cursor=x')).status, 400);
			const other = (JSON.parse((await ask(emulator, '/events')).body.toString()) as {meta: {next: string}}).meta.next;
			assert.equal((await ask(emulator, `/users?cursor=${other}`)).status, 400);
		}));

	it('makes pages that lead nowhere', async () => {
		const kinds = ['foreign-next', 'empty-pages', 'repeat-cursor', 'refuse-cursor'] as const;
		const faults = kinds.map((kind, index) => ({kind, at: index + 1}));
		await withEmulator({events: 120, faults}, async emulator => {
			assert.match(String((await page(emulator)).links.next), /^http:\/\/127\.0\.0\.2:9\/admin\/v1/);
			const empty = await page(emulator);
			assert.deepEqual(empty.data, []);
			const {search} = new URL(empty.links.next!);
			assert.equal(new URL((await page(emulator, search)).links.next!).search, search);
			assert.match((await ask(emulator, `/users${search}`)).body.toString(), /ADMIN-400-1/);
		});
	});

	it('holds one Lila Smalls, in the middle, and nobody twice', async () => {
		for (const events of [0, 1, 3, 50, 1000]) {
			await withEmulator({events}, async emulator => {
				const texts = textsOf(emulator, name);
				const places = texts.flatMap((text, index) => (text.includes('"Lila Smalls"') ? [index] : []));
				assert.deepEqual(places, events === 0 ? [] : [Math.floor((events * 2) / 3)]);
				assert.equal(new Set(Array.from(emulator.api(name).records(), ({id}) => id)).size, events);
			});
		}
	});

	it('keeps what is written to a profile, and what was written before; a new name shows in the list', () =>
		withEmulator({events: 30}, async emulator => {
			const id = idOf(emulator, 'Lila Smalls');
			const change = {locale: 'fi', name: 'Lila Large', extended_profile: {department: 'Marketing'}};
			const {status, account} = await profile(emulator, id, change);
			assert.deepEqual([status, account.account_id, account.name], [200, id, 'Lila Large']);
			const after = await profile(emulator, id, {extended_profile: {job_title: 'Lead'}});
			assert.deepEqual(after.account.extended_profile, {department: 'Marketing', job_title: 'Lead'});
			assert.deepEqual(await profile(emulator, id), after);
			assert.equal(after.account.locale, 'fi');
			assert.ok((await ask(emulator, '/users')).body.includes('"Lila Large"'));
		}));

	it('refuses accounts that are unknown or not managed', () =>
		withEmulator({events: 100}, async emulator => {
			for (const {id, type} of people) {
				const {status, key} = await profile(emulator, id);
				assert.deepEqual([status, key], type === 'atlassian' ? [200, undefined] : [403, 'unclaimedDomain']);
			}
			assert.equal((await profile(emulator, 'nobody', {})).status, 404);
			assert.equal((await call(emulator, '/users/x/manage/profile')).status, 401);
		}));

	it('refuses bodies that are wrong, and changes nothing', () =>
		withEmulator({events: 30}, async emulator => {
			const id = idOf(emulator, 'Lila Smalls');
			const before = await profile(emulator, id);
			assert.deepEqual(await profile(emulator, id, 'no JSON'), {status: 400, key: 'bodyParseFailure', context: {}});
			for (const body of [
				{name: ''},
				{name: null},
				{email: 'x'},
				{extended_profile: {shoe_size: '43'}},
				{extended_profile: 'Marketing'},
				{nickname: 'x'.repeat(256)},
				{locale: 5},
			]) {
				const {status, key} = await profile(emulator, id, body);
				assert.deepEqual([status, key], [400, 'fieldConstraintsViolated'], JSON.stringify(body));
			}
			assert.deepEqual(await profile(emulator, id), before);
		}));
});
