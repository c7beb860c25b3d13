import assert from 'node:assert/strict';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {
	concat,
	concatMap,
	delayWhen,
	EMPTY,
	filter,
	from,
	map,
	mergeMap,
	NEVER,
	type Observable,
	of,
	take,
	tap,
	throwError,
} from 'rxjs';
import {startEmulator} from '../support/emulator.ts';
import {AuditError, ConfigError, SourceError} from '../../lib/model/errors.ts';
import type {Progress} from '../../lib/model/meter.ts';
import {dedupe} from '../../lib/operators/dedupe.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {normalize} from '../../lib/operators/normalize.ts';
import type {Page} from '../../lib/model/page.ts';
import {type Build, run} from '../../lib/run/run.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import orgEvents from '../../sources/atlassian-org-events.ts';
import {deferred} from '../support/deferred.ts';
import {memorySink, type Step} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {listen, pageOf, settle, settledLog, type TestRecord} from '../support/pages.ts';
import {pagedSource, type PagedSourceOptions, someRecords, textsOf} from '../support/paged-source.ts';

const failure = new Error('on purpose');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function source(records: readonly TestRecord[], options: PagedSourceOptions = {}): Build {
	return start => pagedSource(records, {...options, start});
}

/** A step that rejects at the n-th of its name, and the names of all steps. */
function steps(failing?: string, nth = 1): {step: Step; log: string[]} {
	const log: string[] = [];
	return {
		log,
		async step(name) {
			log.push(name);
			await Promise.resolve();
			if (name === failing && log.filter(one => one === name).length === nth) throw failure;
		},
	};
}

function countOf(log: readonly string[], name: string): number {
	return log.filter(one => one === name).length;
}

function isUnsettled(error: unknown): boolean {
	return error instanceof AuditError && error.code === 'E_UNSETTLED_PAGES';
}

describe('run', () => {
	it('writes every page to every sink, makes it durable, and reports what it did', async () => {
		const records = someRecords(7);
		const sinks = [memorySink({target: 'one'}), memorySink({target: 'two'})];
		const state = memoryStore();
		const report = await run(source(records, {pageSize: 3}), sinks, {state});
		for (const sink of sinks) {
			assert.deepEqual(sink.lines, textsOf(records));
			assert.equal(sink.durable, 7);
		}
		const {seconds, waitedMs, succeededMs, readUpToMs, ...numbers} = report;
		const sources = [{name: 'some-source', tenant: 'some-tenant'}];
		const none = {
			sources,
			rounds: 1,
			answers: {},
			inFlightBytes: 0,
			newestMs: 7000,
			retries: 0,
			waits: 0,
			duplicates: 0,
			deadLetters: 0,
			unknownActions: {},
			warnings: [],
			gaps: [],
		};
		const nothing = {...none, stopped: false, lacks: {}};
		assert.deepEqual(numbers, {...nothing, pages: 3, events: 7, requests: 3, positionMs: 1000});
		assert.ok(seconds >= 0 && waitedMs === 0 && succeededMs! > 0);
		assert.deepEqual(state.stored!.checkpoint.sinks, {'some-sink:one': {lines: 7}, 'some-sink:two': {lines: 7}});
	});

	it('goes from the organization events API, by a state of the host, to the end and on from there', async () => {
		const emulator = await startEmulator({events: 50, spacingMs: 1000});
		try {
			const {url: endpoint, token, orgId} = emulator;
			const sink = memorySink();
			const state = memoryStore({journal: false});
			const build: Build = start =>
				orgEvents({endpoint, token, orgId, pageSize: 20}, start).pipe(dedupe(start), normalize());
			const first = await run(build, sink, {state});
			assert.deepEqual([first.pages, first.events, first.requests], [3, 50, 3]);
			const again = await run(build, sink, {state});
			assert.equal(again.events, 0);
			assert.equal(again.duplicates, 50);
			const ids = sink.lines.map(line => (JSON.parse(line) as {id: string}).id);
			assert.deepEqual(
				ids,
				Array.from(emulator.events(), ({id}) => id),
			);
		} finally {
			await emulator.close();
		}
	});

	describe('what cannot work', () => {
		it('is refused before anything is opened or requested', async () => {
			const {step, log} = steps();
			const records = someRecords(1);
			const build = source(records, {onRequest: () => void log.push('request')});
			const sink = memorySink({step});
			const cases: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
				[() => run(build, []), /at least one sink/],
				[() => run(of(pageOf(['a'])), sink, {state: memoryStore()}), /a state needs a source/],
				[() => run(build, [sink, memorySink({step})]), /some-sink:memory is given twice/],
				[() => run(build, sink, {deadLetters: memorySink({step})}), /some-sink:memory is given twice/],
			];
			for (const [act, message] of cases) {
				await assert.rejects(act(), (error: unknown) => {
					assert.ok(error instanceof ConfigError, String(error));
					assert.match(error.message, message);
					return true;
				});
			}
			assert.deepEqual(log, []);
		});

		it('is refused when a source is made only after the state was checked', async () => {
			const late: Build = start =>
				concat(
					pagedSource(someRecords(1), {start}),
					of(1).pipe(
						mergeMap(() => pagedSource(someRecords(1), {start, facts: {tenant: 'late'}, binding: {endpoint: 'x'}})),
					),
				);
			await assert.rejects(run(late, memorySink(), {state: memoryStore()}), ConfigError);
		});

		it('is said when the builder throws, and the state is let go', async () => {
			const {step, log} = steps();
			const build = () => {
				throw failure;
			};
			await assert.rejects(run(build, memorySink({step}), {state: memoryStore({step})}), failure);
			assert.deepEqual(log, ['load', 'close state']);
		});
	});

	describe('order', () => {
		it('is that of the source, even when an operator works on several pages at once', async () => {
			const records = someRecords(12);
			const gates = records.map(() => deferred());
			const sink = memorySink();
			const running = run(
				start => pagedSource(records, {start}).pipe(mergeMap(page => gates[page.sequence]!.promise.then(() => page))),
				sink,
			);
			for (const group of [0, 4, 8]) {
				for (const index of [3, 1, 2, 0]) {
					await settle();
					gates[group + index]!.resolve();
				}
			}
			await running;
			assert.deepEqual(sink.lines, textsOf(records));
		});

		it('is one write at a time for each sink, and no sink is a page ahead', async () => {
			const {step, log} = steps();
			const sinks = [memorySink({target: 'one', step}), memorySink({target: 'two', step})];
			await run(source(someRecords(3)), sinks, {commitSize: {pages: 2}});
			const page = ['write one', 'write two', 'written one', 'written two'];
			const flush = ['flush one', 'flush two', 'flushed one', 'flushed two'];
			const open = ['open one', 'open two'];
			assert.deepEqual(log, [...open, ...page, ...page, ...flush, ...page, ...flush, 'close one', 'close two']);
		});

		it('does not lose a page that comes just when the one before is done', async () => {
			// one more microtask each time, so that one of them meets the end of the work on the first page
			for (let ticks = 0; ticks < 60; ticks++) {
				const second = deferred();
				const sink = memorySink({
					step: name => {
						if (name !== 'written memory' || sink.lines.length > 1) return;
						let wait = Promise.resolve();
						for (let tick = 0; tick < ticks; tick++) wait = wait.then(() => {});
						void wait.then(() => second.resolve());
					},
				});
				const pages = [0, 1].map(sequence => pageOf([`e${sequence}`], {sequence}));
				const stream = concat(of(pages[0]!), from(second.promise.then(() => pages[1]!)), NEVER);
				const stop = new AbortController();
				const running = run(stream, sink, {signal: stop.signal, commitSize: {pages: 1}});
				await settle();
				assert.equal(sink.lines.length, 2, `after ${ticks} microtasks`);
				stop.abort(failure);
				await running;
			}
		});

		it('is not for a page that comes twice', async () => {
			const page = pageOf(['e0']);
			await assert.rejects(run(of(page, page), memorySink()), /page 0 of some-source:some-tenant came twice/);
			const twice = source(someRecords(20));
			await assert.rejects(
				run(start => concat(twice(start), NEVER).pipe(mergeMap(page => [page, page])), memorySink()),
				/came twice/,
			);
		});
	});

	it('gives nothing twice with a state, whether its builder has a dedupe or not', async () => {
		for (const withDedupe of [true, false]) {
			const state = memoryStore();
			const build: Build = start => {
				const pages = source(someRecords(5), {pageSize: 2, facts: {overlapMs: 60_000}})(start);
				return withDedupe ? pages.pipe(dedupe(start)) : pages;
			};
			const sink = memorySink();
			await run(build, sink, {state});
			const again = await run(build, sink, {state});
			assert.deepEqual([again.events, sink.lines.length], [0, 5]);
			assert.ok(again.duplicates > 0, 'the overlap was read again');
		}
	});

	describe('a commit', () => {
		it('comes first with nothing read, before the first request', async () => {
			const {step, log} = steps();
			const state = memoryStore({step});
			const build = source(someRecords(1), {onRequest: () => void log.push('request')});
			await run(build, memorySink({step}), {state});
			assert.deepEqual(log.slice(0, 9), [
				'load',
				'open memory',
				'flush memory',
				'flushed memory',
				'rewrite',
				'rewritten',
				'commit',
				'committed',
				'request',
			]);
			const scan = {sinceMs: 0, untilMs: 1001, coversToMs: 1001};
			assert.deepEqual(state.history[0]!.sources, {'some-source:some-tenant': {covered: [], scan}});
			assert.deepEqual(state.history[0]!.sinks, {'some-sink:memory': {lines: 0}});
		});

		it('acknowledges the pages, and only then', async () => {
			const log: string[] = [];
			const acked = {taken: [], nacked: [], acked: {push: (sequence: number) => log.push(`ack ${sequence}`)}};
			const pages = [0, 1].map(sequence => pageOf([], {sequence, settled: acked as never}));
			await run(from(pages), memorySink({step: name => void log.push(name)}));
			assert.deepEqual(log.slice(-5), ['flush memory', 'flushed memory', 'ack 0', 'ack 1', 'close memory']);
		});

		for (const failing of ['write', 'written', 'flush', 'flushed'].map(name => `${name} two`)) {
			it(`does not happen when a sink fails at: ${failing}`, async () => {
				const nth = failing.startsWith('w') ? 1 : 2; // the first flush is that of the first checkpoint
				const {step, log} = steps(failing, nth);
				const state = memoryStore({step});
				const sinks = [memorySink({target: 'one', step}), memorySink({target: 'two', step})];
				await assert.rejects(run(source(someRecords(3)), sinks, {state}), failure);
				assert.equal(state.history.length, 1);
				assert.deepEqual(log.slice(-3), ['close one', 'close two', 'close state']);
				assert.equal(countOf(log, 'commit'), 1);
			});
		}

		it('leaves what was done on the error of a source that fails', async () => {
			const lost = new SourceError('HTTP_STATUS', 'it answered 500');
			const pages = concat(
				pagedSource(someRecords(3)),
				throwError(() => lost),
			);
			await assert.rejects(run(pages, memorySink()), (error: unknown) => {
				assert.equal(error, lost);
				const {events, gaps, lacks, stopped} = lost.report!;
				assert.deepEqual({events, gaps, lacks, stopped}, {events: 3, gaps: [], lacks: {}, stopped: false});
				return true;
			});
		});

		for (const failing of ['commit', 'append']) {
			it(`does not acknowledge when the state fails at: ${failing}`, async () => {
				const {step, log} = steps(failing, failing === 'append' ? 1 : 2);
				const state = memoryStore({step});
				const build: Build = start => pagedSource(someRecords(3), {start}).pipe(dedupe(start));
				await assert.rejects(run(build, memorySink({step}), {state}), failure);
				assert.equal(state.history.length, 1);
				assert.deepEqual(log.slice(-2), ['close memory', 'close state']);
			});
		}

		it('is refused to a run whose state went on without it', async () => {
			const {step, log} = steps();
			const state = memoryStore({step});
			const sink = memorySink({
				step: async name => {
					await step(name);
					if (name === 'written memory') state.stored = {...state.stored!, version: 7};
				},
			});
			await assert.rejects(run(source(someRecords(3)), sink, {state}), {code: 'STATE_CONFLICT'});
			assert.equal(state.stored!.version, 7);
			assert.deepEqual(log.slice(-2), ['close memory', 'close state']);
		});

		it('is by pages, by bytes or by age, as the run says, else as the sinks like it', async () => {
			const commitsOf = async (commitSize: object, liked: object = {}) => {
				const {step, log} = steps();
				await run(source(someRecords(6)), memorySink({step, commitSize: liked}), {commitSize});
				return countOf(log, 'flush memory');
			};
			const [text] = textsOf(someRecords(6));
			assert.equal(await commitsOf({}), 1);
			assert.equal(await commitsOf({pages: 2}), 4);
			assert.equal(await commitsOf({}, {pages: 3}), 3);
			assert.equal(await commitsOf({pages: 6}, {pages: 1}), 2);
			assert.equal(await commitsOf({bytes: (text!.length + 1) * 2}), 4);

			const flushed = deferred();
			const sink = memorySink({step: name => void (name === 'flushed memory' && flushed.resolve())});
			const stop = new AbortController();
			const running = run(concat(of(pageOf(['e'])), NEVER), sink, {signal: stop.signal, commitSize: {ageMs: 20}});
			await flushed.promise;
			assert.equal(sink.durable, 1);
			stop.abort();
			await running;
		});
	});

	describe('when the source fails', () => {
		it('what it gave before is committed, and its error comes out', async () => {
			const error = new SourceError('HTTP_STATUS', 'some-source: 500', {status: 500});
			const records = someRecords(5);
			const sink = memorySink();
			const state = memoryStore();
			const build =
				(failing: boolean): Build =>
				start => {
					const onRequest = async (offset: number) => {
						await settle();
						if (failing && offset === 3) throw error;
					};
					return pagedSource(records, {start, onRequest}).pipe(dedupe(start));
				};
			await assert.rejects(run(build(true), sink, {state}), error);
			assert.equal(sink.durable, 3);
			await run(build(false), sink, {state});
			assert.deepEqual(sink.lines, textsOf(records));
		});

		it('a page that was refused by an operator fails the source too', async () => {
			const sink = memorySink();
			const build: Build = start =>
				pagedSource(someRecords(5), {start}).pipe(
					filter(page => {
						if (page.sequence === 2) page.nack(failure);
						return page.sequence !== 2;
					}),
				);
			await assert.rejects(run(build, sink), failure);
			assert.equal(sink.durable, 2);
		});
	});

	describe('in flight', () => {
		it('are four pages at most while a sink is slow', async () => {
			const slow = deferred();
			let requests = 0;
			const sink = memorySink({step: name => (name === 'write memory' ? slow.promise : undefined)});
			const running = run(source(someRecords(20), {onRequest: () => void requests++}), sink);
			for (let round = 0; round < 20; round++) await settle();
			assert.equal(requests, 4);
			slow.resolve();
			await running;
			assert.equal(requests, 20);
		});

		it('are not those that every sink has taken, committed or not', async () => {
			let requests = 0;
			const slow = deferred();
			const sink = memorySink({step: name => (name === 'flush memory' ? slow.promise : undefined)});
			const running = run(source(someRecords(20), {onRequest: () => void requests++}), sink, {
				commitSize: {pages: 10},
			});
			for (let round = 0; round < 20; round++) await settle();
			assert.equal(sink.lines.length, 10);
			assert.equal(requests, 14);
			slow.resolve();
			await running;
		});
	});

	describe('memory', () => {
		it('is given back when a page is written, while its commit is still to come', async () => {
			const slow = deferred();
			const sink = memorySink({step: name => (name === 'flush memory' ? slow.promise : undefined)});
			const held: WeakRef<object>[] = [];
			const build: Build = start =>
				pagedSource(someRecords(20), {start}).pipe(
					tap(page => held.push(new WeakRef(page), new WeakRef(page.events), new WeakRef(page.records[0]!))),
				);
			const running = run(build, sink, {commitSize: {pages: 10}});
			for (let round = 0; round < 20; round++) await settle();
			collect();
			await settle();
			collect();
			const written = held.slice(0, 9 * 3);
			assert.deepEqual(
				written.filter(ref => ref.deref() !== undefined),
				[],
			);
			slow.resolve();
			await running;
		});
	});

	describe('asked to stop', () => {
		it('makes no new request, writes and commits what was fetched, and says so', async () => {
			const stop = new AbortController();
			const records = someRecords(20);
			let requests = 0;
			const sink = memorySink({
				step: async name => {
					if (name === 'write memory' && sink.lines.length === 2) {
						stop.abort(failure);
						await settle();
					}
				},
			});
			const state = memoryStore();
			const onRequest = () => void requests++;
			const build: Build = start => pagedSource(records, {start, onRequest}).pipe(dedupe(start));
			const report = await run(build, sink, {state, signal: stop.signal});
			assert.equal(report.stopped, true);
			assert.ok(requests <= 7, `${requests} requests`);
			assert.equal(sink.durable, report.events);
			assert.ok(report.events >= 3 && report.events < 20);
			const rest = await run(build, sink, {state});
			assert.equal(rest.stopped, false);
			assert.deepEqual(sink.lines, textsOf(records));
		});

		it('before it starts, requests nothing and leaves a state to go on from', async () => {
			const signal = AbortSignal.abort(failure);
			const state = memoryStore();
			const build = source(someRecords(3), {onRequest: () => assert.fail('a request')});
			const report = await run(build, memorySink(), {state, signal});
			assert.deepEqual([report.stopped, report.pages, state.history.length], [true, 0, 1]);
		});

		const plain: Record<string, (pages: Observable<Page>) => Build | Observable<Page>> = {
			'a plain stream': pages => pages,
			'a builder whose sources do not take the start': pages => () => pages,
		};
		for (const [name, wrap] of Object.entries(plain)) {
			it(`ends ${name}, too, pages that were overtaken or not`, async () => {
				const stop = new AbortController();
				const sink = memorySink({step: name => void (name === 'written memory' && stop.abort(failure))});
				const pages = [0, 2].map(sequence => pageOf([`e${sequence}`], {sequence}));
				const report = await run(wrap(concat(pages, NEVER)), sink, {signal: stop.signal});
				assert.deepEqual([report.stopped, sink.durable], [true, 1]);
			});
		}

		it('when all had been fetched, it was not stopped', async () => {
			const stop = new AbortController();
			const sink = memorySink({step: name => void (name === 'flush memory' && stop.abort(failure))});
			const report = await run(of(pageOf(['e'])), sink, {signal: stop.signal});
			assert.deepEqual([report.stopped, sink.durable], [false, 1]);
		});

		it('ends by force when the grace is over or a second signal comes, with the state as it was', async () => {
			for (const kind of ['grace', 'force'] as const) {
				const [stop, force] = [new AbortController(), new AbortController()];
				const {step, log} = steps();
				const state = memoryStore({step});
				const written = deferred();
				const sink = memorySink({
					onOpen: ({signal}) => signal.addEventListener('abort', () => written.reject(signal.reason)),
					step: async name => {
						await step(name);
						if (name === 'write memory') {
							stop.abort(failure);
							if (kind === 'force') force.abort(failure);
							await written.promise;
						}
					},
				});
				const running = run(source(someRecords(9)), sink, {
					state,
					signal: stop.signal,
					forceSignal: force.signal,
					graceMs: kind === 'grace' ? 10 : 1e6,
				});
				await assert.rejects(running, failure);
				assert.equal(state.history.length, 1);
				assert.deepEqual(log.slice(-2), ['close memory', 'close state']);
			}
		});

		it('by force while a sink flushes: nothing is committed any more', async () => {
			const force = new AbortController();
			const {step, log} = steps();
			const state = memoryStore({step});
			const flushing = deferred();
			const sink = memorySink({
				step: async name => {
					await step(name);
					if (name === 'flush memory' && sink.lines.length > 0) {
						force.abort(failure);
						await flushing.promise;
					}
				},
			});
			const build: Build = start => pagedSource(someRecords(1), {start}).pipe(dedupe(start));
			const running = run(build, sink, {state, forceSignal: force.signal});
			void running.catch(() => {});
			await settle();
			flushing.resolve();
			await assert.rejects(running, failure);
			await settle();
			assert.equal(state.history.length, 1);
			assert.deepEqual(log.slice(-3), ['flushed memory', 'close memory', 'close state'], 'closed under a flush');
		});

		it('by force, whatever hangs and does not hear of it', async () => {
			for (const hanging of ['load', 'open memory', 'write memory', 'flush memory', 'commit', 'close memory']) {
				const force = new AbortController();
				const step: Step = async name => {
					if (name === hanging) {
						force.abort(failure);
						await new Promise(() => {});
					}
				};
				const running = run(source(someRecords(2)), memorySink({step}), {
					state: memoryStore({step}),
					forceSignal: force.signal,
				});
				await assert.rejects(running, failure, hanging);
			}
		});

		it('by force before it starts, it opens nothing', async () => {
			const {step, log} = steps();
			const forceSignal = AbortSignal.abort(failure);
			await assert.rejects(run(source(someRecords(1)), memorySink({step}), {forceSignal}), failure);
			assert.deepEqual(log, []);
		});

		it('by force while a sink is being opened, the sink hears of it', async () => {
			const force = new AbortController();
			const opened = deferred();
			const sink: Sink = {
				name: 'pipe',
				target: 'without a reader',
				open: ({signal}) =>
					new Promise((_, reject) => {
						signal.addEventListener('abort', () => reject(signal.reason as Error));
						opened.resolve();
					}),
			};
			const running = run(source(someRecords(1)), sink, {forceSignal: force.signal});
			await opened.promise;
			force.abort(failure);
			await assert.rejects(running, failure);
		});
	});

	describe('pages that an operator forgets', () => {
		it('are an error while the source waits for them', async () => {
			const build: Build = start => pagedSource(someRecords(9), {start}).pipe(filter(() => false));
			await assert.rejects(run(build, memorySink()), isUnsettled);
			await assert.rejects(run(pagedSource(someRecords(9)).pipe(filter(() => false)), memorySink()), isUnsettled);
		});

		it('are an error in the middle, and what came before is committed', async () => {
			const sink = memorySink();
			const build: Build = start => pagedSource(someRecords(3), {start}).pipe(filter(({sequence}) => sequence !== 1));
			await assert.rejects(run(build, sink), isUnsettled);
			assert.equal(sink.durable, 1);
			const pages = [0, 2].map(sequence => pageOf(['e'], {sequence}));
			await assert.rejects(run(from(pages), memorySink()), /page 1 never arrived, later ones did/);
		});

		it('are an error at the end', async () => {
			const sink = memorySink();
			const build: Build = start => pagedSource(someRecords(3), {start}).pipe(filter(({sequence}) => sequence !== 2));
			await assert.rejects(run(build, sink), isUnsettled);
			assert.equal(sink.durable, 2);
		});

		it('are none that an operator is slow with', async () => {
			const records = someRecords(6);
			const gates = records.map(() => deferred());
			const sink = memorySink();
			const running = run(
				start =>
					pagedSource(records, {start}).pipe(
						concatMap(page => gates[page.sequence]!.promise.then(() => page)),
						delayWhen(() => settle()),
					),
				sink,
			);
			for (const gate of gates) {
				for (let round = 0; round < 3; round++) await settle();
				collect();
				gate.resolve();
			}
			await running;
			assert.deepEqual(sink.lines, textsOf(records));
		});

		it('are none that an operator did not ask for', async () => {
			for (const count of [1, 2, 3]) {
				const slow = (_: number, signal: AbortSignal) =>
					new Promise<void>((resolve, reject) => {
						// as HTTP does, it takes a while to end when it is aborted
						signal.addEventListener('abort', () => void settle().then(() => reject(signal.reason as Error)));
						void settle().then(resolve);
					});
				const sink = memorySink();
				const build: Build = start => pagedSource(someRecords(9), {start, onRequest: slow}).pipe(take(count));
				const report = await run(build, sink);
				assert.deepEqual([report.events, sink.durable], [count, count]);
			}
		});

		it('are none when they are empty or have been settled', async () => {
			const settled = settledLog();
			const pages = [0, 1, 2].map(sequence => pageOf(['e'], {sequence, settled}));
			const emptied = from(pages).pipe(map((page): Page => page.filter(() => false)));
			const report = await run(emptied, memorySink());
			assert.deepEqual([report.pages, report.events, settled.acked], [3, 0, [0, 1, 2]]);
		});
	});

	describe('progress', () => {
		it('is told after each page, by a callback and by a stream that completes, in copies', async () => {
			const told: Progress[] = [];
			const running = run(source(someRecords(3)), memorySink(), {onProgress: progress => told.push(progress)});
			const heard = listen(running.progress);
			await running;
			await heard.over;
			assert.equal(heard.ended, 'complete');
			for (const list of [told, heard.values]) {
				assert.deepEqual(
					list.map(({pages, events, positionMs}) => [pages, events, positionMs]),
					[
						[1, 1, 3000],
						[2, 2, 2000],
						[3, 3, 1000],
					],
				);
			}
		});

		it('is there for who asks: what is in flight, the newest event, the sources, the last commit', async () => {
			const [writing, written] = [deferred(), deferred()];
			const began = Date.now();
			const step = (name: string) => {
				if (name !== 'write memory') return undefined;
				writing.resolve();
				return written.promise;
			};
			const sink = memorySink({step});
			const running = run(source(someRecords(3), {pageSize: 2}), sink, {commitSize: {pages: 1}});
			assert.deepEqual(running.now().sources, []);
			await writing.promise;
			const {inFlightBytes, sources, pages} = running.now();
			assert.deepEqual([sources, pages], [[{name: 'some-source', tenant: 'some-tenant'}], 0]);
			assert.ok(inFlightBytes > 0);
			written.resolve();
			const {newestMs, succeededMs = 0} = await running;
			assert.deepEqual([newestMs, running.now().inFlightBytes], [3000, 0]);
			assert.ok(succeededMs >= began && succeededMs <= Date.now());
		});

		it('knows of no success where there was none, and of the last one that the state knows', async () => {
			const {step} = steps('flush memory');
			const running = run(source(someRecords(1)), memorySink({step}));
			await assert.rejects(running, failure);
			assert.equal(running.now().succeededMs, undefined);
			const state = memoryStore();
			const {succeededMs} = await run(source(someRecords(1)), memorySink(), {state});
			const again = run(source(someRecords(2)), memorySink({step: steps('open memory').step}), {state});
			await assert.rejects(again, failure);
			assert.ok(Math.abs(again.now().succeededMs! - succeededMs!) < 1000);
		});

		it('completes when the run fails', async () => {
			const running = run(EMPTY, []);
			const heard = listen(running.progress);
			await assert.rejects(running, ConfigError);
			assert.equal(heard.ended, 'complete');
		});

		it('counts each event once: written, dropped, or a dead letter', async () => {
			const records = [...someRecords(5), ...someRecords(5).slice(3), ...someRecords(6).slice(5)];
			const deadLetters = memorySink({target: 'dead'});
			const sinks = [memorySink({target: 'one', refuses: ['e1', 'e2']}), memorySink({target: 'two', refuses: ['e2']})];
			const build: Build = start =>
				pagedSource(records, {start, pageSize: 3, untilMs: 1e9}).pipe(
					dedupe(start),
					mapEvents((event, {id}) => {
						if (id === 'e5') throw failure;
						return event;
					}),
				);
			const {events, duplicates, deadLetters: dead, pages} = await run(build, sinks, {deadLetters});
			assert.deepEqual({events, duplicates, dead, pages}, {events: 3, duplicates: 2, dead: 3, pages: 3});
			assert.equal(deadLetters.lines.length, 4, 'one for each sink that refused it');
		});
	});

	describe('sinks and state', () => {
		it('are closed once, also when a sink cannot be opened', async () => {
			const {step, log} = steps('open two');
			const sinks = [memorySink({target: 'one', step}), memorySink({target: 'two', step})];
			await assert.rejects(run(source(someRecords(1)), sinks, {state: memoryStore({step})}), failure);
			assert.deepEqual(log, ['load', 'open one', 'open two', 'close one', 'close state']);
		});

		it('are all closed when one of them fails at that, and the first error comes out', async () => {
			const {step, log} = steps('close one');
			const sinks = [memorySink({target: 'one', step}), memorySink({target: 'two', step})];
			const state = memoryStore({step});
			await assert.rejects(run(source(someRecords(1)), sinks, {state}), failure);
			assert.deepEqual(log.slice(-3), ['close one', 'close two', 'close state']);
			assert.equal(state.history.length, 2);

			const other = new Error('the reason');
			const fails = steps('close state');
			const build = source(someRecords(1), {onRequest: () => Promise.reject(other)});
			await assert.rejects(run(build, memorySink(), {state: memoryStore({step: fails.step})}), other);
			const alone = steps('close state');
			await assert.rejects(
				run(source(someRecords(1)), memorySink(), {state: memoryStore({step: alone.step})}),
				failure,
			);
		});

		it('are closed only when what they are doing is over', async () => {
			const log: string[] = [];
			const writing = deferred();
			const one = memorySink({
				target: 'one',
				step: name => (name === 'write one' ? Promise.reject(failure) : undefined),
			});
			const two = memorySink({
				target: 'two',
				step: name => {
					log.push(name);
					return name === 'write two' ? writing.promise : undefined;
				},
			});
			const running = run(source(someRecords(3)), [one, two]);
			void running.catch(() => {});
			await settle();
			assert.deepEqual(log, ['open two', 'write two']);
			writing.resolve();
			await assert.rejects(running, failure);
			assert.deepEqual(log, ['open two', 'write two', 'written two', 'close two']);
		});

		it('that fail leave no page unsettled', async () => {
			const settled = settledLog();
			const pages = [0, 1, 2, 4].map(sequence => pageOf(['e'], {sequence, settled}));
			const {step} = steps('write memory', 2);
			await assert.rejects(run(concat(pages, NEVER), memorySink({step})), failure);
			assert.deepEqual(settled.acked, []);
			assert.deepEqual(settled.nacked, [failure, failure, failure, failure]);
		});
	});
});
