import assert from 'node:assert/strict';
import {
	bufferCount,
	concat,
	concatMap,
	debounceTime,
	delay,
	EMPTY,
	filter,
	first,
	from,
	map,
	merge,
	mergeMap,
	type Observable,
	type OperatorFunction,
	of,
	repeat,
	retry,
	share,
	skip,
	switchMap,
	take,
	takeUntil,
	takeWhile,
	timer,
	toArray,
} from 'rxjs';
import type {AuditEvent} from '../../lib/model/event.ts';
import type {Page} from '../../lib/model/page.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {ecs} from '../../lib/operators/ecs.ts';
import {enrich} from '../../lib/operators/enrich.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import {ocsf} from '../../lib/operators/ocsf.ts';
import {run} from '../../lib/run/run.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {type PagedSourceOptions, pagedSource, someRecords} from '../support/paged-source.ts';

type Through = OperatorFunction<Page, Page>;

const normalized = {normalize: () => ({action: 'go'})};
const ids = (count: number, from_ = 0) => Array.from({length: count - from_}, (_, index) => `e${index + from_}`);
const pages = (count = 10, options: PagedSourceOptions = {}) =>
	pagedSource(someRecords(count), {facts: normalized, ...options});
const idsIn = ({lines}: {readonly lines: readonly string[]}) =>
	lines.map(line => (JSON.parse(line) as {id: string}).id);

/** What reaches the sink, without a state and with one, from a plain stream and from a builder. */
async function inEachWay(through: Through, judge: (pulled: () => Promise<string[]>) => Promise<void>): Promise<void> {
	for (const state of [undefined, memoryStore()]) {
		for (const isBuilt of [false, true]) {
			const sink = memorySink();
			const options = state ? {state: memoryStore()} : {};
			await judge(async () => {
				await run(isBuilt ? start => pages(10, {start}).pipe(through) : pages().pipe(through), sink, options);
				return idsIn(sink);
			});
		}
	}
}

describe('a run of pages that were', () => {
	const dropped: Record<string, Through> = {
		'dropped at the beginning': skip(1),
		'dropped in the middle': filter(({sequence}: Page) => sequence !== 3),
		'dropped at the end': filter(({sequence}: Page) => sequence !== 9),
		'dropped, three at the end': filter(({sequence}: Page) => sequence < 7),
		'all dropped': filter(() => false),
		debounced: debounceTime(1),
		'switched away from': switchMap(async page => {
			await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
			return page;
		}),
	};
	for (const [what, through] of Object.entries(dropped)) {
		it(`${what} is an error`, () =>
			inEachWay(through, pulled => assert.rejects(pulled(), {code: 'E_UNSETTLED_PAGES'})));
	}

	const left: Record<string, [Through, number]> = {
		take: [take(2), 2],
		first: [first(), 1],
		takeWhile: [takeWhile(({sequence}) => sequence < 3), 3],
		'asynchronous work and take': [
			stream =>
				stream.pipe(
					mapEvents(async event => event),
					take(2),
				),
			2,
		],
		'a delay and take': [
			stream =>
				stream.pipe(
					concatMap(page => of(page).pipe(delay(1))),
					take(2),
				),
			2,
		],
	};
	for (const [what, [through, count]] of Object.entries(left)) {
		it(`left early, by ${what}, resolves with those before`, () =>
			inEachWay(through, async pulled => assert.deepEqual(await pulled(), ids(count))));
	}

	it('left early at a time resolves, and the next run goes on there', async () => {
		const state = memoryStore();
		const sink = memorySink();
		const stuck = pages(10, {onRequest: at => (at > 3 ? new Promise(() => {}) : undefined)});
		await run(stuck.pipe(takeUntil(timer(20))), sink, {state});
		assert.ok(sink.lines.length < 5);
		await run(pages(), sink, {state});
		assert.deepEqual(idsIn(sink), ids(10));
	});

	it('skipped by ack() goes on, the last one too', () =>
		inEachWay(
			mergeMap(page => (page.sequence % 3 === 0 ? (page.ack(), EMPTY) : of(page))),
			async pulled =>
				assert.deepEqual(
					await pulled(),
					ids(10).filter((_, at) => at % 3 !== 0),
				),
		));

	it('held back within the budget goes on', async () => {
		const sink = memorySink();
		const held = pages().pipe(
			bufferCount(10),
			mergeMap(all => all),
		);
		await run(held, sink, {budget: {maxPages: 11}});
		assert.deepEqual(idsIn(sink), ids(10));
	});

	it('collected within the budget, in another order, is written in that of the source', async () => {
		const sink = memorySink();
		const turned = pages(4).pipe(
			toArray(),
			mergeMap(all => all.toReversed()),
		);
		await run(turned, sink, {budget: {maxPages: 5}});
		assert.deepEqual(idsIn(sink), ids(4));
	});
});

describe('a source in a run', () => {
	it('goes on by itself where the state left off, and nothing comes twice', async () => {
		const state = memoryStore();
		const sink = memorySink();
		await run(pages(5).pipe(normalize()), sink, {state});
		await run(pages(5, {untilMs: 1e9}).pipe(normalize()), sink, {state});
		assert.deepEqual(idsIn(sink), ids(5));
	});

	it('needs no dedupe() with a state, and has none where it is said', async () => {
		for (const [options, count] of [
			[{}, 3],
			[{dedupe: false}, 4],
		] as const) {
			const sink = memorySink();
			const [e0, e1, e2] = someRecords(3);
			const twice = pagedSource([e0!, e1!, e1!, e2!], {pageSize: 2});
			await run(twice, sink, {state: memoryStore(), ...options});
			assert.equal(sink.lines.length, count);
		}
	});

	it('is bound to the run also where the start was forgotten beside another', async () => {
		const state = memoryStore();
		const other = (count: number, options: PagedSourceOptions) => pages(count, {...options, facts: {tenant: 'other'}});
		const sink = memorySink();
		const progress: number[] = [];
		for (const _ of [1, 2]) {
			await run(start => merge(pages(3, {start}), other(2, {})), sink, {
				state,
				onProgress: ({requests}) => void progress.push(requests),
			});
		}
		assert.equal(sink.lines.length, 5);
		assert.ok(progress.includes(5), 'the requests of both');
	});

	it('that is subscribed to later needs the start where there is a state', async () => {
		const other = (options: PagedSourceOptions) => pages(2, {...options, facts: {tenant: 'other'}});
		const late = concat(pages(1), other({}));
		const plain = memorySink();
		await run(late, plain);
		assert.deepEqual(idsIn(plain), ['e0', ...ids(2)]);
		await assert.rejects(run(late, memorySink(), {state: memoryStore()}), {
			code: 'CONFIG',
			message: /came too late for the state.*run\(start =>/,
		});
		const built = memorySink();
		await run(start => concat(pages(1, {start}), other({start})), built, {state: memoryStore()});
		assert.deepEqual(idsIn(built), ['e0', ...ids(2)]);
	});

	it('may be there twice, with two windows of one tenant', async () => {
		const state = memoryStore();
		const [old, all] = [someRecords(4).slice(2), someRecords(4)];
		const sink = memorySink();
		for (const _ of [1, 2]) {
			const windows = merge(pagedSource(all.slice(0, 3)), pagedSource(old, {untilMs: 3000}));
			await run(windows, sink, {state});
			assert.deepEqual(idsIn(sink).toSorted(), ids(4), 'each once, though the windows overlap');
		}
	});

	it('is read anew by repeat(), and by retry() behind what was written', async () => {
		for (const [options, expected] of [
			[{}, [...ids(2), ...ids(2)]],
			[{state: memoryStore()}, ids(2)],
		] as const) {
			const sink = memorySink();
			await run(pages(2).pipe(repeat(2)), sink, options);
			assert.deepEqual(idsIn(sink), expected);
		}

		let failures = 2;
		const onRequest = (at: number) => {
			if (at === 2 && failures-- > 0) throw new Error('odd');
		};
		for (const options of [{}, {state: memoryStore()}]) {
			failures = 2;
			const retried = memorySink();
			await run(pages(4, {onRequest}).pipe(retry(3)), retried, options);
			assert.deepEqual([...new Set(idsIn(retried))], ids(4));
			if (options.state) assert.equal(retried.lines.length, 4);
		}
		failures = 3;
		const own = {message: 'odd'};
		await assert.rejects(run(pages(4, {onRequest}).pipe(retry(1)), memorySink()), own, 'the error that it was');
	});

	it('that is shared gives each page twice, which is refused', async () => {
		const shared = pages(3).pipe(share());
		await assert.rejects(run(merge(shared, shared), memorySink()), {code: 'CONFIG', message: /came twice/});
	});

	it('of another run is refused', async () => {
		const lent: Page[] = [];
		await run(pages(1).pipe(map(page => (lent.push(page), page))), memorySink());
		await assert.rejects(run(from(lent), memorySink()), {code: 'CONFIG', message: /those of another one/});
	});
});

describe('operators in another order', () => {
	const chains: Record<string, [Through, RegExp]> = {
		'normalize twice': [
			stream => stream.pipe(normalize(), normalize()),
			/^normalize: expected it once, got it twice; leave one out$/,
		],
		'normalize behind ecs': [stream => stream.pipe(normalize(), ecs(), normalize()), /^normalize: .*leave one out/],
		'ecs without normalize': [
			stream => stream.pipe(ecs() as Through),
			/^ecs: expected common records, got those of the API; put it behind normalize\(\)$/,
		],
		'ocsf behind ecs': [stream => stream.pipe(normalize(), ecs() as never, ocsf()), /^ocsf: .*passed ecs\(\)/],
		'enrich behind ecs': [
			stream => stream.pipe(normalize(), ecs() as never, enrich({})),
			/^enrich: .*ecs\(\); put it in front of it$/,
		],
		'a spread in front of normalize': [
			stream =>
				stream.pipe(
					map(page => ({...page, events: []}) as never),
					normalize(),
				),
			/^normalize: expected a page, got something else; .*never with a spread$/,
		],
		'a stream for an event': [
			stream => stream.pipe(mapEvents(((event: unknown) => of(event)) as never)),
			/^mapEvents: expected an event or a promise of one, got an Observable$/,
		],
	};
	for (const [what, [through, message]] of Object.entries(chains)) {
		it(`${what} is refused before anything is written`, () =>
			inEachWay(through, async pulled => assert.rejects(pulled(), {code: 'CONFIG', message})));
	}

	it('compile where they are right, with options that may be undefined', async () => {
		const sink = memorySink();
		const maybe = undefined as AbortSignal | undefined;
		const both: Observable<Page<AuditEvent>> = merge(
			pages(1) as Observable<Page<{a: 1}>>,
			pages(1, {facts: {...normalized, tenant: 'other'}}) as Observable<Page<{b: 2}>>,
		).pipe(dedupe(), normalize());
		await run(both, sink, {signal: maybe, state: undefined, deadLetters: undefined, graceMs: undefined});
		assert.equal(sink.lines.length, 2);
	});
});

describe('callbacks of a run', () => {
	it('that throw end it with the caller’s own error', async () => {
		const own = new Error('mine');
		const fail = () => {
			throw own;
		};
		await assert.rejects(run(pages(), memorySink(), {onProgress: fail}), own);
		await assert.rejects(run(pages().pipe(map(fail)), memorySink()), own);
		const poison = {code: 'POISON_EVENT', message: /mine/};
		await assert.rejects(run(pages().pipe(filterEvents(fail)), memorySink()), poison);
	});

	it('are pending for no more events than asked for, and the order stays', async () => {
		let pending = 0;
		let most = 0;
		const sink = memorySink();
		const slow = mapEvents(
			async event => {
				most = Math.max(most, ++pending);
				await new Promise(resolve => setImmediate(resolve));
				pending--;
				return event;
			},
			{concurrency: 3},
		);
		await run(pages(50, {pageSize: 50}).pipe(slow), sink);
		assert.equal(most, 3);
		assert.deepEqual(idsIn(sink), ids(50));
	});

	it('of many runs at once warn of nothing', async () => {
		const warned: unknown[] = [];
		const onWarning = (warning: unknown) => void warned.push(warning);
		process.on('warning', onWarning);
		const {signal} = new AbortController();
		await Promise.all(Array.from({length: 14}, () => run(pages(), memorySink(), {signal, forceSignal: signal})));
		await new Promise(resolve => setImmediate(resolve));
		process.off('warning', onWarning);
		assert.deepEqual(warned, []);
	});
});
