import assert from 'node:assert/strict';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import {type Emulator, type EmulatorOptions, startEmulator} from '../support/emulator.ts';
import type {Rejected} from '../../lib/model/page.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import {run} from '../../lib/run/run.ts';
import userProfile from '../../sinks/atlassian-user-profile.ts';
import orgUsers, {type OrgUser} from '../../sources/atlassian-org-users.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {type HeardContext, sinkContext, sinkError} from '../../lib/testing/sink-batch.ts';

type Options = Parameters<typeof userProfile>[0];
type User = {readonly account_id?: string; readonly name?: string};

const set = {extended_profile: {department: 'Marketing'}};

async function withEmulator(use: (emulator: Emulator) => Promise<void>, options: EmulatorOptions = {}): Promise<void> {
	const emulator = await startEmulator({events: 120, ...options});
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

function batchOf(...users: readonly User[]) {
	const texts = users.map(user => JSON.stringify(user));
	return {
		events: users,
		records: users.map((value, index) => ({
			id: value.account_id ?? '',
			timeMs: 0,
			orderMs: 0,
			wholeSecond: false,
			text: Buffer.from(texts[index]!),
			value,
		})),
		lines: Buffer.from(texts.map(text => `${text}\n`).join('')),
		ends: new Uint32Array(users.length),
		source: {name: 'atlassian-org-users', tenant: 'acme', ids: 'global' as const},
	};
}

/** Writes users; resolves with what was refused and what was said. */
async function write(options: Options, users: readonly User[], context: HeardContext) {
	const sink = await userProfile({token: 't', maxAttempts: 1, ...options}).open(context);
	const rejected = (await sink.write(batchOf(...users))) ?? [];
	assert.deepEqual(await sink.flush(), {});
	await sink.close();
	await sink.close();
	return {rejected, said: context.notes, warned: context.warnings};
}

function requestsOf({requests}: Emulator): string[] {
	return requests.map(({method, url}) => `${method} ${url}`);
}

describe('atlassian-user-profile', () => {
	it('selects a user by name and changes the department, as the vendor’s recipe does', async () => {
		await withEmulator(async emulator => {
			const {url: endpoint, token, orgId} = emulator;
			const pipeline = async (apply: boolean) => {
				const users = orgUsers({endpoint, token, orgId});
				const lila = users.pipe(filterEvents(user => (user as OrgUser).name === 'Lila Smalls'));
				const before = emulator.requestCount;
				const notes: string[] = [];
				const onNote = (note: string) => void notes.push(note);
				const {warnings} = await run(lila, userProfile({endpoint, token, set, apply}), {onNote});
				assert.equal(warnings.length, apply ? 0 : 1);
				const sent = requestsOf(emulator)
					.slice(before)
					.filter(request => request.includes('profile'));
				return [sent.map(request => request.split(' ')[0]).join(), ...notes, ...warnings];
			};
			const change = /Lila Smalls \(\S+\): (\w+ ?\w+) extended_profile\.department from nothing to "Marketing"$/;
			const [asked, would, nothing] = await pipeline(false);
			assert.equal(asked, 'GET');
			assert.equal(change.exec(would!)?.[1], 'would change');
			assert.match(nothing!, /nothing was changed; accounts: 1 would be changed, 0 .* 0 refused; add apply=true/);
			const [sent, changed, summary] = await pipeline(true);
			assert.equal(sent, 'GET,PATCH');
			assert.equal(change.exec(changed!)?.[1], 'changed');
			assert.match(summary!, /accounts: 1 changed, 0 as they should be, 0 refused$/);
			const [again, ...said] = await pipeline(true);
			assert.equal(again, 'GET');
			assert.deepEqual(said, ['atlassian-user-profile: accounts: 0 changed, 1 as they should be, 0 refused']);
		});
	});

	it('sends only what differs, once for an account that comes twice', async () => {
		const account = {
			name: 'Ann',
			locale: 'en-US',
			extended_profile: {department: 'Sales', job_title: 'Clerk'} as Record<string, string>,
		};
		const patches: string[] = [];
		await withJsonServer(
			({method, body}) => {
				if (method === 'PATCH') {
					patches.push(body);
					const {extended_profile, ...own} = JSON.parse(body) as typeof account;
					Object.assign(account, own);
					Object.assign(account.extended_profile, extended_profile);
				}
				return {account};
			},
			async (endpoint, served) => {
				const options: Options = {
					endpoint: `${endpoint}/proxy/`,
					apply: 'true',
					set: {name: 'Ann', locale: 'nb-NO', extended_profile: {department: 'Marketing', job_title: 'Clerk'}},
				};
				const ann = {account_id: '712020:a/b'};
				const {rejected, said} = await write(options, [ann, ann], sinkContext());
				assert.deepEqual(rejected, []);
				assert.deepEqual(patches, ['{"locale":"nb-NO","extended_profile":{"department":"Marketing"}}']);
				assert.equal(served[0]!.url, '/proxy/users/712020%3Aa%2Fb/manage/profile');
				assert.deepEqual(said, [
					'atlassian-user-profile: 712020:a/b: changed locale from "en-US" to "nb-NO", extended_profile.department from "Sales" to "Marketing"',
					'atlassian-user-profile: accounts: 1 changed, 1 as they should be, 0 refused',
				]);
			},
		);
	});

	it('hands back whom the API refuses, with the reason, and goes on with the others', async () => {
		await withEmulator(async emulator => {
			const {url: endpoint, token} = emulator;
			const [known] = emulator.api('atlassian-org-users').records();
			const users = [{account_id: 'nobody', name: 'Nobody'}, JSON.parse(known!.text) as User];
			const options = {endpoint, token, apply: true, set};
			const {rejected, said} = await write(options, users, sinkContext());
			const [{id, text, reason}, ...others] = rejected as [Rejected];
			assert.deepEqual([id, text.toString(), others], ['nobody', '{"account_id":"nobody","name":"Nobody"}', []]);
			assert.match(
				reason,
				/users\/nobody\/manage\/profile answered 404: there is no such account: .*; check that it still exists/,
			);
			assert.equal(said[0], `atlassian-user-profile: Nobody (nobody): refused; ${reason}`);
			assert.match(said.at(-1)!, /accounts: 1 changed, 0 as they should be, 1 refused$/);
			const long = {endpoint, token, apply: true, set: {nickname: 'x'.repeat(1000)}};
			const {rejected: invalid} = await write(long, [JSON.parse(known!.text) as User], sinkContext());
			assert.match(invalid[0]!.reason, /PATCH .* answered 400: .*nickname/);
		});
		await withJsonServer(
			() => 403,
			async endpoint => {
				const {rejected} = await write({endpoint, set}, [{account_id: 'a'}, {account_id: 'b'}], sinkContext());
				assert.deepEqual(
					rejected.map(({id}) => id),
					['a', 'b'],
				);
				assert.match(rejected[0]!.reason, /answered 403/);
			},
		);
	});

	it('makes a refused account a dead letter of the run', async () => {
		await withEmulator(
			async ({url: endpoint, token, orgId}) => {
				const deadLetters = memorySink({target: 'dead'});
				const locale = 'x'.repeat(1000);
				const users = orgUsers({endpoint, token, orgId});
				const report = await run(users, userProfile({endpoint, token, apply: true, set: {locale}}), {deadLetters});
				assert.deepEqual([report.events, report.deadLetters, deadLetters.lines.length], [0, 60, 60]);
				assert.match((JSON.parse(deadLetters.lines[0]!) as {reason: string}).reason, /answered 400/);
			},
			{events: 60},
		);
	});

	it('tries again where that can help, and otherwise fails before anything is lost', async () => {
		await withEmulator(async emulator => {
			const {url: endpoint, token} = emulator;
			const [known] = emulator.api('atlassian-org-users').records();
			const user = JSON.parse(known!.text) as User;
			emulator.setFaults([{kind: 'status', status: 503, at: [1, 3]}]);
			const patient = {endpoint, token, apply: true, set, maxAttempts: 2, retryBaseMs: 0};
			assert.match((await write(patient, [user], sinkContext())).said.at(-1)!, /1 changed/);
			assert.deepEqual(
				requestsOf(emulator).map(request => request.split(' ')[0]),
				['GET', 'GET', 'PATCH', 'PATCH'],
			);
			emulator.setFaults([{kind: 'status', status: 500, at: 'all'}]);
			await assert.rejects(write(patient, [user], sinkContext()), sinkError('SINK_FAILED', /answered 500/));
			emulator.clearFaults();
			await assert.rejects(write({...patient, token: 'wrong'}, [user], sinkContext()), AuthError);
		});
	});

	it('takes accounts only', async () => {
		const other = write({set}, [{name: 'somebody'}], sinkContext());
		await assert.rejects(other, {name: 'ConfigError', message: /expected accounts of atlassian-org-users/});
	});

	it('ends at once when the run gives up', async () => {
		await withEmulator(async ({url: endpoint, token}) => {
			const abort = new AbortController();
			abort.abort();
			const context = sinkContext(undefined, abort.signal);
			await assert.rejects(write({endpoint, token, set}, [{account_id: 'a'}], context), {name: 'AbortError'});
		});
	});

	it('says what it is, and what a state is bound to', () => {
		const {name, target, layout, accepts} = userProfile({token: 't', set: {nickname: 'b', locale: 'a'}, apply: 'true'});
		assert.deepEqual(
			[name, target, layout],
			['atlassian-user-profile', 'https://api.atlassian.com', {apply: 'true', set: 'locale=a&nickname=b'}],
		);
		assert.deepEqual(accepts, [{source: 'atlassian-org-users'}]);
		assert.deepEqual(userProfile.api, {endpoint: 'https://api.atlassian.com', auth: ['bearer']});
	});

	it('refuses options that cannot work', () => {
		for (const [options, message] of [
			[{}, /option set: expected some of/],
			[{set: {}}, /option set: expected at least one member to set/],
			[{set: {extended_profile: {}}}, /expected at least one member to set/],
			[{set: {email: 'x'}}, /option set: expected some of name, .*, got email/],
			[
				{set: {extended_profile: {team: 'x'}}},
				/option set\.extended_profile: expected some of job_title, .*, got team/,
			],
			[{set: {name: 7}}, /option set\.name: expected a text, got 7/],
			[{set: {name: ''}}, /option set\.name: expected a text that is not empty, got ""/],
			[{set: {extended_profile: {location: ''}}}, /set\.extended_profile\.location: expected a text that is not empty/],
			[{set, apply: 'yes'}, /option apply: expected true or false, got "yes"/],
			[{set, endpoint: 'http://example.com'}, /expected https/],
			[{set, pageSize: 3}, /option pageSize: expected one of/],
		] as const) {
			assert.throws(
				() => userProfile({token: 't', ...options} as unknown as Options),
				(error: unknown) => {
					assert.ok(error instanceof ConfigError);
					assert.match(error.message, message);
					return true;
				},
			);
		}
		assert.throws(() => userProfile({set}), /expected credentials, got none/);
	});
});
