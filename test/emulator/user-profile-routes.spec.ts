import assert from 'node:assert/strict';
import {profileError} from '../../lib/emulator/apis/user-profile-routes.ts';
import type {Emulator} from '../../lib/emulator/index.ts';
import {ask, bearer, call, withEmulator} from './ask.ts';

interface Account {
	readonly account: {
		readonly account_id: string;
		readonly name: string;
		readonly locale?: string;
		readonly extended_profile: Readonly<Record<string, string>>;
	};
}

async function profile(emulator: Emulator, accountId: string, body?: unknown) {
	const path = `/users/${encodeURIComponent(accountId)}/manage/profile`;
	const headers = bearer(emulator.token);
	const reply = await call(emulator, path, body === undefined ? {headers} : {method: 'PATCH', headers, body});
	return {status: reply.status, ...(JSON.parse(reply.body.toString()) as Account & {key?: string; context?: object})};
}

const idOf = (emulator: Emulator, name: string) =>
	Array.from(emulator.api('atlassian-org-users').records()).find(({text}) => text.includes(`"${name}"`))!.id!;

describe('emulator/user-profile-routes', () => {
	it('keeps what is written, and what was written before', () =>
		withEmulator({events: 30}, async emulator => {
			const id = idOf(emulator, 'Lila Smalls');
			const {status, account} = await profile(emulator, id, {
				locale: 'fi',
				extended_profile: {department: 'Marketing'},
			});
			assert.deepEqual([status, account.account_id, account.name], [200, id, 'Lila Smalls']);
			const written = await profile(emulator, id, {extended_profile: {job_title: 'Lead'}});
			assert.deepEqual(written.account.extended_profile, {department: 'Marketing', job_title: 'Lead'});
			assert.deepEqual(await profile(emulator, id), written);
			assert.equal(written.account.locale, 'fi');
		}));

	it('shows a new name in the list of users', () =>
		withEmulator({events: 30}, async emulator => {
			const id = idOf(emulator, 'Lila Smalls');
			assert.equal((await profile(emulator, id, {name: 'Lila Large'})).account.name, 'Lila Large');
			assert.ok((await ask(emulator, '/users')).body.includes('"Lila Large"'));
		}));

	it('refuses accounts that are unknown or not managed', () =>
		withEmulator({events: 30}, async emulator => {
			const {status, key} = await profile(emulator, 'confluence', {});
			assert.deepEqual([status, key], [403, 'unclaimedDomain']);
			assert.equal((await profile(emulator, 'nobody', {})).status, 404);
		}));

	it('refuses bodies that are wrong, and changes nothing', () =>
		withEmulator({events: 30}, async emulator => {
			const id = idOf(emulator, 'Lila Smalls');
			const before = await profile(emulator, id);
			assert.equal((await profile(emulator, id, 'no JSON')).key, 'bodyParseFailure');
			const wrong = [
				{name: ''},
				{name: null},
				{email: 'x'},
				{extended_profile: {shoe_size: '43'}},
				{extended_profile: 'Marketing'},
				{nickname: 'x'.repeat(256)},
				{locale: 5},
			];
			for (const body of wrong) {
				const {status, key} = await profile(emulator, id, body);
				assert.deepEqual([status, key], [400, 'fieldConstraintsViolated'], JSON.stringify(body));
			}
			assert.deepEqual(await profile(emulator, id), before);
		}));

	it('words errors by a key', () => {
		assert.equal(profileError(400, 'k', {a: 1}).body.toString(), '{"key":"k","context":{"a":1}}');
	});

	it('needs the key of the organization', () =>
		withEmulator({}, async emulator => {
			assert.equal((await call(emulator, '/users/x/manage/profile')).status, 401);
		}));
});
