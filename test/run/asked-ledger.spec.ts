import assert from 'node:assert/strict';
import {filter, map, merge, type Observable} from 'rxjs';
import type {Page} from '../../lib/model/page.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {currentStart} from '../../lib/model/start.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import {run, type RunOptions} from '../../lib/run/run.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {pagedSource, type PagedSourceOptions, someRecords} from '../support/paged-source.ts';

const asked = {endpoint: 'https://api.example/', filters: {}};

/** A sink that notes what it is told was read. */
function tellingSink(sink: Sink = memorySink()): {sink: Sink; told: Asked[]} {
	const told: Asked[] = [];
	const noted: Sink = {
		...sink,
		async open(context) {
			const open = await sink.open(context);
			return {
				...open,
				flush(asked) {
					if (asked) told.push(asked);
					return open.flush(asked);
				},
			};
		},
	};
	return {sink: noted, told};
}

/** What a run tells its sink, of records at 1 to 5 seconds. */
async function toldBy(
	source: PagedSourceOptions = {},
	options: RunOptions & {change?: (pages: Observable<Page>) => Observable<Page>} = {},
	{sink, told} = tellingSink(),
): Promise<Asked[]> {
	const {change = pages => pages, ...rest} = options;
	told.length = 0;
	const facts = {asked, ...source.facts};
	await run(start => change(pagedSource(someRecords(5), {...source, facts, start})), sink, rest);
	return [...told];
}

const spansOf = (told: readonly Asked[]) =>
	told.flatMap(({sources}) => sources.flatMap(({covered}) => covered.map(span => span.map(Date.parse))));

describe('AskedLedger', () => {
	it('tells each sink what was read, how, and by how many requests', async () => {
		const [told, ...others] = await toldBy();
		assert.deepEqual(others, []);
		const {at: _, ...rest} = told!;
		const [from, to] = [new Date(0).toISOString(), new Date(5001).toISOString()];
		const source = {source: 'some-source:some-tenant', endpoint: asked.endpoint, covered: [[from, to]]};
		assert.deepEqual(rest, {requests: 5, sources: [source]});
	});

	it('tells what is new since the run before, also where no event is', async () => {
		const [state, target] = [memoryStore(), tellingSink()];
		await toldBy({untilMs: 5001}, {state}, target);
		const told = await toldBy({untilMs: 90_000}, {state}, target);
		assert.deepEqual(spansOf(told), [[5001, 90_000]]);
		assert.deepEqual(await toldBy({untilMs: 91_000}, {state}, target), [], 'too little for an entry');
		const later = await toldBy({untilMs: 150_000}, {state}, target);
		assert.deepEqual(spansOf(later), [[90_000, 150_000]]);
	});

	it('tells at the end what was committed before nothing more came', async () => {
		const told = await toldBy({}, {state: memoryStore(), commitSize: {pages: 1}});
		assert.deepEqual(spansOf(told), [[0, 5001]]);
	});

	it('tells nothing of a pass that was not read to its end, and all of it when the next run has', async () => {
		const state = memoryStore();
		const failure = new Error('on purpose');
		const {sink, told} = tellingSink();
		const failing = (fails: boolean) =>
			run(
				start =>
					pagedSource(someRecords(5), {
						facts: {asked},
						start,
						onRequest: offset => {
							if (fails && offset === 3) throw failure;
						},
					}),
				sink,
				{state},
			);
		await assert.rejects(failing(true), failure);
		assert.deepEqual(told, []);
		await failing(false);
		assert.deepEqual(spansOf(told), [[0, 5001]]);
	});

	it('names what leaves events out: options, operators, and pages that somebody keeps from the run', async () => {
		const filtersOf = (told: readonly Asked[]) => told.flatMap(({sources}) => sources.map(({filters}) => filters));
		assert.deepEqual(filtersOf(await toldBy({facts: {asked: {...asked, filters: {action: '"a"'}}}})), [
			{action: '"a"'},
		]);
		assert.deepEqual(
			filtersOf(await toldBy({untilMs: 90_000}, {change: pages => pages.pipe(filterEvents(() => false))})),
			[{code: 'yes'}],
		);
		assert.deepEqual(filtersOf(await toldBy({}, {change: pages => pages.pipe(filterEvents(() => true))})), [undefined]);
		const first = (pages: Observable<Page>) =>
			pages.pipe(
				filter(page => {
					if (page.sequence > 0) return true;
					page.ack();
					return false;
				}),
			);
		assert.deepEqual(filtersOf(await toldBy({}, {change: first})), [{code: 'yes'}]);
		const change = (pages: Observable<Page>) => pages.pipe(map(page => page.with({entries: page.entries.slice(1)})));
		assert.deepEqual(filtersOf(await toldBy({pageSize: 2}, {change})), [{code: 'yes'}]);
	});

	it('does not take duplicates for events that were left out', async () => {
		const [state, target] = [memoryStore(), tellingSink()];
		await toldBy({untilMs: 5001, facts: {overlapMs: 3000}}, {state}, target);
		const [told] = await toldBy({untilMs: 90_000, facts: {overlapMs: 3000}}, {state}, target);
		assert.deepEqual(told!.sources[0]!.filters, undefined);
	});

	it('says from when on the API keeps events, whatever an event says', async () => {
		const [told] = await toldBy({facts: {asked: {...asked, keptMs: 1000}}});
		assert.equal(Date.parse(told!.at) - Date.parse(told!.sources[0]!.keptFrom!), 1000);
	});

	it('tells nothing of time that is still to come by the clock of the server, until that has come', async () => {
		const [state, target] = [memoryStore(), tellingSink()];
		const pull = async (serverMs: number) =>
			toldBy(
				{
					untilMs: 80_000,
					facts: {asked: {...asked, lagMs: 500}},
					onRequest() {
						meter!.clockAheadMs = serverMs - Date.now();
					},
				},
				{
					state,
					change: pages => {
						meter = currentStart().meter;
						return pages;
					},
				},
				target,
			);
		let meter: {clockAheadMs?: number} | undefined;
		const [first] = spansOf(await pull(60_000));
		assert.equal(first![0], 0);
		assert.ok(first![1]! >= 59_500 && first![1]! < 62_000, String(first![1]));
		const [rest, ...others] = spansOf(await pull(200_000));
		assert.deepEqual([rest, others], [[first![1], 80_000], []]);
	});

	it('takes dead letters for what is not in the archive', async () => {
		const change = (pages: Observable<Page>) =>
			pages.pipe(mapEvents((event, {id}) => (id === 'e1' ? Promise.reject(new Error('no')) : event)));
		const [told] = await toldBy({}, {change, deadLetters: {...memorySink(), name: 'letters'}});
		assert.deepEqual([told!.deadLetters, told!.sources[0]!.filters], [1, {'dead letters': 'yes'}]);
	});

	it('remembers how a source is read whose pass goes on while another one is told of', async () => {
		const {sink, told} = tellingSink();
		await run(
			start => {
				const paged = (tenant: string, count: number) =>
					pagedSource(someRecords(count), {facts: {asked, tenant}, start, untilMs: 9000});
				const [one, other] = [paged('one', 5), paged('other', 1)];
				const firstOnly = one.pipe(filterEvents((_, {id}) => id !== 'e0'));
				return merge(firstOnly, other);
			},
			sink,
			{commitSize: {pages: 1}},
		);
		const filtersOf = (tenant: string) =>
			told.flatMap(({sources}) => sources.filter(({source}) => source.endsWith(tenant)).map(({filters}) => filters));
		assert.deepEqual(filtersOf('one'), [{code: 'yes'}]);
		assert.deepEqual(filtersOf('other'), [undefined]);
	});

	it('tells a sink nothing of what it lacks', async () => {
		const state = memoryStore();
		let fails = true;
		const [steady, memory] = [memorySink(), memorySink()];
		const flaky = tellingSink({
			...memory,
			name: 'flaky',
			delivery: 'best-effort',
			async open(context) {
				const open = await memory.open(context);
				return {
					...open,
					async write(batch) {
						if (fails && batch.records[0]?.timeMs === 3000) throw new Error('no space');
						return open.write(batch);
					},
				};
			},
		});
		const pull = (interrupts: boolean) => {
			const failure = new Error('on purpose');
			return run(
				start =>
					pagedSource(someRecords(5), {
						facts: {asked},
						start,
						onRequest: offset => {
							if (interrupts && offset === 4) throw failure;
						},
					}),
				[steady, flaky.sink],
				{state, commitSize: {pages: 1}},
			);
		};
		await assert.rejects(pull(true), /on purpose/);
		fails = false;
		await pull(false);
		assert.deepEqual(spansOf(flaky.told), [
			[0, 2000],
			[3001, 5001],
		]);
	});

	it('repeats, behind a kill, what was told with the commit that it died in', async () => {
		const state = memoryStore();
		const prepared: (Asked | undefined)[] = [];
		let dies = true;
		const sink: Sink = {
			...memorySink(),
			async open() {
				return {
					async write() {},
					async prepare(asked) {
						prepared.push(asked);
						return prepared.length;
					},
					async flush() {
						if (dies && prepared.at(-1)) throw new Error('killed');
						return prepared.length;
					},
					async close() {},
				};
			},
			holds: async () => false,
		};
		const pull = () => run(start => pagedSource(someRecords(5), {facts: {asked}, start}), sink, {state});
		await assert.rejects(pull(), /killed/);
		dies = false;
		await pull();
		const [before, again, ...others] = prepared.filter(asked => asked !== undefined);
		assert.deepEqual(others, []);
		assert.ok(before);
		assert.deepEqual(again, before);
	});
});
