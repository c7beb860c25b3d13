import assert from 'node:assert/strict';
import type {Emulator, EmulatorOptions} from '../support/emulator.ts';
import {ConfigError, SourceError} from '../../lib/model/errors.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {run} from '../../lib/run/run.ts';
import type {StateStore} from '../../lib/state/state.ts';
import type {DataCenterEvent} from '../../sources/_data-center-event.ts';
import jira from '../../sources/jira-data-center.ts';
import {collect, type DataCenterOptions, held, jiraPages, textsOf, withEmulator} from '../support/data-center.ts';
import {withJsonServer} from '../support/json-server.ts';
import {type MemorySink, memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf} from '../support/pages.ts';

const searchAction = 'atlassian.audit.event.action.audit.search';
const manyTwins = {bursts: {perThousand: 100, longSize: 40, longEvery: 100}, twinPercent: 80};

function pull(emulator: Emulator, options: Partial<DataCenterOptions> = {}) {
	return collect(jiraPages(emulator, options));
}

/** One run of a pipeline that has a state. */
function runOnce(emulator: Emulator, sink: MemorySink, state: StateStore, options: Partial<DataCenterOptions> = {}) {
	return run(start => jiraPages(emulator, options, start).pipe(dedupe(start)), sink, {
		state,
		commitSize: {pages: 1},
	});
}

function queries({requests}: Emulator): URLSearchParams[] {
	return requests.map(({url}) => new URL(url, 'http://x').searchParams);
}

const sorted = (texts: Iterable<string>) => [...texts].sort();

describe('Data Center sources', () => {
	it('give all events, newest first, whatever the page size', async () => {
		for (const pageSize of [undefined, 1, 7, 299, 300, 301, '50']) {
			await withEmulator({events: pageSize === 1 ? 20 : 300, switches: manyTwins}, async emulator => {
				const all = held(emulator);
				const pages = await pull(emulator, {pageSize});
				assert.deepEqual(textsOf(pages), all);
				assert.equal(new Set(pages.flatMap(idsOf)).size, all.length);
				assert.equal(emulator.requestCount, Math.ceil(all.length / Number(pageSize ?? 1000)));
				const limits = new Set(queries(emulator).map(query => query.get('limit')));
				assert.deepEqual([...limits], [String(pageSize ?? 1000)]);
			});
		}
	});

	it('give the same ids at every page size, twins included', async () => {
		await withEmulator({switches: manyTwins}, async emulator => {
			assert.ok(new Set(held(emulator)).size < 290, 'there are twins');
			const ids = (await pull(emulator)).flatMap(idsOf);
			for (const pageSize of [1, 10, 37]) {
				assert.deepEqual((await pull(emulator, {pageSize})).flatMap(idsOf), ids);
			}
		});
	});

	it('keep the ids of events whose author is renamed', async () => {
		await withEmulator({}, async emulator => {
			const before = await pull(emulator);
			const names = before.flatMap(({events}) => events.map(({author}) => author!.name!));
			const name = names.find(one => one !== 'Anonymous')!;
			emulator.renameActor(name, 'Another Name');
			const after = await pull(emulator);
			assert.ok(textsOf(after).some(text => text.includes('Another Name')));
			assert.deepEqual(after.flatMap(idsOf), before.flatMap(idsOf));
		});
	});

	it('read from since, inclusive, to until, exclusive, milliseconds shared by several events included', async () => {
		await withEmulator({switches: manyTwins}, async emulator => {
			const times = Array.from(emulator.api('jira-data-center').records(), ({timeMs}) => timeMs);
			for (const [newer, older] of [
				[50, 250],
				[149, 151],
				[150, 189],
				[0, 299],
			] as const) {
				const [until, since] = [times[newer]!, times[older]!];
				if (since === until) continue;
				const pages = await pull(emulator, {since, until, pageSize: 20});
				assert.deepEqual(textsOf(pages), held(emulator, {from: since, to: until - 1}), `${older} to ${newer}`);
				const [query] = queries(emulator).slice(-1);
				assert.equal(query!.get('from'), new Date(since).toISOString());
				assert.equal(query!.get('to'), new Date(until).toISOString());
			}
		});
	});

	it('leave `from` out where everything is asked for', async () => {
		await withEmulator({events: 1}, async emulator => {
			await pull(emulator);
			assert.deepEqual([...queries(emulator)[0]!.keys()], ['to', 'limit']);
		});
	});

	it('take cursors as text and as objects, and out of a link where nothing else has one', async () => {
		const faults = [{kind: 'foreign-next', at: 'all', onlyLink: true}] as const;
		for (const options of [
			{switches: {dataCenter: {pageCursor: 'string'}}},
			{switches: {dataCenter: {pageCursor: 'object'}, end: 'null'}},
			{switches: {linkOrigin: 'https://elsewhere.example', linkFilters: false}},
			{faults},
		] satisfies EmulatorOptions[]) {
			await withEmulator(options, async emulator => {
				assert.deepEqual(textsOf(await pull(emulator, {pageSize: 100})), held(emulator));
				assert.equal(emulator.requestCount, 3);
			});
		}
	});

	it('do not take an answer for the last page that does not say so', async () => {
		for (const pagingInfo of [undefined, null, {}, {lastPage: false, nextPageCursor: {}, nextPageLink: 'http://x/y'}]) {
			await withJsonServer(
				() => ({entities: [], pagingInfo}),
				async endpoint => {
					await assert.rejects(collect(jira({endpoint, token: 't'})), (error: unknown) => {
						assert.ok(error instanceof SourceError);
						assert.equal(error.code, 'BAD_BODY');
						return error.message.includes('expected a next page or lastPage');
					});
				},
			);
		}
	});

	it('go on where one sign of the page says so, and refuse a page that has lost events', async () => {
		const event = {timestamp: '2026-01-02T00:00:00.000Z', type: {actionI18nKey: 'a'}};
		const first = {entities: [event], pagingInfo: {lastPage: true, size: 1, nextPageCursor: '2,1'}};
		const last = {entities: [{...event, source: '203.0.113.5'}], pagingInfo: {lastPage: true, size: 1}};
		await withJsonServer(
			({url}) => (new URL(url, 'http://x').searchParams.has('pageCursor') ? last : first),
			async endpoint => {
				assert.equal((await collect(jira({endpoint, token: 't'}))).flatMap(({events}) => events).length, 2);
			},
		);
		await withJsonServer(
			() => ({...last, pagingInfo: {lastPage: true, size: 2}}),
			async endpoint => {
				await assert.rejects(collect(jira({endpoint, token: 't'})), {
					code: 'BAD_BODY',
					message: /expected 2 events, .* got 1$/,
				});
			},
		);
	});

	describe('filters', () => {
		const cases: readonly [Partial<DataCenterOptions>, sent: object, (event: DataCenterEvent) => boolean][] = [
			[{userIds: '10001'}, {userIds: '10001'}, ({author}) => author?.id === '10001'],
			[
				{userIds: ['10001', '10002']},
				{userIds: '10001,10002'},
				({author}) => author?.id === '10001' || author?.id === '10002',
			],
			[
				{categories: ['projects', 'jira.auditing.category.boards']},
				{categories: 'projects,jira.auditing.category.boards'},
				({type}) => type?.category === 'projects' || type?.category === 'boards',
			],
			[
				{actions: 'Board created', categories: 'boards'},
				{categories: 'boards', actions: 'Board created'},
				({type}) => type?.action === 'Board created',
			],
			[
				{affectedObject: 'SCHEME,3;SCHEME,4'},
				{affectedObject: 'SCHEME,3;SCHEME,4'},
				({affectedObjects}) => affectedObjects!.some(({type, id}) => type === 'SCHEME' && (id === '3' || id === '4')),
			],
			[{search: 'workflow'}, {search: 'workflow'}, event => /workflow/i.test(JSON.stringify(event))],
		];

		it('are sent with every page', async () => {
			await withEmulator({events: 2000, spacingMs: 10}, async emulator => {
				const all = held(emulator);
				for (const [options, sent, holds] of cases) {
					const asked = emulator.requestCount;
					const expected = all.filter(text => holds(JSON.parse(text) as DataCenterEvent));
					assert.ok(expected.length > 3 && expected.length < 1500, `${expected.length} for ${JSON.stringify(sent)}`);
					const pageSize = Math.ceil(expected.length / 3);
					assert.deepEqual(textsOf(await pull(emulator, {...options, pageSize})), expected, JSON.stringify(sent));
					const urls = queries(emulator).slice(asked - emulator.requestCount);
					assert.equal(urls.length, 3);
					for (const query of urls) {
						const {to: _to, pageCursor: _cursor, limit: _limit, ...filters} = Object.fromEntries(query);
						assert.deepEqual(filters, sent);
					}
				}
			});
		});

		it('look at as many events as a scan limit allows', async () => {
			await withEmulator({}, async emulator => {
				const pages = await pull(emulator, {scanLimit: '70', pageSize: 30});
				assert.deepEqual(textsOf(pages), held(emulator).slice(0, 70));
			});
		});

		it('are refused where they cannot work', () => {
			const good = {endpoint: 'http://127.0.0.1:1/jira', token: 't'};
			for (const bad of [
				{userIds: ''},
				{userIds: ['a', '']},
				{categories: 1},
				{search: ''},
				{affectedObject: 'PROJECT'},
				{affectedObject: 'PROJECT,1,2'},
				{affectedObject: 'PROJECT,1;'},
				{scanLimit: 0},
				{scanLimit: 2 ** 31},
				{pageSize: 10_001},
				{outputFormat: 'csv'},
				{offset: 10},
				{endpoint: undefined},
				{token: undefined},
			]) {
				assert.throws(() => jira({...good, ...bad} as DataCenterOptions), ConfigError, JSON.stringify(bad));
			}
		});
	});

	it('go on from every page after a failure', async () => {
		await withEmulator({events: 100, switches: manyTwins}, async emulator => {
			const all = held(emulator);
			for (let request = 1; request <= 10; request++) {
				const sink = memorySink();
				const state = memoryStore();
				emulator.setFaults([{kind: 'status', status: 403, at: emulator.requestCount + request}]);
				await assert.rejects(runOnce(emulator, sink, state, {pageSize: 10, overlap: 0}));
				assert.deepEqual(sink.lines, all.slice(0, (request - 1) * 10));
				emulator.clearFaults();
				const asked = emulator.requestCount;
				await runOnce(emulator, sink, state, {pageSize: 10, overlap: 0});
				assert.deepEqual(sink.lines, all);
				// the pass that follows has one page
				assert.equal(emulator.requestCount - asked, 11 - request + 1, 'no page is read twice');
			}
		});
	});

	it('go on where a cursor is refused: nothing missing, nothing twice', async () => {
		await withEmulator({switches: manyTwins}, async emulator => {
			for (const request of [2, 5, 9]) {
				emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + request}]);
				const sink = memorySink();
				await runOnce(emulator, sink, memoryStore(), {pageSize: 45});
				assert.deepEqual(sink.lines, held(emulator));
			}
		});
	});

	it('give everything once that was there all the while, whatever comes and goes', async () => {
		const churn = {insertEvery: 1, removeEvery: 2, purgeEvery: 3};
		await withEmulator({switches: {...manyTwins, churn}}, async emulator => {
			const rows = () =>
				Array.from(emulator.api('jira-data-center').records(), ({rowId, text}) => [rowId, text] as const);
			const before = new Map(rows());
			const sink = memorySink();
			const state = memoryStore();
			await runOnce(emulator, sink, state, {pageSize: 20});
			const count = (texts: Iterable<string>, text: string) => [...texts].filter(one => one === text).length;
			const stayed = rows().filter(([rowId]) => before.has(rowId));
			for (const text of new Set(stayed.map(([, one]) => one))) {
				const given = count(sink.lines, text);
				const least = count(
					stayed.map(([, one]) => one),
					text,
				);
				const most = count([...before.values(), ...rows().map(([, one]) => one)], text);
				assert.ok(given >= least && given <= most, `${given} times, expected ${least} to ${most}: ${text}`);
			}
		});
	});

	it('give late events and late twins with the next run, and those before not again', async () => {
		await withEmulator({events: 200, switches: manyTwins}, async emulator => {
			const api = emulator.api('jira-data-center');
			const sink = memorySink();
			const state = memoryStore();
			await runOnce(emulator, sink, state, {pageSize: 30});
			const all = held(emulator);
			assert.deepEqual(sink.lines, all);
			const [newest, ...others] = [...api.records()];
			const twinned = others[50]!;
			const late = api.insert([
				{timeMs: twinned.timeMs, text: twinned.text},
				{timeMs: newest!.timeMs},
				{timeMs: others[99]!.timeMs},
			]);
			const texts = late.map(({text}) => text);
			await runOnce(emulator, sink, state, {pageSize: 30});
			assert.deepEqual(sorted(sink.lines.slice(all.length)), sorted(texts));
			await runOnce(emulator, sink, state, {pageSize: 30});
			assert.equal(sink.lines.length, all.length + 3);
		});
	});

	describe('searches of the audit log itself', () => {
		const selfAudited = {switches: {dataCenter: {selfAudit: true}}};

		/** Two runs, the second of which sees what the first one made; between them somebody else searches. */
		async function twoRuns(options: Partial<DataCenterOptions>): Promise<DataCenterEvent[]> {
			const newestMs = Date.UTC(2026, 0, 1);
			let given: DataCenterEvent[] = [];
			await withEmulator({...selfAudited, events: 40, newestMs, now: () => newestMs + 60_000}, async emulator => {
				const sink = memorySink();
				const state = memoryStore();
				await runOnce(emulator, sink, state, {...options, pageSize: 10});
				const [own] = Array.from(emulator.api('jira-data-center').records(), ({text}) => text);
				const text = own!.replace('"name":"admin"', '"name":"eve"').replace('"id":"1"', '"id":"66"');
				emulator.api('jira-data-center').insert([{timeMs: newestMs + 60_000, text}]);
				await runOnce(emulator, sink, state, {...options, pageSize: 10});
				given = sink.lines.slice(40).map(line => JSON.parse(line) as DataCenterEvent);
			});
			assert.ok(given.every(({type}) => type!.actionI18nKey === searchAction));
			return given;
		}
		const authorsOf = (events: readonly DataCenterEvent[]) => events.map(({author}) => author!.name);

		it('are events like others', async () => {
			assert.deepEqual(authorsOf(await twoRuns({})), ['eve', 'admin', 'admin', 'admin', 'admin']);
		});

		it('of one author are left out, and only those', async () => {
			for (const skipSearchesBy of ['admin', '1', ['someone', 'admin']]) {
				assert.deepEqual(authorsOf(await twoRuns({skipSearchesBy})), ['eve']);
			}
			assert.equal((await twoRuns({skipSearchesBy: 'someone'})).length, 5);
		});

		it('do not stop paging, however many there are', async () => {
			await withEmulator({...selfAudited, events: 5}, async emulator => {
				const api = emulator.api('jira-data-center');
				await pull(emulator);
				const newest = [...api.records()].find(({text}) => text.includes(searchAction))!;
				const timeMs = Date.UTC(2026, 1, 1);
				const text = newest.text.replace(/"timestamp":"[^"]*"/, `"timestamp":"${new Date(timeMs).toISOString()}"`);
				api.insert(Array.from({length: 150}, () => ({timeMs, text})));
				const pages = await pull(emulator, {pageSize: 1, skipSearchesBy: 'admin'});
				assert.equal(pages.length, 155);
				assert.equal(textsOf(pages).length, 5);
			});
		});
	});
});
