import assert from 'node:assert/strict';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import fc from 'fast-check';
import {from, mergeMap, type MonoTypeOperatorFunction, of} from 'rxjs';
import {toBatch} from '../../lib/run/batch.ts';
import {Committer, type CommitterOptions} from '../../lib/run/committer.ts';
import {StateError} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {Fence} from '../../lib/run/fence.ts';
import {Meter, type Progress} from '../../lib/model/meter.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import type {Page} from '../../lib/model/page.ts';
import {type Build, run, type RunOptions} from '../../lib/run/run.ts';
import {RunStart} from '../../lib/run/run-start.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import type {StateStore} from '../../lib/state/state.ts';
import {type MemoryBucket, memoryBucket} from '../support/memory-bucket.ts';
import {memorySink, type MemorySink} from '../../lib/testing/memory-sink.ts';
import {type MemoryStore, memoryStore} from '../../lib/testing/memory-store.ts';
import {inStart, settledLog, factsOf, idsOf, listen, pageOf, settle, type TestRecord} from '../support/pages.ts';
import {pagedSource, someRecords, textsOf} from '../support/paged-source.ts';

const crash = new Error('crash');
const {signal: never} = new AbortController();

async function committerOf(given: Partial<CommitterOptions> = {}): Promise<Committer> {
	const {meter = new Meter(), state} = given;
	const stored = await state?.load();
	const start = given.start ?? new RunStart(stored?.checkpoint, never, meter);
	await start.loadIdentities(state);
	return new Committer({
		sinks: [memorySink()],
		deadLetters: undefined,
		state,
		stored,
		binding: {},
		signal: never,
		sign: undefined,
		follows: false,
		fence: new Fence(state),
		...given,
		start,
		meter,
	});
}

async function write(committer: Committer, page: Page): Promise<void> {
	const {batch} = toBatch(page);
	await committer.write(batch);
	page.taken();
	committer.written(page, {events: batch.events.length, bytes: batch.lines.length, deadLetters: 0});
}

/** Lets so many microtasks pass, or turns of the event loop. */
async function pass({ticks, turns}: {ticks: number; turns: number}): Promise<void> {
	for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
	for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
}

describe('Committer', () => {
	describe('a checkpoint', () => {
		it('is one cut: positions, snapshots and sinks as of the last page written', async () => {
			const state = memoryStore();
			const committer = await committerOf({state, binding: {format: 'raw'}});
			await committer.open();
			const other = factsOf({tenant: 'other'});
			const pages = [
				pageOf(['a', 'b'], {sequence: 0}).with({snapshots: {one: 1, two: 1}}),
				pageOf(['c'], {sequence: 5, source: other}).with({snapshots: {one: 2}}),
			];
			for (const page of pages) await write(committer, page);
			assert.deepEqual([committer.hasUncommitted, state.history.length], [true, 1]);
			await committer.commit();
			assert.equal(committer.hasUncommitted, false);
			assert.deepEqual(state.stored, {
				version: 2,
				checkpoint: {
					binding: {format: 'raw', 'sink some-sink:memory': 'memory'},
					sources: {'some-source:some-tenant': {after: 0}, 'some-source:other': {after: 5}},
					snapshots: {one: 2, two: 1},
					sinks: {'some-sink:memory': {lines: 3}},
					journal: {generation: 0, bytes: 0},
				},
			});
			await committer.commit();
			assert.equal(state.history.length, 2, 'nothing new, nothing committed');
		});

		it('keeps what it does not know: other sources, snapshots, dead letters of another file', async () => {
			const state = memoryStore();
			const sinks = [memorySink()];
			const dead = memorySink({target: 'dead'});
			const first = await committerOf({sinks, state, deadLetters: dead});
			await first.open();
			const page = pageOf(['a']);
			await first.writeDeadLetters(page, [{text: Buffer.from('{}'), reason: 'odd'}]);
			await write(first, page.with({snapshots: {one: 1}}));
			await first.commit();
			await first.close();
			const second = await committerOf({sinks, state, deadLetters: memorySink({target: 'another'})});
			await second.open();
			await write(second, pageOf(['b'], {source: factsOf({tenant: 'other'})}));
			await second.commit();
			const {sources, snapshots, sinks: kept} = state.stored!.checkpoint;
			assert.deepEqual(Object.keys(sources), ['some-source:some-tenant', 'some-source:other']);
			assert.deepEqual(snapshots, {one: 1});
			assert.deepEqual(kept, {'some-sink:memory': {lines: 2}, 'dead letters some-sink:dead': {lines: 1}});
		});
	});

	describe('a state of another pipeline', () => {
		const build: Build = start => pagedSource(someRecords(1), {start, binding: {endpoint: 'https://one', q: '"x"'}});
		const sink = memorySink({target: 'here', layout: {layout: '{id}'}});
		const source = 'some-source:some-tenant';
		const differing: readonly (readonly [name: string, RegExp, Build, Sink, Partial<RunOptions>])[] = [
			[
				'endpoint',
				/some-source:some-tenant endpoint: expected https:\/\/one, got https:\/\/two/,
				start => pagedSource(someRecords(1), {start, binding: {endpoint: 'https://two', q: '"x"'}}),
				sink,
				{},
			],
			[
				'filter',
				new RegExp(`${source} q: expected "x", got nothing`),
				start => pagedSource(someRecords(1), {start, binding: {endpoint: 'https://one'}}),
				sink,
				{},
			],
			[
				'tenant',
				/some-source:other endpoint|some-source:some-tenant endpoint/,
				start =>
					pagedSource(someRecords(1), {
						start,
						facts: {tenant: 'other'},
						binding: {endpoint: 'https://one', q: '"x"'},
					}),
				sink,
				{},
			],
			['target', /sink some-sink:here: expected here, got there/, build, memorySink({target: 'there'}), {}],
			[
				'layout',
				/sink some-sink:here layout: expected \{id\}, got \{year\}/,
				build,
				memorySink({target: 'here', layout: {layout: '{year}'}}),
				{},
			],
			['format', /format: expected raw, got audit/, build, sink, {binding: {format: 'audit'}}],
		];
		for (const [name, message, otherBuild, otherSink, options] of differing) {
			it(`is refused, naming the ${name}, with nothing opened or changed`, async () => {
				const log: string[] = [];
				const state = memoryStore({step: name => void log.push(name)});
				const binding = {format: 'raw'};
				await run(build, sink, {state, binding});
				const before = structuredClone(state.stored);
				const opened: Sink = {...otherSink, open: () => assert.fail('opened')};
				await assert.rejects(run(otherBuild, opened, {state, binding, ...options}), (error: unknown) => {
					assert.ok(error instanceof StateError && error.code === 'STATE_FOREIGN', String(error));
					assert.match(error.message, message);
					return true;
				});
				assert.deepEqual(state.stored, before);
				assert.equal(log.at(-1), 'close state');
			});
		}
	});

	describe('dead letters', () => {
		it('are durable before the page is acknowledged, and the state knows where they begin', async () => {
			const log: string[] = [];
			const step = (name: string) => void log.push(name);
			const state = memoryStore({step});
			const deadLetters = memorySink({target: 'dead', step});
			const odd = {id: 'odd', text: Buffer.from('{"odd":"✓"}'), reason: 'too odd'};
			const settled = settledLog();
			const page = pageOf(['a'], {rejected: [odd], settled});
			settled.acked.push = () => log.push('ack');
			const build: Build = start => {
				start.openSource('some-source:some-tenant', {}).begin({});
				return from([page]);
			};
			const report = await run(build, memorySink({step}), {state, deadLetters});
			const letters = deadLetters.lines.map(line => JSON.parse(line) as Json);
			assert.deepEqual(letters, [
				{reason: 'too odd', source: 'some-source', tenant: 'some-tenant', id: 'odd', record: '{"odd":"✓"}'},
			]);
			assert.deepEqual([report.events, report.deadLetters], [1, 1]);
			const known = log.indexOf('committed', log.indexOf('open dead'));
			assert.ok(known < log.indexOf('write dead'));
			const durable = log.indexOf('flushed dead', log.indexOf('write dead'));
			assert.ok(durable > 0 && durable < log.lastIndexOf('commit'));
			assert.ok(log.lastIndexOf('committed') < log.indexOf('ack'));
		});

		it('have no place: the first one ends the run, and what came before is committed', async () => {
			const sink = memorySink();
			const build: Build = start =>
				pagedSource(someRecords(4), {start}).pipe(
					mapEvents((event, {id}) => {
						if (id === 'e2') throw new Error('odd');
						return event;
					}),
				);
			await assert.rejects(run(build, sink, {commitSize: {pages: 1}}), {
				code: 'POISON_EVENT',
				message: /some-source: event e2: an operator failed: odd; option deadLetters gives such events a place/,
			});
			assert.equal(sink.durable, 2);
		});
	});

	describe('the journal', () => {
		for (const journal of [true, false]) {
			it(`holds what was said to be new, ${journal ? 'appended' : 'inside the checkpoint'}`, async () => {
				const steps: string[] = [];
				const state = memoryStore({journal, step: name => void steps.push(name)});
				const build: Build = start =>
					pagedSource([...someRecords(5), ...someRecords(2), ...someRecords(6).slice(5)], {
						start,
						pageSize: 2,
						untilMs: 1e9,
					}).pipe(dedupe(start));
				await run(build, memorySink(), {state, commitSize: {pages: 1}});
				const bytes = state.identities();
				assert.equal(bytes.length, 6 * 20);
				const start = new RunStart(state.stored!.checkpoint, never, new Meter());
				await start.loadIdentities(state);
				const {values} = listen(of(inStart(pageOf([...someRecords(6), {id: 'another'}]), start)).pipe(dedupe()));
				assert.deepEqual(values.map(idsOf), [['another']]);
				if (journal) assert.equal(steps.filter(name => name === 'rewrite').length, 1, 'the first one only');
			});
		}
	});

	it('refuses to go on unsigned where it was signed, the other way round, and with another key', async () => {
		const build: Build = start => pagedSource(someRecords(3), {start}).pipe(dedupe(start));
		const sign = signedBy('a');
		for (const [first, then] of [
			[{sign}, {}],
			[{}, {sign}],
			[{sign}, {sign: signedBy('b')}],
			[{sign}, {sign: () => 'of a key that is not known'}],
		]) {
			const state = memoryStore();
			const sink = memorySink();
			await run(build, sink, {state, ...first});
			await assert.rejects(run(build, sink, {state, ...then}), {code: 'STATE_FOREIGN', message: /signed: expected/});
			await run(build, sink, {state, ...first});
		}
	});

	it('binds a state from before keys were told apart to the first that it meets', async () => {
		const build: Build = start => pagedSource(someRecords(3), {start}).pipe(dedupe(start));
		const more: Build = start => pagedSource(someRecords(4), {start}).pipe(dedupe(start));
		const state = memoryStore();
		const sink = memorySink();
		await run(build, sink, {state, sign: () => 'signature'});
		assert.equal(state.stored!.checkpoint.binding['signed'], 'yes');
		await run(more, sink, {state, sign: signedBy('a')});
		assert.equal(state.stored!.checkpoint.binding['signed'], 'a');
		await assert.rejects(run(more, sink, {state, sign: signedBy('b')}), {
			message: /signed: expected a, got b; sign with/,
		});
	});

	it('tells a sink what was prepared for it when the last run died', async () => {
		const state = memoryStore();
		const build: Build = start => pagedSource(someRecords(3), {start}).pipe(dedupe(start));
		const dies = memoryBucket({step: name => (name === 'put bucket' ? Promise.reject(crash) : undefined)});
		await assert.rejects(run(build, dies, {state}), crash);
		let seen: Json | undefined;
		const bucket = memoryBucket();
		const watched: Sink = {
			...bucket,
			open: context => {
				seen = context.prepared ?? undefined;
				return bucket.open(context);
			},
		};
		await run(build, watched, {state});
		assert.deepEqual(seen, {commits: 1, lines: 3, names: ['0000-0', '0000-2']});
		await run(build, watched, {state});
		assert.equal(seen, undefined);
		assert.deepEqual(bucket.lines(), textsOf(someRecords(3)));
	});

	describe('a pending checkpoint', () => {
		const fails = new Set<string>();
		const step = (name: string) => (fails.has(name) ? Promise.reject(crash) : undefined);
		const later = ['a', 'b', 'c', 'd'].map((id, index) => ({id, timeMs: 9_000 - index}));
		const latest = [{id: 'z', timeMs: 10_000}, ...later];
		beforeEach(() => fails.clear());

		function buildOf(records: readonly TestRecord[]): Build {
			return start => pagedSource([...records, ...someRecords(2)], {start}).pipe(dedupe(start));
		}

		async function crashes(running: Promise<unknown>): Promise<void> {
			await assert.rejects(running, crash);
			fails.clear();
		}

		it('stays whole until there is another, whatever a run has appended that did not see it held', async () => {
			const bucket = memoryBucket({step});
			const [state, undisturbed] = [memoryStore({step}), memoryStore()];
			await run(buildOf([]), bucket, {state});
			fails.add('flushed bucket');
			await crashes(run(buildOf(later), bucket, {state}));
			fails.add('commit');
			await crashes(run(buildOf(later.slice(1)), {...bucket, holds: async () => false}, {state}));
			await run(buildOf(latest), bucket, {state});
			const another = memoryBucket();
			for (const records of [[], later, latest]) await run(buildOf(records), another, {state: undisturbed});
			assert.deepEqual(state.identities(), undisturbed.identities());
			assert.deepEqual(bucket.lines(), another.lines());
		});

		it('is given up, when the run is, also while a sink looks for what it holds', async () => {
			const abort = new AbortController();
			const bucket = memoryBucket({delivery: 'best-effort', step});
			const state = memoryStore();
			fails.add('put strong');
			const strong = memoryBucket({target: 'strong', step});
			await crashes(run(buildOf(later), [bucket, strong], {state}));
			const waits: Sink = {
				...bucket,
				holds: (_, asked) =>
					new Promise((_resolve, reject) => {
						asked!.signal.addEventListener('abort', () => reject(asked!.signal.reason as Error));
						asked!.warn('waiting');
						abort.abort(crash);
					}),
			};
			let warnings: readonly string[] = [];
			const onProgress = (progress: Progress) => void ({warnings} = progress);
			await assert.rejects(run(buildOf(later), [waits, strong], {state, forceSignal: abort.signal, onProgress}), crash);
			assert.deepEqual(warnings, ['waiting']);
		});

		it('does not make a sink that was left out forget what it had prepared', async () => {
			const strong = memoryBucket({target: 'strong', step});
			const weak = memoryBucket({target: 'weak', delivery: 'best-effort', step});
			const state = memoryStore();
			let flushes = 0;
			const failing: Sink = {
				...weak,
				open: async context => {
					const open = await weak.open(context);
					const flush = async () => {
						const flushed = await open.flush();
						if (++flushes > 1) throw crash;
						return flushed;
					};
					return {...open, flush};
				},
			};
			await run(buildOf([]), [strong, failing], {state});
			fails.add('open weak').add('put strong');
			await crashes(run(buildOf(later), [strong, weak], {state}));
			const {lacks} = await run(buildOf(later), [strong, weak], {state});
			assert.deepEqual(lacks, {});
			assert.deepEqual(weak.lines(), textsOf(later));
		});
	});

	describe('memory', () => {
		it('holds no page between its write and its commit', async () => {
			setFlagsFromString('--expose-gc');
			const collect = runInNewContext('gc') as () => void;
			const committer = await committerOf();
			await committer.open();
			const held: WeakRef<object>[] = [];
			await (async () => {
				for (let sequence = 0; sequence < 3; sequence++) {
					const page = pageOf(['a', 'b'], {sequence});
					held.push(new WeakRef(page), new WeakRef(page.events), new WeakRef(page.records[0]!));
					await write(committer, page);
				}
			})();
			await settle();
			collect();
			await settle();
			collect();
			assert.equal(committer.hasUncommitted, true);
			assert.deepEqual(
				held.map(ref => ref.deref()),
				held.map(() => undefined),
			);
		});
	});

	describe('closing', () => {
		it('does not wait for ever for a sink that does not hear the signal', async () => {
			const abort = new AbortController();
			const log: string[] = [];
			const sink = memorySink({
				step: name => {
					log.push(name);
					return name === 'write memory' ? new Promise(() => {}) : undefined;
				},
			});
			const committer = await committerOf({sinks: [sink], signal: abort.signal});
			await committer.open();
			void committer.write(toBatch(pageOf(['a'])).batch);
			await pass({ticks: 9, turns: 0});
			abort.abort(crash);
			await committer.close(5);
			await committer.close(5);
			assert.deepEqual(log, ['open memory', 'write memory', 'close memory']);
			await assert.rejects(committer.write(toBatch(pageOf(['b'])).batch), crash);
			await assert.rejects(committer.commit(), crash);
		});
	});

	describe('after a crash', () => {
		const records = someRecords(9);
		const poisoned = new Set(['e2', 'e5', 'e6']);
		const good = records.filter(({id}) => !poisoned.has(id));

		interface World {
			readonly sinks: readonly MemorySink[];
			readonly bucket: MemoryBucket;
			readonly deadLetters: MemorySink;
			readonly state: StateStore & MemoryStore;
			steps: number;
			crashAt: number;
			readonly pace: () => {ticks: number; turns: number};
		}

		function worldOf(journal: boolean, pace: World['pace']): World {
			const step = async () => {
				if (world.steps++ >= world.crashAt) throw crash;
				await pass(pace());
			};
			const world: World = {
				sinks: [memorySink({target: 'one', step}), memorySink({target: 'two', step})],
				bucket: memoryBucket({step}),
				deadLetters: memorySink({target: 'dead', step}),
				state: memoryStore({step, journal}),
				steps: 0,
				crashAt: Infinity,
				pace,
			};
			return world;
		}

		async function runOnce({sinks, bucket, deadLetters, state, pace}: World, pages: number): Promise<void> {
			const shuffled: MonoTypeOperatorFunction<Page> = mergeMap(page => pass(pace()).then(() => page));
			const build: Build = start =>
				pagedSource(records, {start, pageSize: 2, onRequest: () => pass(pace())}).pipe(
					dedupe(start),
					shuffled,
					mapEvents((event, {id}) => {
						if (poisoned.has(id)) throw new Error('odd');
						return event;
					}),
				);
			await run(build, [...sinks, bucket], {state, deadLetters, commitSize: {pages}});
		}

		/** What is durable is one cut: its positions, sinks, dead letters and identities tell of the same pages. */
		function checkCut({history}: MemoryStore, written: readonly MemorySink[]): void {
			for (const {sources, sinks} of history.flatMap(cut => [cut, cut.pending?.checkpoint ?? cut])) {
				const {covered, scan} = sources['some-source:some-tenant'] as {covered: []; scan?: {cursor?: number}};
				const read = covered.length > 0 ? records : records.slice(0, scan?.cursor ?? 0);
				const goodRead = read.filter(({id}) => !poisoned.has(id)).length;
				assert.deepEqual(sinks['some-sink:one'], {lines: goodRead});
				assert.deepEqual(sinks['some-sink:two'], {lines: goodRead});
				assert.equal((sinks['some-bucket:bucket'] as {lines: number}).lines, goodRead);
				const dead = (sinks['dead letters some-sink:dead'] as {lines: number} | undefined)?.lines ?? 0;
				assert.equal(dead, read.length - goodRead);
			}
			for (const sink of written) assert.ok(sink.lines.length >= sink.durable);
		}

		function checkHoldings({sinks, bucket, deadLetters, state}: World): void {
			for (const sink of sinks) assert.deepEqual(sink.lines, textsOf(good));
			assert.deepEqual(bucket.lines(), textsOf(good));
			const ids = deadLetters.lines.map(line => (JSON.parse(line) as {id: string}).id);
			assert.deepEqual(ids, [...poisoned]);
			assert.equal(state.identities().length, records.length * 20);
		}

		async function crashAt(world: World, at: number, pages: number, losesUnflushed: boolean): Promise<boolean> {
			world.crashAt = at;
			world.steps = 0;
			const crashed = await runOnce(world, pages).then(
				() => false,
				(error: unknown) => {
					assert.equal(error, crash);
					return true;
				},
			);
			await settle();
			if (losesUnflushed) for (const sink of [...world.sinks, world.deadLetters]) sink.lines.length = sink.durable;
			checkCut(world.state, [...world.sinks, world.deadLetters]);
			return crashed;
		}

		for (const journal of [true, false]) {
			it(`at every step in turn, ${journal ? 'with' : 'without'} a journal, every event is there once`, async () => {
				let at = 0;
				for (let crashed = true; crashed; at++) {
					const world = worldOf(journal, () => ({ticks: 1, turns: 0}));
					crashed = await crashAt(world, at, 2, at % 2 === 0);
					await crashAt(world, Infinity, 2, false);
					checkHoldings(world);
				}
				assert.ok(at > 40, `${at} steps`);
			});
		}

		it('at random steps, in random order of arrival, several times over, every event is there once', async () => {
			const pace = fc.record({ticks: fc.nat(12), turns: fc.nat(1)});
			await fc.assert(
				fc.asyncProperty(
					fc.infiniteStream(pace),
					fc.array(fc.tuple(fc.nat(60), fc.integer({min: 1, max: 4}), fc.boolean()), {maxLength: 4}),
					fc.boolean(),
					async (paces, crashes, journal) => {
						const world = worldOf(journal, () => paces.next().value as {ticks: number; turns: number});
						for (const [at, pages, losesUnflushed] of crashes) await crashAt(world, at, pages, losesUnflushed);
						await crashAt(world, Infinity, 2, false);
						checkHoldings(world);
					},
				),
				{numRuns: 150},
			);
		});
	});
});

function signedBy(key: string) {
	return Object.assign(() => 'signature', {key});
}
