import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import {type Emulator, type EmulatorOptions, startEmulator} from '../support/emulator.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {run} from '../../lib/run/run.ts';
import orgUsers, {type OrgUser} from '../../sources/atlassian-org-users.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from '../support/pages.ts';

type Options = Parameters<typeof orgUsers>[0];

async function withEmulator(options: EmulatorOptions, use: (emulator: Emulator) => Promise<void>): Promise<void> {
	const emulator = await startEmulator({events: 230, ...options});
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

async function pull(options: Options) {
	const heard = listen(orgUsers(options), page => page.ack());
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values;
}

function optionsOf({url, token, orgId}: Emulator): Options {
	return {endpoint: url, token, orgId};
}

function held(emulator: Emulator): string[] {
	return Array.from(emulator.api('atlassian-org-users').records(), ({id}) => id!);
}

/** Runs with one state and one target. */
function repeated(emulator: Emulator) {
	const sink = memorySink();
	const state = memoryStore();
	return {
		run: () =>
			run(start => orgUsers({...optionsOf(emulator), maxAttempts: 1}, start).pipe(dedupe(start)), sink, {
				state,
				commitSize: {pages: 1},
			}),
		ids: () => sink.lines.map(line => (JSON.parse(line) as OrgUser).account_id),
	};
}

describe('atlassian-org-users', () => {
	it('gives every account, in pages as large as the API makes them', async () => {
		for (const end of ['absent', 'null'] as const) {
			for (const events of [0, 1, 49, 50, 51, 230]) {
				await withEmulator({events, switches: {end}}, async emulator => {
					const pages = await pull({...optionsOf(emulator), pageSize: 7});
					assert.deepEqual(pages.flatMap(idsOf), held(emulator));
					assert.equal(emulator.requestCount, Math.max(1, Math.ceil(events / 50)));
					for (const {url} of emulator.requests) assert.doesNotMatch(url, /limit|from|to=/);
				});
			}
		}
	});

	it('never follows a link, and takes a bare cursor for what it is', async () => {
		await withEmulator({faults: [{kind: 'foreign-next', at: 'all'}]}, async emulator => {
			assert.deepEqual((await pull(optionsOf(emulator))).flatMap(idsOf), held(emulator));
		});
		const pages = [{links: {next: 'a+b'}}, {links: {next: ''}}];
		await withJsonServer(
			(_, index) => ({data: [{account_id: String(index)}], ...pages[index]}),
			async (endpoint, served) => {
				assert.deepEqual((await pull({endpoint, token: 't', orgId: 'o'})).flatMap(idsOf), ['0', '1']);
				assert.deepEqual(
					served.map(({url}) => url),
					['/admin/v1/orgs/o/users', '/admin/v1/orgs/o/users?cursor=a%2Bb'],
				);
			},
		);
	});

	it('does not take a link that it cannot read for the end', async () => {
		for (const next of ['https://api.atlassian.com/admin/v1/orgs/o/users?page=2', 'https://api.atlassian.com/']) {
			await withJsonServer(
				() => ({data: [{account_id: '1'}], links: {next}}),
				async endpoint => {
					await assert.rejects(pull({endpoint, token: 't', orgId: 'o'}), {
						code: 'BAD_BODY',
						message: /in the link to the next page/,
					});
				},
			);
		}
	});

	it('goes on from every page, gives everybody once, and lists anew in the next run', async () => {
		await withEmulator({}, async emulator => {
			for (let page = 1; page <= 5; page++) {
				const runs = repeated(emulator);
				emulator.setFaults([{kind: 'status', status: 403, at: emulator.requestCount + page}]);
				await assert.rejects(runs.run(), AuthError);
				assert.equal(runs.ids().length, (page - 1) * 50);
				const {warnings} = await runs.run();
				assert.deepEqual(runs.ids(), held(emulator), `after page ${page}`);
				assert.match(
					warnings.join(),
					/^atlassian-org-users: this run finished the listing [^,]+ run again for a new one$/,
				);
				const next = await runs.run();
				assert.deepEqual(runs.ids(), [...held(emulator), ...held(emulator)]);
				assert.deepEqual(next.warnings, []);
			}
		});
	});

	it('begins again where a cursor is refused, and gives nobody twice', async () => {
		await withEmulator({}, async emulator => {
			for (const request of [2, 5]) {
				emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + request}]);
				const runs = repeated(emulator);
				await runs.run();
				assert.deepEqual(runs.ids(), held(emulator));
			}
		});
	});

	it('misses nobody who was there from beginning to end while others come', async () => {
		await withEmulator({switches: {churn: {insertEvery: 2}}}, async emulator => {
			const before = held(emulator);
			const ids = (await pull(optionsOf(emulator))).flatMap(idsOf);
			assert.deepEqual(
				before.filter(id => !ids.includes(id)),
				[],
			);
			assert.equal(new Set(ids).size, ids.length);
		});
	});

	it('gives a common record of the account, at the time of the run', async () => {
		await withJsonServer(
			() => ({
				data: [
					{account_id: '712020:a', name: 'Lila Smalls', email: 'lila@example.com'},
					{account_id: 'b', name: ''},
				],
				links: {},
			}),
			async endpoint => {
				const before = Date.now();
				const [page] = await pull({endpoint, token: 't', orgId: 'acme'});
				const [normal] = listen(of(page!).pipe(normalize())).values;
				const common = normal!.events.map(({time, raw, ...members}) => {
					assert.ok(Date.parse(time) >= before - 1 && Date.parse(time) <= Date.now(), time);
					assert.equal(typeof raw, 'string');
					return members;
				});
				const shared = {source: 'atlassian-org-users', tenant: 'acme'};
				assert.deepEqual(common, [
					{
						id: '712020:a',
						...shared,
						targets: [{type: 'user', id: '712020:a', name: 'Lila Smalls', email: 'lila@example.com'}],
					},
					{id: 'b', ...shared, targets: [{type: 'user', id: 'b'}]},
				]);
			},
		);
	});

	it('refuses options that cannot work', () => {
		for (const options of [{orgId: 'a/b'}, {orgId: 'o', since: '1d'}, {orgId: 'o', until: '1d'}]) {
			assert.throws(() => orgUsers({token: 't', ...options} as Options), ConfigError);
		}
	});
});
