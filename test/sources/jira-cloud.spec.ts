import assert from 'node:assert/strict';
import {ConfigError} from '../../lib/model/errors.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page} from '../../lib/model/page.ts';
import jira from '../../sources/jira-cloud.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from '../support/pages.ts';
import {itReadsItsSite} from '../support/site-cases.ts';
import {queriesOf, siteSource} from '../support/site-source.ts';

const name = 'jira-cloud';
const {withEmulator, pull, runWith, held, assertGiven, assertSurvivesChanges} = siteSource(jira, name);
const login = {username: 'admin', password: 'emulator'};

/** How the API writes a time. */
function jiraTime(timeMs: number): string {
	return new Date(timeMs).toISOString().replace('Z', '+0000');
}

/** An API of so many records, a second apart, that gives a thousand at most; `limit` is what it says of that. */
async function pullServed(count: number, limit: number | undefined, pageSize: number): Promise<Page[]> {
	const records = Array.from({length: count}, (_, index) => ({id: count - index, timeMs: 1e12 - 1000 * index}));
	const pages: Page[] = [];
	await withJsonServer(
		({url}) => {
			const query = new URL(url, 'http://localhost').searchParams;
			const offset = Number(query.get('offset'));
			const toMs = Date.parse(query.get('to')!);
			const given = records.filter(({timeMs}) => timeMs <= toMs).slice(offset, offset + Math.min(pageSize, 1000));
			return {
				offset,
				limit,
				total: 50_000,
				records: given.map(({id, timeMs}) => ({id, created: jiraTime(timeMs)})),
			};
		},
		async endpoint => {
			const heard = listen(jira({endpoint, ...login, pageSize}), page => page.ack());
			await heard.over;
			if (heard.ended === 'error') throw heard.error;
			pages.push(...heard.values);
		},
	);
	return pages;
}

describe(name, () => {
	itReadsItsSite(jira, name);

	it('takes the ids of the API, and asks for times with a zone', async () => {
		await withEmulator({events: 60}, async emulator => {
			const records = [...emulator.api(name).records()];
			const pages = await pull(emulator, {since: records.at(-1)!.timeMs, pageSize: 7});
			assert.deepEqual(
				pages.flatMap(idsOf),
				records.map(({id}) => id),
			);
			for (const query of queriesOf(emulator)) {
				for (const bound of ['from', 'to']) assert.match(query.get(bound)!, /^\d{4}-.*T.*\.\d{3}Z$/);
			}
		});
	});

	it('takes no full page for the last one, whatever limit the answer states', async () => {
		for (const limit of [5000, 1000]) {
			const ids = (await pullServed(2500, limit, 5000)).flatMap(idsOf);
			assert.equal(ids.length, 2500);
			assert.equal(new Set(ids).size, 2500);
		}
	});

	it('ends where nothing follows, though the total promises more', async () => {
		await withEmulator({events: 250, switches: {bursts: {longSize: 0}}}, async emulator => {
			const until = [...emulator.api(name).records()][40]!.timeMs;
			assertGiven(await pull(emulator, {until, pageSize: 100}), held(emulator, {to: until - 1}));
			assert.equal(emulator.requestCount, 4);
		});
	});

	it('reads to an empty page where the answer states no limit', async () => {
		assert.equal((await pullServed(250, undefined, 100)).flatMap(idsOf).length, 250);
	});

	it('sends the filter with each page, and does not believe the total', async () => {
		await withEmulator({events: 600}, async emulator => {
			const expected = held(emulator).filter(text => text.toLowerCase().includes('password'));
			assert.ok(expected.length > 20 && expected.length < 200, String(expected.length));
			assertGiven(await pull(emulator, {filter: 'Password', pageSize: 10}), expected);
			assert.deepEqual([...new Set(queriesOf(emulator).map(query => query.get('filter')))], ['Password']);
			const asked = emulator.requestCount;
			assertGiven(await pull(emulator, {filter: 'nothing-of-this-name'}), []);
			assert.equal(emulator.requestCount, asked + 1);
		});
	});

	it('keeps records of one millisecond, longer runs of them than a page too', async () => {
		await withEmulator({switches: {bursts: {perThousand: 100, longSize: 45, longEvery: 100}}}, async emulator => {
			for (const pageSize of [20, 45]) assertGiven(await pull(emulator, {pageSize}), held(emulator));
		});
	});

	it('loses and doubles nothing while records come and go', async () => {
		await assertSurvivesChanges((timeMs, number) =>
			JSON.stringify({id: 1_000_000 + number, created: jiraTime(timeMs), summary: `late ${number}`}),
		);
	});

	it('gives what came late in the next run, and nothing twice', async () => {
		await withEmulator({}, async emulator => {
			const state = memoryStore();
			const sink = memorySink();
			await runWith(emulator, state, sink);
			const late = [...emulator.api(name).records()].slice(10, 12).map(({timeMs}) => ({timeMs}));
			emulator.api(name).insert(late);
			await runWith(emulator, state, sink);
			assert.deepEqual(sink.lines.toSorted(), held(emulator).toSorted());
			assert.equal(sink.lines.length, 302);
		});
	});

	it('knows its site, and the cloud id behind the gateway', async () => {
		for (const [below, pathPrefix, tenant] of [
			['', '', 'HOST'],
			['/ex/jira/11aa-22', '', '11aa-22'],
			['', '/proxy', 'HOST/proxy'],
		] as const) {
			await withEmulator({events: 30, switches: {pathPrefix}}, async emulator => {
				const pages = await pull(emulator, {endpoint: emulator.url + below, pageSize: 20});
				assertGiven(pages, held(emulator));
				const path = `${pathPrefix}${below}/rest/api/3/auditing/record?`;
				assert.ok(emulator.requests.every(({url}) => url.startsWith(path)));
				assert.equal(pages[0]!.source.tenant, tenant.replace('HOST', new URL(emulator.url).host));
				assert.equal(pages[0]!.source.ids, 'tenant');
			});
		}
	});

	it('refuses options that cannot work', () => {
		const endpoint = 'https://example.atlassian.net';
		for (const [options, message] of [
			[{...login}, /endpoint: expected the address of the server, got nothing/],
			[{endpoint}, /expected credentials, got none/],
			[{endpoint, ...login, filter: ''}, /filter/],
			[{endpoint, ...login, search: 'x'}, /option search: expected one of filter, /],
			[{endpoint, ...login, pageSize: 10_001}, /pageSize: expected a whole number from 1 to 10000/],
		] as const) {
			assert.throws(
				() => jira(options as never),
				error => error instanceof ConfigError && message.test(error.message),
			);
		}
	});

	describe('normalize', () => {
		/** The members that this source maps, of one record. */
		async function normalized(record: object): Promise<unknown> {
			let mapped: unknown;
			const answer = {offset: 0, limit: 1000, records: [{id: 7, created: '2022-01-24T11:48:05.645+0300', ...record}]};
			await withJsonServer(
				() => answer,
				async endpoint => {
					const heard = listen(jira({endpoint, ...login}).pipe(normalize()), page => page.ack());
					await heard.over;
					assert.deepEqual(heard.values[0]!.rejected, []);
					const {id, time, source: _source, tenant: _tenant, raw: _raw, ...members} = heard.values[0]!.events[0]!;
					assert.deepEqual([id, time], ['7', '2022-01-24T08:48:05.645Z']);
					mapped = members;
				},
			);
			return mapped;
		}

		it('maps each member', async () => {
			assert.deepEqual(
				await normalized({
					summary: 'User added to group',
					remoteAddress: '203.0.113.5',
					authorKey: 'ug:1',
					authorAccountId: 'a1',
					category: 'group management',
					eventSource: 'JIRA Service Management',
					description: 'by hand',
					objectItem: {id: '12', name: 'admins', typeName: 'GROUP', parentId: '1', parentName: 'Directory'},
					changedValues: [
						{fieldName: 'Email', changedFrom: 'a@example.com', changedTo: 'b@example.com'},
						{fieldName: 'Name', changedTo: 'Ann'},
					],
					associatedItems: [{id: 'a2', name: 'Bob', typeName: 'USER'}, {name: 'X'}],
				}),
				{
					action: 'User added to group',
					activity: 'group-user-added',
					category: 'group management',
					message: 'by hand',
					outcome: 'success',
					actor: {id: 'a1'},
					origin: {ip: '203.0.113.5', ips: ['203.0.113.5']},
					targets: [{type: 'group', id: '12', name: 'admins'}, {type: 'user', id: 'a2', name: 'Bob'}, {name: 'X'}],
					changes: [
						{field: 'Email', from: 'a@example.com', to: 'b@example.com'},
						{field: 'Name', to: 'Ann'},
					],
				},
			);
			assert.deepEqual(await normalized({remoteAddress: '203.0.113.5, 10.0.0.1,'}), {
				origin: {ip: '203.0.113.5', ips: ['203.0.113.5', '10.0.0.1']},
			});
			assert.deepEqual(await normalized({authorKey: 'ug:1', authorAccountId: ''}), {
				actor: {id: 'ug:1'},
			});
		});

		it('leaves out what is missing, null or empty', async () => {
			for (const none of [undefined, null, '']) {
				const texts = {summary: 's', category: none, description: none, remoteAddress: none, authorAccountId: none};
				const item = {id: none, name: none, typeName: none};
				for (const record of [
					{...texts, objectItem: none, associatedItems: none, changedValues: none},
					{
						...texts,
						objectItem: item,
						associatedItems: [item],
						changedValues: [{fieldName: none, changedFrom: none, changedTo: none}],
					},
				]) {
					assert.deepEqual(await normalized(record), {action: 's', message: 's'});
				}
			}
		});
	});
});
