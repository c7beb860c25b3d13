import assert from 'node:assert/strict';
import {of} from 'rxjs';
import {AuthError, ConfigError} from '../../lib/model/errors.ts';
import {type Emulator, type EmulatorOptions, startEmulator} from '../support/emulator.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page} from '../../lib/model/page.ts';
import {run} from '../../lib/run/run.ts';
import orgEvents from '../../sources/atlassian-org-events.ts';
import stream, {type OrgEvent} from '../../sources/atlassian-org-events-stream.ts';
import {withJsonServer} from '../support/json-server.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {idsOf, listen} from '../support/pages.ts';

/** The events behind a cursor, as a server may mean it. */
type Behind = (
	cursor: string,
	to: number,
	log: readonly {readonly index: number; readonly ms: number}[],
) => readonly {readonly index: number; readonly ms: number}[];

type Options = Parameters<typeof stream>[0];

async function withEmulator(options: EmulatorOptions, use: (emulator: Emulator) => Promise<void>): Promise<void> {
	const emulator = await startEmulator({events: 300, spacingMs: 1500, ...options});
	try {
		await use(emulator);
	} finally {
		await emulator.close();
	}
}

async function pull({url, token, orgId}: Emulator, options: Partial<Options> = {}): Promise<Page<OrgEvent>[]> {
	const heard = listen(stream({endpoint: url, token, orgId, concurrency: 1, ...options}), page => page.ack());
	await heard.over;
	if (heard.ended === 'error') throw heard.error;
	return heard.values;
}

/** Runs with one state and one target, as every night. */
function nightly({url, token, orgId}: Emulator, options: Partial<Options> = {}) {
	const sink = memorySink();
	const state = memoryStore();
	return {
		run: () =>
			run(
				start =>
					stream({endpoint: url, token, orgId, concurrency: 1, maxAttempts: 1, ...options}, start).pipe(dedupe(start)),
				sink,
				{
					state,
					commitSize: {pages: 1},
				},
			),
		ids: () => sink.lines.map(line => (JSON.parse(line) as OrgEvent).id),
	};
}

function records(emulator: Emulator) {
	return Array.from(emulator.api('atlassian-org-events-stream').records()).reverse();
}

function held(emulator: Emulator): string[] {
	return records(emulator).map(({id}) => id!);
}

function queriesOf({requests, url}: Emulator): URLSearchParams[] {
	return requests.map(request => new URL(request.url, url).searchParams);
}

describe('atlassian-org-events-stream', () => {
	it('gives all events in the order of processing, whatever the page size', async () => {
		for (const pageSize of [undefined, 1, 7, 299, 300, 301, '50']) {
			await withEmulator({events: pageSize === 1 ? 20 : 300}, async emulator => {
				const pages = await pull(emulator, {pageSize});
				assert.deepEqual(pages.flatMap(idsOf), held(emulator));
				const limits = new Set(queriesOf(emulator).map(query => query.get('limit')));
				assert.deepEqual([...limits], [String(pageSize ?? 500)]);
			});
		}
	});

	it('asks once for order and lower bound, and for the upper bound again with each cursor', async () => {
		await withEmulator({}, async emulator => {
			await pull(emulator, {pageSize: 100, since: '2026-01-01', until: '2026-03-01'});
			const [first, ...others] = queriesOf(emulator);
			assert.equal(String(first), `from=${Date.UTC(2026, 0)}&sortOrder=asc&to=${Date.UTC(2026, 2)}&limit=100`);
			assert.equal(others.length, 3);
			for (const query of others) {
				assert.deepEqual([...query.keys()].sort(), ['cursor', 'limit', 'to']);
				assert.equal(query.get('to'), String(Date.UTC(2026, 2)));
			}
		});
	});

	it('ends where the API ends, however it says so', async () => {
		for (const [lastPageCursor, requests] of [
			['always', 4],
			['null', 3],
			['emptyPage', 4],
		] as const) {
			const switches = {stream: {lastPageCursor}};
			await withEmulator({switches}, async emulator => {
				assert.deepEqual((await pull(emulator, {pageSize: 100})).flatMap(idsOf), held(emulator));
				assert.equal(emulator.requestCount, requests, lastPageCursor);
			});
			await withEmulator({events: 0, switches}, async emulator => {
				assert.deepEqual((await pull(emulator)).flatMap(idsOf), []);
				// once more where the empty page has a cursor: the same one again is the end
				assert.equal(emulator.requestCount, lastPageCursor === 'always' ? 2 : 1, lastPageCursor);
			});
		}
	});

	it('goes on behind an empty page that has another cursor', async () => {
		await withEmulator({faults: [{kind: 'empty-pages', at: 3}]}, async emulator => {
			assert.deepEqual((await pull(emulator, {pageSize: 50})).flatMap(idsOf), held(emulator));
		});
	});

	it('goes on behind 150 empty pages in a row, each with another cursor', async () => {
		await withEmulator({faults: [{kind: 'empty-pages', at: {from: 3, to: 152}}]}, async emulator => {
			assert.deepEqual((await pull(emulator, {pageSize: 50})).flatMap(idsOf), held(emulator));
			assert.ok(emulator.requestCount > 152, `${emulator.requestCount} requests`);
		});
	});

	it('reads from since, inclusive, to until, exclusive, by the time of processing', async () => {
		await withEmulator({switches: {bursts: {perThousand: 100, longSize: 40, longEvery: 100}}}, async emulator => {
			const all = records(emulator);
			for (const [older, newer] of [
				[0, 299],
				[100, 101],
				[50, 200],
			] as const) {
				const [since, until] = [all[older]!.processedMs!, all[newer]!.processedMs!];
				const expected = all.filter(({processedMs}) => processedMs! >= since && processedMs! < until);
				const pages = await pull(emulator, {since, until, pageSize: 20});
				assert.deepEqual(
					pages.flatMap(idsOf),
					expected.map(({id}) => id),
				);
				assert.ok(expected.length > 0);
			}
		});
	});

	it('goes on from every page after a failure', async () => {
		await withEmulator({events: 50}, async emulator => {
			for (let page = 1; page <= 6; page++) {
				const nights = nightly(emulator, {pageSize: 10});
				emulator.setFaults([{kind: 'status', status: 403, at: emulator.requestCount + page}]);
				await assert.rejects(nights.run(), AuthError);
				assert.equal(nights.ids().length, (page - 1) * 10);
				await nights.run();
				assert.deepEqual(nights.ids(), held(emulator));
			}
		});
	});

	it('goes on from the overlap where a cursor is refused, and gives nothing twice', async () => {
		const bursts = {longSize: 45, longEvery: 100};
		await withEmulator({spacingMs: 60_000, switches: {bursts}}, async emulator => {
			for (const request of [2, 5, 9]) {
				emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + request}]);
				const nights = nightly(emulator, {pageSize: 30});
				const before = emulator.requestCount;
				await nights.run();
				assert.deepEqual(nights.ids(), held(emulator));
				const again = queriesOf(emulator)[before + request]!;
				const last = records(emulator)[(request - 1) * 30 - 1]!;
				assert.equal(again.get('from'), String(last.processedMs! - 3_600_000));
			}
		});
	});

	it('gets what comes late, in mid-scan and between two runs, once', async () => {
		for (const lastPageCursor of ['always', 'null', 'emptyPage'] as const) {
			let requests = 0;
			const late: string[] = [];
			const switches = {stream: {lastPageCursor}};
			const insert = (emulator: Emulator) => {
				const [first, , third] = records(emulator);
				late.push(...emulator.insert([{timeMs: first!.timeMs}, {timeMs: third!.timeMs}]));
			};
			const options = {switches, onRequest: () => void (++requests === 3 && insert(emulator))};
			const emulator = await startEmulator({events: 100, spacingMs: 1500, ...options});
			try {
				const nights = nightly(emulator, {pageSize: 20});
				await nights.run();
				assert.equal(late.length, 2);
				insert(emulator);
				await nights.run();
				assert.deepEqual(nights.ids(), held(emulator));
				assert.deepEqual(nights.ids().slice(-4), late);
			} finally {
				await emulator.close();
			}
		}
	});

	it('goes on by its cursor, and by time where that gives nothing', async () => {
		await withEmulator({spacingMs: 60_000}, async emulator => {
			const nights = nightly(emulator, {pageSize: 20, overlap: '180d'});
			const asked = async () => {
				const before = queriesOf(emulator).length;
				await nights.run();
				assert.deepEqual(nights.ids(), held(emulator));
				const queries = queriesOf(emulator).slice(before);
				return [queries[0]!.has('from') ? 'time' : 'cursor', queries.length];
			};
			const insert = () => emulator.insert([{timeMs: records(emulator)[0]!.timeMs}]);
			await nights.run();
			insert();
			assert.deepEqual(await asked(), ['cursor', 2]);
			insert();
			assert.deepEqual(await asked(), ['cursor', 2]);
			assert.deepEqual(await asked(), ['cursor', 1]);
			assert.deepEqual((await asked())[0], 'time');
			insert();
			emulator.setFaults([{kind: 'refuse-cursor', at: emulator.requestCount + 1}]);
			assert.equal((await asked())[1], 1 + 1 + Math.ceil(held(emulator).length / 20));
		});
	});

	for (const [meaning, minutes, behind] of [
		[
			'holds the upper bound of the first request',
			10,
			(cursor, _to, log) => {
				const [index, until] = cursor.split(':').map(Number) as [number, number];
				return log.filter(({ms}, at) => at >= index && ms <= until);
			},
		],
		['takes no notice of the upper bound', 0, (cursor, _to, log) => log.slice(Number.parseInt(cursor))],
		['is at the end for ever', 10, () => []],
		[
			'leaves out each third event',
			30,
			(cursor, to, log) => log.filter(({ms}, at) => at >= Number.parseInt(cursor) && ms <= to && at % 3 !== 0),
		],
	] as [string, number, Behind][]) {
		it(`misses nothing for more than ${minutes} minutes where a cursor ${meaning}`, async () => {
			const minuteMs = 60_000;
			const beganMs = Date.UTC(2026, 0, 1);
			const log = Array.from({length: 200}, (_, index) => ({index, ms: beganMs + index * minuteMs + 1000}));
			let nowMs = beganMs;
			await withJsonServer(
				({url}) => {
					const query = new URL(url, 'http://localhost').searchParams;
					const [to, from, cursor] = [Number(query.get('to')), Number(query.get('from')), query.get('cursor')];
					const known = log.filter(({ms}) => ms <= nowMs);
					const found = cursor === null ? known.filter(({ms}) => ms >= from && ms <= to) : behind(cursor, to, known);
					const next = `${Math.max(found.at(-1)?.index ?? -1, Number.parseInt(cursor ?? '0') - 1) + 1}:${cursor?.split(':')[1] ?? to}`;
					const time = (ms: number) => new Date(ms).toISOString();
					const data = found.map(({index, ms}) => ({
						id: `e${index}`,
						type: 'events',
						attributes: {time: time(ms), processedAt: time(ms)},
					}));
					return {data, meta: {next}};
				},
				async endpoint => {
					const sink = memorySink();
					const state = memoryStore();
					for (let minute = 5; minute <= 150; minute += 5) {
						nowMs = beganMs + minute * minuteMs;
						const until = nowMs - minuteMs;
						await run(stream({endpoint, token: 't', orgId: 'o', until}), sink, {state});
						const ids = sink.lines.map(line => (JSON.parse(line) as OrgEvent).id);
						assert.equal(new Set(ids).size, ids.length, 'none twice');
						const missing = log.filter(({index, ms}) => ms < until - minutes * minuteMs && !ids.includes(`e${index}`));
						assert.deepEqual(missing, [], `at minute ${minute}`);
					}
				},
			);
		});
	}

	it('misses and doubles nothing that the API can still give while events come and go', async () => {
		for (const churn of [{insertEvery: 2}, {removeEvery: 3}, {purgeEvery: 2}, {insertEvery: 2, purgeEvery: 3}]) {
			await withEmulator({events: 120, switches: {churn}}, async emulator => {
				const before = held(emulator);
				const nights = nightly(emulator, {pageSize: 20});
				await nights.run();
				const ids = nights.ids();
				assert.equal(new Set(ids).size, ids.length);
				const after = held(emulator);
				assert.deepEqual(
					after.filter(id => before.includes(id) && !ids.includes(id)),
					[],
				);
				await nights.run();
				assert.deepEqual(
					held(emulator).filter(id => after.includes(id) && !nights.ids().includes(id)),
					[],
				);
			});
		}
	});

	it('misses nothing where the bounds are of another time than documented', async () => {
		await withEmulator({spacingMs: 60_000, switches: {stream: {bounds: 'happened'}}}, async emulator => {
			const all = records(emulator);
			for (const until of [all[100]!.processedMs!, all[200]!.processedMs!]) {
				const expected = all.filter(({processedMs}) => processedMs! < until).map(({id}) => id);
				assert.deepEqual((await pull(emulator, {until, pageSize: 40})).flatMap(idsOf), expected);
			}
		});
	});

	it('reads on where only the link names the next page, and never follows it', async () => {
		const faults = [{kind: 'foreign-next', at: {from: 1, to: 2}, onlyLink: true}] as const;
		await withEmulator({faults, switches: {stream: {lastPageCursor: 'null'}}}, async emulator => {
			assert.deepEqual((await pull(emulator, {pageSize: 100})).flatMap(idsOf), held(emulator));
			assert.equal(emulator.requestCount, 3);
		});
	});

	it('never goes round in a circle', async () => {
		for (const kind of ['repeat-cursor', 'cycle-cursor'] as const) {
			await withEmulator({faults: [{kind, at: {from: 2}}]}, async emulator => {
				await assert.rejects(pull(emulator, {pageSize: 20}), {code: 'PAGING_NO_PROGRESS'});
			});
		}
	});

	it('keeps an event without a time of processing as one that cannot be placed, however old it is', async () => {
		const data = [
			{id: 'a', attributes: {time: '2025-12-31T00:00:00Z'}},
			{id: 'b', attributes: {time: '2026-01-01T00:00:00Z', processedAt: '2026-01-01T00:00:01.5Z'}},
		];
		await withJsonServer(
			() => ({data, links: {}, meta: {next: null}}),
			async endpoint => {
				const since = '2026-01-01';
				const heard = listen(stream({endpoint, token: 't', orgId: 'o', since}), page => page.ack());
				await heard.over;
				assert.deepEqual(heard.values.map(idsOf), [['b']]);
				assert.deepEqual(
					heard.values[0]!.rejected.map(({text, reason}) => [JSON.parse(Buffer.from(text).toString()), reason]),
					[[data[0], "the record's time cannot be read: undefined"]],
				);
			},
		);
	});

	it('gives the same common record as the other order, and when the vendor took the event in', async () => {
		await withEmulator({events: 200}, async emulator => {
			const {url: endpoint, token, orgId} = emulator;
			const others = listen(orgEvents({endpoint, token, orgId, pageSize: 200}).pipe(normalize()), page => page.ack());
			await others.over;
			const ours = (await pull(emulator)).flatMap(page => listen(of(page).pipe(normalize())).values);
			const common = (pages: readonly Page<AuditEvent>[]) =>
				pages
					.flatMap(({events}) => events)
					.map(({source: _source, processed: _processed, raw: _raw, ...event}) => event)
					.sort((a, b) => (a.id < b.id ? -1 : 1));
			assert.equal(common(ours).length, 200);
			assert.deepEqual(common(ours), common(others.values));
			const processed = (pages: readonly Page<AuditEvent>[]) =>
				pages.flatMap(({events}) => events.map(e => e.processed));
			assert.deepEqual(
				processed(ours),
				records(emulator).map(({processedMs}) => new Date(processedMs!).toISOString()),
			);
			assert.deepEqual([...new Set(processed(others.values))], [undefined]);
		});
	});

	it('refuses options that cannot work', () => {
		for (const options of [{orgId: '..'}, {orgId: 'o', action: 'x'}, {orgId: 'o', pageSize: 0}]) {
			assert.throws(() => stream({token: 't', ...options} as Options), ConfigError);
		}
		assert.throws(() => stream({orgId: 'o'}), /expected credentials/);
	});
});
