import assert from 'node:assert/strict';
import type {Redis} from 'ioredis';
import {run} from '../../lib/run/run.ts';
import {openRedis} from '../../lib/redis/open-redis.ts';
import {redisState} from '../../lib/redis/redis-state.ts';
import type {Checkpoint, StateStore, StoreContext} from '../../lib/state/state.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {startRedis, type TestRedis} from '../support/redis.ts';
import {commitUpTo, journalAt} from '../support/state-scenario.ts';
import {pagedSource, someRecords} from '../support/paged-source.ts';

describe('redisState', () => {
	let server: TestRedis;
	let redis: Redis;
	let count = 0;
	let name = '';
	const checkpoint = (page: number): Checkpoint => ({binding: {}, sources: {api: {page}}, snapshots: {}, sinks: {}});

	before(async () => {
		server = await startRedis();
		redis = await openRedis({url: server.url});
	});
	beforeEach(() => void (name = `tenant-${++count}`));
	after(async () => {
		redis.disconnect();
		await server.close();
	});

	/** The lease of whoever holds the state ends now. */
	const endLease = async () => redis.hset(`rxaudit:state:${name}`, 'until', 0);
	const codeOf = async (action: Promise<unknown>) =>
		action.then(
			() => 'done',
			(error: {code?: string}) => error.code,
		);
	const context = (lost: (error: Error) => void): StoreContext => ({
		signal: new AbortController().signal,
		note() {},
		lost,
	});

	it('gives what was committed last, and its journal', async () => {
		for (const version of [1, 2, 3, 7]) {
			await commitUpTo(version, redisState(redis, name), () => {});
			const store = redisState(redis, name);
			const stored = (await store.load())!;
			assert.equal(stored.version, version);
			assert.deepEqual(stored.checkpoint.sources, {api: {page: version}});
			const bytes = await store.journal!.read(stored.checkpoint.journal!);
			assert.equal(Buffer.from(bytes).toString(), journalAt(version));
			await store.close!();
		}
		const generations = await redis.keys(`rxaudit:state:${name}:*`);
		assert.ok(generations.length <= 2, generations.join(' '));
	});

	it('writes nothing for whom it was taken from', async () => {
		const slept = redisState(redis, name);
		let loss: Error | undefined;
		await slept.load(context(error => (loss = error)));
		await slept.journal!.append(Buffer.from('first'));
		await slept.commit(checkpoint(1), 0);
		await endLease();
		const next = redisState(redis, name);
		const stored = (await next.load())!;
		assert.equal(stored.version, 1);
		assert.equal(await codeOf(slept.commit(checkpoint(2), 1)), 'STATE_CONFLICT');
		assert.equal(await codeOf(slept.journal!.append(Buffer.from('lost'))), 'STATE_CONFLICT');
		await slept.close!();
		assert.equal(await next.commit(checkpoint(3), 1), 2);
		assert.equal(loss, undefined);
		assert.equal(await codeOf(next.commit(checkpoint(4), 1)), 'STATE_CONFLICT', 'the version is compared too');
		await next.close!();
	});

	it('tells whom it was taken from of that, and not of damage, where identities are gone since', async () => {
		await commitUpTo(1, redisState(redis, name), () => {});
		const slept = redisState(redis, name);
		const stored = (await slept.load())!;
		await endLease();
		await commitUpTo(9, redisState(redis, name), () => {});
		assert.equal(await codeOf(slept.journal!.read(stored.checkpoint.journal!)), 'STATE_CONFLICT');
	});

	it('tells a run at its next renewal that another has taken over', async () => {
		const slept = redisState(redis, name, {leaseMs: 60});
		let tell!: (error: Error) => void;
		const lost = new Promise<Error>(resolve => (tell = resolve));
		await slept.load(context(tell));
		await redis.hset(`rxaudit:state:${name}`, 'holder', 'another');
		assert.equal(((await lost) as Error & {code: string}).code, 'STATE_CONFLICT');
		assert.equal(await codeOf(slept.assertHeld!()), 'STATE_CONFLICT');
	});

	it('is refused while another run renews it, and taken when none does', async () => {
		const [first, second] = [redisState(redis, name, {leaseMs: 200}), redisState(redis, name, {leaseMs: 200})];
		await first.load();
		assert.equal(await codeOf(second.load()), 'STATE_LOCKED');
		await first.close!();
		assert.equal(await second.load(), undefined);
		await second.close!();
		await redis.hset(`rxaudit:state:${name}`, 'holder', 'dead', 'until', Date.now() + 100, 'by', 'nobody');
		assert.equal(await codeOf(second.load()), 'done');
	});

	it('is not started over where it cannot be read', async () => {
		await commitUpTo(1, redisState(redis, name), () => {});
		await redis.setrange(`rxaudit:state:${name}:seen-1`, 2, 'XX');
		const store = redisState(redis, name);
		const stored = (await store.load())!;
		assert.equal(await codeOf(store.journal!.read(stored.checkpoint.journal!)), 'STATE_DAMAGED');
		await store.close!();
		await redis.hset(`rxaudit:state:${name}`, 'state', '{"rxaudit":"state","format":2,"x"');
		await assert.rejects(store.load(), /expected a state, got format 2, which only a newer rxaudit may know/);
	});

	it('ends a run whose Redis was started again without its data', async () => {
		const pages = pagedSource(someRecords(30), {pageSize: 5});
		const sink = memorySink();
		const state: StateStore = redisState(redis, name);
		let commits = 0;
		const losing: StateStore = {
			...state,
			async commit(...given) {
				if (++commits === 3) await redis.flushall();
				return state.commit(...given);
			},
		};
		assert.equal(
			await codeOf(run(pages, sink, {state: losing, commitSize: {pages: 1}, dedupe: false})),
			'STATE_CONFLICT',
		);
	});

	it('fails while Redis is full, and has what was committed', async () => {
		const full = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction']);
		const client = await openRedis({url: full.url});
		try {
			const store = redisState(client, name);
			await store.load();
			await store.commit(checkpoint(1), 0);
			while ((await codeOf(client.append('others', 'x'.repeat(50_000)))) === 'done');
			await assert.rejects(store.commit(checkpoint(2), 1), /cannot commit it: OOM.*give it more memory/);
			await client.del('others');
			assert.equal(await store.commit(checkpoint(2), 1), 2);
			await store.close!();
		} finally {
			client.disconnect();
			await full.close();
		}
	});
});
