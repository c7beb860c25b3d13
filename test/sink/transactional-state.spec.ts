import assert from 'node:assert/strict';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {StateError} from '../../lib/model/errors.ts';
import {run, type RunOptions} from '../../lib/run/run.ts';
import {fileState} from '../../lib/state/file-state.ts';
import {memoryState} from '../../lib/state/memory-state.ts';
import type {Checkpoint} from '../../lib/state/state.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import {type Transaction, transactionalState} from '../../lib/sink/transactional-state.ts';
import {memorySink, type MemorySink, type Step} from '../../lib/testing/memory-sink.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {type MemoryBucket, memoryBucket} from '../support/memory-bucket.ts';
import type {TestRecord} from '../support/pages.ts';
import {pagedSource, someRecords, textsOf} from '../support/paged-source.ts';

interface Row {
	readonly id: string;
}

/** A database in memory: a transaction is there as a whole or not at all. */
function memoryDatabase(step: Step = () => {}) {
	const database = {
		rows: [] as Row[],
		version: 0,
		checkpoint: undefined as Checkpoint | undefined,
		identities: [] as Uint8Array[],
		/** Each that was committed. */
		history: [] as Transaction<Row>[],
		open() {
			return transactionalState<Row>({
				name: 'memory',
				target: 'rows',
				async load() {
					await step('load');
					const {version, checkpoint, identities} = database;
					return {version, checkpoint: structuredClone(checkpoint)!, identities: [...identities]};
				},
				async commit(transaction) {
					await step('begin');
					const {expectedVersion, version, checkpoint, events, identities} = transaction;
					if (expectedVersion !== database.version)
						throw new StateError('STATE_CONFLICT', 'another run has taken over');
					database.rows.push(...events);
					database.version = version;
					database.checkpoint = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
					if (identities.replaces) database.identities = [];
					if (identities.bytes.length > 0) database.identities.push(Buffer.from(identities.bytes));
					database.history.push(transaction);
					await step('committed');
				},
			});
		},
	};
	return database;
}

const idsOf = (records: readonly TestRecord[]) => records.map(({id}) => id);

describe('transactionalState', () => {
	const folder = temporaryFolder();
	const records = someRecords(9);
	const pages = (given = records) => pagedSource(given, {pageSize: 2, facts: {overlapMs: 100_000}});
	const pull = async (database: ReturnType<typeof memoryDatabase>, options: RunOptions = {}, given = records) => {
		const {sink, state} = database.open();
		return run(pages(given), sink, {state, ...options});
	};

	it('hands over the events of a commit with its checkpoint, each once over several runs', async () => {
		const database = memoryDatabase();
		await pull(database, {commitSize: {pages: 2}}, records.slice(3));
		await pull(database, {commitSize: {pages: 2}});
		assert.deepEqual(database.rows.map(({id}) => id).sort(), idsOf(records).sort());
		assert.deepEqual(
			database.history.map(({version, expectedVersion}) => version - expectedVersion),
			database.history.map(() => 1),
		);
		assert.deepEqual(
			database.history.slice(0, 3).map(({events}) => events.length),
			[0, 4, 2],
		);
	});

	it('writes the identity of an event once, beside a checkpoint that does not grow with them', async () => {
		const database = memoryDatabase();
		const many = someRecords(3000);
		await run(pagedSource(many, {pageSize: 100, facts: {overlapMs: 1e9}}), database.open().sink, {
			state: memoryState(),
		}).then(
			() => assert.fail('a sink alone'),
			() => {},
		);
		const {sink, state} = database.open();
		await run(pagedSource(many, {pageSize: 100, facts: {overlapMs: 1e9}}), sink, {state, commitSize: {pages: 1}});
		const written = database.history.reduce((sum, {identities}) => sum + identities.bytes.length, 0);
		assert.equal(written, 3000 * 20);
		const largest = Math.max(...database.history.map(({checkpoint}) => JSON.stringify(checkpoint).length));
		assert.ok(largest < 1000, `${largest} bytes`);
	});

	it('puts identities behind those that are stored, or in their place', async () => {
		const database = memoryDatabase();
		const {sink, state} = database.open();
		const checkpoint = {binding: {}, sources: {}, snapshots: {}, sinks: {}};
		const held = () => Buffer.concat(database.identities).toString();
		await state.load();
		await sink.open({resume: undefined, signal: new AbortController().signal, warn() {}, note() {}});
		assert.deepEqual(await state.journal!.append(Buffer.from('ab')), {bytes: 2});
		await state.commit({...checkpoint, pending: {pages: 1, checkpoint}}, 0);
		assert.equal(held(), '');
		assert.deepEqual(await state.journal!.append(Buffer.from('c')), {bytes: 3});
		await state.commit(checkpoint, 1);
		assert.deepEqual(await state.journal!.append(Buffer.from('d')), {bytes: 4});
		await state.commit(checkpoint, 2);
		assert.deepEqual([held(), (await state.journal!.read({bytes: 4})).length], ['abcd', 4]);
		assert.deepEqual(await state.journal!.rewrite(Buffer.from('d')), {bytes: 1});
		assert.deepEqual(await state.journal!.append(Buffer.from('e')), {bytes: 2});
		assert.equal(held(), 'abcd');
		await state.commit(checkpoint, 3);
		assert.deepEqual([held(), Buffer.from(await state.journal!.read({bytes: 2})).toString()], ['de', 'de']);
	});

	it('refuses a run that has one of the two without the other', async () => {
		const database = memoryDatabase();
		const {sink, state} = database.open();
		const message =
			/memory:rows: expected its sink and its state in one run, run\(pages, sink, \{state\}\), got the (sink|state) alone/;
		const misuses: [Sink, RunOptions][] = [
			[sink, {}],
			[sink, {state: fileState(`${folder()}/state`)}],
			[memorySink(), {state}],
			[database.open().sink, {state}],
		];
		for (const [given, options] of misuses) {
			await assert.rejects(run(pages(), given, options), {code: 'CONFIG', message});
		}
		assert.deepEqual([database.rows, database.history], [[], []]);
	});

	it('refuses a second run before the first has ended, which goes on', async () => {
		const database = memoryDatabase();
		const {sink, state} = database.open();
		const second: Promise<unknown>[] = [];
		const watched = pages().pipe(
			mapEvents((event, {id}) => {
				if (id === 'e4') second.push(run(pages(), sink, {state}).catch((error: unknown) => error));
				return event;
			}),
		);
		await run(watched, sink, {state, commitSize: {pages: 1}});
		const [error] = await Promise.all(second);
		assert.match(String(error), /got them in a run that has not ended/);
		assert.deepEqual(
			database.rows.map(({id}) => id),
			idsOf(records),
		);
	});

	it('of two runs lets one write', async () => {
		const database = memoryDatabase();
		await pull(database, {}, records.slice(5));
		const runs = await Promise.allSettled([pull(database), pull(database)]);
		assert.deepEqual(runs.map(({status}) => status).sort(), ['fulfilled', 'rejected']);
		const refused = runs.flatMap(result => (result.status === 'rejected' ? [result.reason as StateError] : []));
		assert.equal(refused[0]!.code, 'STATE_CONFLICT');
		assert.deepEqual(database.rows.map(({id}) => id).sort(), idsOf(records).sort());
	});

	it('refuses a state whose identities are not all there', async () => {
		const database = memoryDatabase();
		await pull(database);
		database.identities.pop();
		await assert.rejects(pull(database), {
			code: 'STATE_DAMAGED',
			message: /expected 180 bytes of identities in the state, got 0/,
		});
		assert.equal(database.rows.length, records.length);
	});

	it('holds what a follow brings, and its state from round to round', async () => {
		const database = memoryDatabase();
		const {sink, state} = database.open();
		const stop = new AbortController();
		let rounds = 0;
		const build = () => pages(records.slice(Math.max(0, 6 - 3 * rounds++)));
		const following = run(build, sink, {
			state,
			signal: stop.signal,
			follow: {everyMs: 1},
			onProgress: ({rounds: done}) => done >= 4 && stop.abort(),
		});
		assert.equal((await following).stopped, true);
		assert.deepEqual(database.rows.map(({id}) => id).sort(), idsOf(records).sort());
	});

	describe('beside a file, a bucket and dead letters', () => {
		const poisoned = new Set(['e2', 'e5', 'e6']);
		const good = records.filter(({id}) => !poisoned.has(id));
		const crash = new Error('crash');

		function worldOf() {
			let steps = 0;
			const step = () => {
				if (steps++ >= world.crashAt) throw crash;
			};
			const world = {
				database: memoryDatabase(step),
				file: memorySink({target: 'file', step}) as MemorySink,
				bucket: memoryBucket({step}) as MemoryBucket,
				deadLetters: memorySink({target: 'dead', step}) as MemorySink,
				crashAt: Infinity,
				begin: () => (steps = 0),
			};
			return world;
		}

		async function runOnce({database, file, bucket, deadLetters}: ReturnType<typeof worldOf>): Promise<unknown> {
			const {sink, state} = database.open();
			const checked = pages().pipe(
				mapEvents((event, {id}) => {
					if (poisoned.has(id)) throw new Error('odd');
					return event;
				}),
			);
			return run(checked, [sink, file, bucket], {state, deadLetters, commitSize: {pages: 2}});
		}

		it('holds each event once, wherever the run dies', async () => {
			let at = 0;
			for (let crashed = true; crashed; at++) {
				const world = worldOf();
				world.crashAt = at;
				crashed = await runOnce(world).then(
					() => false,
					(error: unknown) => {
						assert.equal(error, crash);
						return true;
					},
				);
				world.crashAt = Infinity;
				world.begin();
				await runOnce(world);
				const {database, file, bucket, deadLetters} = world;
				assert.deepEqual(
					database.rows.map(({id}) => id),
					idsOf(good),
					`step ${at}`,
				);
				assert.deepEqual(file.lines, textsOf(good));
				assert.deepEqual(bucket.lines(), textsOf(good));
				assert.equal(deadLetters.lines.length, poisoned.size);
			}
			assert.ok(at > 40, `${at} steps`);
		});
	});
});
