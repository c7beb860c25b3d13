import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {ConfigError} from '../../lib/model/errors.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page} from '../../lib/model/page.ts';
import confluence from '../../sources/confluence-cloud.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from '../support/pages.ts';
import {itReadsItsSite} from '../support/site-cases.ts';
import {queriesOf, siteSource} from '../support/site-source.ts';

const name = 'confluence-cloud';
const {withEmulator, pull, runWith, held, assertGiven, assertSurvivesChanges} = siteSource(confluence, name);
const login = {username: 'admin', password: 'emulator'};

/** The pages of an API that holds these records and no others. */
async function pagesOf(...results: readonly object[]): Promise<Page[]> {
	const pages: Page[] = [];
	await withJsonServer(
		({url}) => {
			const start = Number(new URL(url, 'http://localhost').searchParams.get('start'));
			return {results: results.slice(start), start, limit: 1000, _links: {}};
		},
		async endpoint => {
			const heard = listen(confluence({endpoint, ...login}), page => page.ack());
			await heard.over;
			assert.equal(heard.error, undefined);
			pages.push(...heard.values);
		},
	);
	return pages;
}

describe(name, () => {
	itReadsItsSite(confluence, name);

	it('only looks whether there is a next link, whatever it says', async () => {
		for (const switches of [
			{confluenceCloud: {nextWithContext: true}},
			{linkFilters: false},
			{end: 'empty-page'},
			{prettyPrint: true},
		] as const) {
			const faults = [{kind: 'foreign-next', at: 'all'}] as const;
			await withEmulator({events: 90, switches, faults}, async emulator => {
				const expected = held(emulator).map(text => text.replace(/[\r\n]/g, ''));
				assertGiven(await pull(emulator, {pageSize: 30}), expected);
			});
		}
	});

	it('sends the search with each page', async () => {
		await withEmulator({events: 600}, async emulator => {
			const expected = held(emulator).filter(text => text.toLowerCase().includes('logo uploaded'));
			assert.ok(expected.length > 20 && expected.length < 200, String(expected.length));
			assertGiven(await pull(emulator, {search: 'Logo uploaded', pageSize: 10}), expected);
			assert.deepEqual([...new Set(queriesOf(emulator).map(query => query.get('searchString')))], ['Logo uploaded']);
		});
	});

	it('keeps records that are equal byte for byte, longer runs of them than a page too', async () => {
		const bursts = {perThousand: 100, longSize: 45, longEvery: 100};
		await withEmulator({switches: {bursts, twinPercent: 100}}, async emulator => {
			const expected = held(emulator);
			assert.ok(new Set(expected).size < 200);
			for (const pageSize of [20, 45]) assertGiven(await pull(emulator, {pageSize}), expected);
		});
	});

	it('loses and doubles nothing while records come and go', async () => {
		await assertSurvivesChanges((creationDate, number) =>
			JSON.stringify({author: {accountId: 'late'}, creationDate, summary: `late ${number}`}),
		);
	});

	it('gives what came late in the next run, a twin of an old record too, and nothing twice', async () => {
		await withEmulator({}, async emulator => {
			const state = memoryStore();
			const sink = memorySink();
			await runWith(emulator, state, sink);
			const [{timeMs, text}, other] = [...emulator.api(name).records()].slice(10) as [
				{timeMs: number; text: string},
				{timeMs: number},
			];
			emulator.api(name).insert([{timeMs, text}, {timeMs: other.timeMs}]);
			await runWith(emulator, state, sink);
			assert.equal(sink.lines.length, 302);
			assert.deepEqual(sink.lines.toSorted(), held(emulator).toSorted());
		});
	});

	it('adds /wiki to the endpoint where it is missing, and knows the gateway', async () => {
		for (const [below, path, tenant] of [
			['', '/wiki', 'HOST'],
			['/', '/wiki', 'HOST'],
			['/wiki', '/wiki', 'HOST'],
			['/wiki/', '/wiki', 'HOST'],
			['/ex/confluence/11aa-22', '/ex/confluence/11aa-22/wiki', '11aa-22'],
			['/ex/confluence/11aa-22/wiki', '/ex/confluence/11aa-22/wiki', '11aa-22'],
		] as const) {
			await withEmulator({events: 30}, async emulator => {
				const pages = await pull(emulator, {endpoint: emulator.url + below, pageSize: 20});
				assertGiven(pages, held(emulator));
				assert.ok(emulator.requests.every(({url}) => url.startsWith(`${path}/rest/api/audit?`)));
				assert.equal(pages[0]!.source.tenant, tenant.replace('HOST', new URL(emulator.url).host));
			});
		}
		await withEmulator({events: 30, switches: {pathPrefix: '/proxy'}}, async emulator => {
			const [page] = await pull(emulator);
			assert.match(emulator.requests[0]!.url, /^\/proxy\/wiki\/rest\/api\/audit\?/);
			assert.equal(page!.source.tenant, `${new URL(emulator.url).host}/proxy`);
		});
	});

	it('refuses options that cannot work', () => {
		const endpoint = 'https://example.atlassian.net';
		for (const [options, message] of [
			[{...login}, /endpoint: expected the address of the server, got nothing/],
			[{endpoint}, /expected credentials, got none/],
			[{endpoint, ...login, search: ''}, /search/],
			[{endpoint, ...login, filter: 'x'}, /option filter: expected one of search, /],
			[{endpoint, ...login, pageSize: 0}, /pageSize: expected a whole number from 1 to 10000/],
		] as const) {
			assert.throws(
				() => confluence(options as never),
				error => error instanceof ConfigError && message.test(error.message),
			);
		}
	});

	describe('identity', () => {
		const record = {
			author: {type: 'user', displayName: 'Ann', username: 'u1', userKey: 'k1', accountId: 'a1'},
			remoteAddress: '203.0.113.5',
			creationDate: 1_643_097_111_962,
			summary: 'User added to group',
			description: '',
			category: 'Users and groups',
			sysAdmin: false,
			affectedObject: {name: 'admins:4375f4c3-0001', objectType: 'Group'},
			changedValues: [
				{name: 'Active', oldValue: 'Yes', newValue: 'No'},
				{name: 'Email', oldValue: '', newValue: 'a@example.com'},
			],
			associatedObjects: [
				{name: 'Bob', objectType: 'User'},
				{name: 'Cid', objectType: 'User'},
			],
		};

		it('is the same for a record that says the same', async () => {
			const {description: _, ...withoutDescription} = record;
			const same = [
				{...record, author: {...record.author, displayName: 'Ann Smith'}},
				{...record, author: {accountId: 'a1'}},
				{...record, affectedObject: {objectType: 'Group', name: 'owners:4375f4c3-0001'}},
				{...record, superAdmin: false, somethingNew: 1},
				{...record, changedValues: record.changedValues.toReversed()},
				{...record, associatedObjects: record.associatedObjects.toReversed()},
				{...record, description: null},
				withoutDescription,
				Object.fromEntries(Object.entries(record).toReversed()),
			];
			const [first, ...others] = (await pagesOf(record, ...same)).flatMap(idsOf);
			assert.match(first!, /^[0-9a-f]{32}$/);
			assert.deepEqual(
				others,
				same.map((__, index) => `${first}-${index + 2}`),
			);
		});

		it('differs where anything differs that identifies a record', async () => {
			const different = [
				{...record, author: {...record.author, accountId: 'a2'}},
				{...record, author: {displayName: 'System'}},
				{...record, author: {displayName: 'Anonymous'}},
				{...record, remoteAddress: '203.0.113.6'},
				{...record, summary: 'x'},
				{...record, description: 'x'},
				{...record, category: 'x'},
				{...record, sysAdmin: true},
				{...record, affectedObject: {name: 'admins:4375f4c3-0002', objectType: 'Group'}},
				{...record, affectedObject: {name: 'admins:4375f4c3-0001', objectType: 'User'}},
				{...record, changedValues: record.changedValues.slice(1)},
				{...record, changedValues: [{...record.changedValues[0], newValue: 'x'}, record.changedValues[1]]},
				{...record, associatedObjects: record.associatedObjects.slice(1)},
				{...record, creationDate: record.creationDate - 1},
			];
			const ids = (await pagesOf(record, ...different)).flatMap(idsOf);
			assert.equal(new Set(ids).size, different.length + 1);
			assert.ok(ids.every(id => /^[0-9a-f]{32}$/.test(id)));
		});
	});

	describe('normalize', () => {
		/** The members that this source maps, of one record. */
		async function normalized(record: object): Promise<unknown> {
			const [page] = await pagesOf({creationDate: 1_643_097_111_962, ...record});
			const [out] = listen(of(page!).pipe(normalize())).values;
			assert.deepEqual(out!.rejected, []);
			const {id: _id, time, source: _source, tenant: _tenant, raw: _raw, ...mapped} = out!.events[0]!;
			assert.equal(time, '2022-01-25T07:51:51.962Z');
			return mapped;
		}

		it('maps each member', async () => {
			assert.deepEqual(
				await normalized({
					author: {type: 'user', displayName: 'Ann', username: 'u1', userKey: 'k1', accountId: 'a1', accountType: ''},
					remoteAddress: '203.0.113.5',
					summary: 'User added to group',
					description: 'by hand',
					category: 'Users and groups',
					affectedObject: {name: 'admins:4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f', objectType: 'Group'},
					changedValues: [
						{name: 'Active', oldValue: 'Yes', newValue: 'No', hiddenOldValue: '', hiddenNewValue: ''},
						{name: 'Space key', oldValue: '', newValue: 'ENG'},
					],
					associatedObjects: [
						{name: 'Bob', objectType: 'User'},
						{name: 'A: B', objectType: 'Space'},
					],
				}),
				{
					action: 'User added to group',
					activity: 'group-user-added',
					category: 'Users and groups',
					message: 'by hand',
					outcome: 'success',
					actor: {id: 'a1', name: 'Ann', fullName: 'Ann', type: 'user'},
					origin: {ip: '203.0.113.5', ips: ['203.0.113.5']},
					targets: [
						{type: 'group', id: '4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f', name: 'admins'},
						{type: 'user', name: 'Bob'},
						{type: 'space', name: 'A: B'},
					],
					changes: [
						{field: 'Active', from: 'Yes', to: 'No'},
						{field: 'Space key', to: 'ENG'},
					],
				},
			);
		});

		it('takes apart a name that holds a group and its member', async () => {
			const group = '4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f';
			assert.deepEqual(await normalized({affectedObject: {name: `${group}; User: 712020:ab-1`, objectType: ''}}), {
				targets: [
					{type: 'group', id: group},
					{type: 'user', id: '712020:ab-1'},
				],
			});
		});

		it('takes the id off the name of a group, and of nothing else', async () => {
			const id = '4375f4c3-7a5b-4c0e-8d11-0a1b2c3d4e5f';
			for (const [object, target] of [
				[
					{name: `a:b:${id}`, objectType: 'Group'},
					{type: 'group', id, name: 'a:b'},
				],
				[
					{name: `a:${id}`, objectType: 'Space'},
					{type: 'space', name: `a:${id}`},
				],
				[{name: `a:${id}`, objectType: ''}, {name: `a:${id}`}],
				[
					{name: 'a:b', objectType: 'Group'},
					{type: 'group', name: 'a:b'},
				],
				[
					{name: `:${id}`, objectType: 'Group'},
					{type: 'group', name: `:${id}`},
				],
				[{name: '', objectType: 'Group'}, {type: 'group'}],
			] as const) {
				assert.deepEqual(await normalized({affectedObject: object}), {targets: [target]});
				assert.deepEqual(await normalized({associatedObjects: [object]}), {targets: [target]});
			}
		});

		it('knows people, apps, the system and strangers apart', async () => {
			for (const [author, actor] of [
				[
					{type: 'user', displayName: 'System'},
					{name: 'System', fullName: 'System', type: 'system'},
				],
				[
					{type: 'user', displayName: 'Anonymous'},
					{name: 'Anonymous', fullName: 'Anonymous', type: 'anonymous'},
				],
				[
					{type: 'user', displayName: 'constructor'},
					{name: 'constructor', fullName: 'constructor'},
				],
				[
					{type: 'user', displayName: 'Bot', accountId: 'b', accountType: 'app'},
					{id: 'b', name: 'Bot', fullName: 'Bot', type: 'app'},
				],
				[
					{type: 'user', accountId: '', userKey: 'k', username: 'n'},
					{id: 'k', type: 'user'},
				],
				[
					{type: 'user', userKey: null, username: 'n'},
					{id: 'n', type: 'user'},
				],
			] as const) {
				assert.deepEqual(await normalized({author}), {actor});
			}
		});

		it('takes each address of a list, and no empty one', async () => {
			const ips = ['203.0.113.5', '2001:db8::1'];
			assert.deepEqual(await normalized({remoteAddress: ' 203.0.113.5 ,, 2001:db8::1'}), {
				origin: {ip: ips[0], ips},
			});
			assert.deepEqual(await normalized({remoteAddress: ' ,'}), {});
		});

		it('leaves out what is missing, null or empty', async () => {
			for (const none of [undefined, null, '']) {
				const {summary, ...texts} = {summary: 's', category: none, description: none, remoteAddress: none};
				const lists = {changedValues: none, associatedObjects: none};
				const object = {name: none, objectType: none};
				for (const record of [
					{summary, ...texts, ...lists, author: none, affectedObject: none},
					{summary, ...texts, author: {displayName: none, accountId: none}, affectedObject: object},
					{
						summary,
						...texts,
						changedValues: [{name: none, oldValue: none, newValue: none}],
						associatedObjects: [object],
					},
				]) {
					assert.deepEqual(await normalized(record), {action: 's', message: 's'});
				}
			}
		});
	});

	describe('operations', () => {
		it('reads the retention and changes it, a year at most', async () => {
			await withEmulator({events: 1}, async ({url, requests}) => {
				const {retention, 'set-retention': setRetention} = confluence.operations;
				const connection = {endpoint: url, ...login};
				assert.deepEqual(await retention(connection), {number: 1, units: 'YEARS'});
				const prepared = setRetention.prepare(connection, {number: 6, units: 'MONTHS'});
				assert.equal(
					await prepared.preview(),
					'retention: 1 YEARS -> 6 MONTHS\nThe server deletes records that are older than that.',
				);
				assert.deepEqual(
					requests.map(({method}) => method),
					['GET', 'GET'],
				);
				assert.equal((await prepared.run()).text, '{"number":6,"units":"MONTHS"}');
				const json = {number: 6, units: 'MONTHS'};
				assert.deepEqual(await retention(connection), json);
				assert.deepEqual(await prepared.preview(), {unchanged: {text: JSON.stringify(json), json}});
				assert.ok(setRetention.writes && setRetention.takesBody && !retention.writes && !retention.takesBody);
				assert.ok(requests.every(request => request.url === '/wiki/rest/api/audit/retention'));
				for (const units of ['HOURS', 'HALF_DAYS', 'DAYS', 'WEEKS', 'MONTHS', 'YEARS'] as const) {
					await setRetention({...connection, body: {number: 1, units}});
				}
			});
		});

		it('sends no retention that is longer than a year or makes no sense', () => {
			const connection = {endpoint: 'http://127.0.0.1:1', ...login};
			for (const [body, message] of [
				[{number: 13, units: 'MONTHS'}, /body: expected a year at most/],
				[{number: 2, units: 'YEARS'}, /body: expected a year at most/],
				[{number: 367, units: 'DAYS'}, /body: expected a year at most/],
				[{number: 1, units: 'DECADES'}, /units: expected one of HOURS, /],
				[{number: 1, units: 'FOREVER'}, /units: expected one of HOURS, /],
				[{number: 1, units: 'NANOS'}, /units: expected one of HOURS, /],
				[{number: 1, units: 'constructor'}, /units: expected one of HOURS, /],
				[{number: 1}, /units: expected one of HOURS, /],
				[{number: '6', units: 'DAYS'}, /number: expected a whole number from 1 .*, got "6"/],
				[{number: 0, units: 'DAYS'}, /number: expected a whole number from 1 /],
				[{number: 1.5, units: 'DAYS'}, /number: expected a whole number from 1 /],
				[{units: 'DAYS'}, /number: expected a whole number from 1 /],
				[{number: 1, units: 'DAYS', other: 1}, /body: expected an object like {"number": 6, /],
				[[], /body: expected an object like {"number": 6, /],
				['1 DAYS', /body: expected an object like {"number": 6, /],
				[null, /body: expected an object like {"number": 6, /],
				[undefined, /body: expected an object like {"number": 6, /],
			] as const) {
				assert.throws(
					() => confluence.operations['set-retention'].prepare(connection, body),
					error => error instanceof ConfigError && message.test(error.message),
					JSON.stringify(body),
				);
			}
		});

		it('gives the records of a last span', async () => {
			const newestMs = Date.UTC(2026, 0, 31);
			await withEmulator({newestMs, now: () => newestMs, spacingMs: 60_000}, async emulator => {
				const {since} = confluence.operations;
				const connection = {endpoint: emulator.url, ...login};
				const answer = await since({...connection, number: '2', units: 'HOURS'});
				const expected = held(emulator, {from: newestMs - 7_200_000});
				assert.ok(expected.length > 50);
				assert.deepEqual(
					answer.results.map(record => JSON.stringify(record)),
					expected,
				);
				await since({...connection, search: 'logo', skip: 3, pageSize: 5});
				await since(connection);
				assert.deepEqual(queriesOf(emulator).map(String), [
					'number=2&units=HOURS',
					'searchString=logo&start=3&limit=5',
					'',
				]);
			});
			assert.throws(
				() => confluence.operations.since.prepare({endpoint: 'http://127.0.0.1:1', ...login, units: 'EONS'}),
				/units: expected one of NANOS, /,
			);
		});
	});
});
