import assert from 'node:assert/strict';
import {
	type Consumer,
	type Handler,
	type Job,
	type JobQueue,
	LastingError,
	type Outcome,
} from '../../lib/queue/job-queue.ts';

/** What every queue promises, whatever it is built on; `open` gives an empty one. */
export function describeQueue(name: string, open: () => Promise<JobQueue>): void {
	describe(name, () => {
		let queue: JobQueue;
		let consumers: Consumer[] = [];
		const job = (pipeline: string, more: Partial<Job> = {}): Job => ({
			pipeline,
			source: 'some-source',
			tenant: 'some-tenant',
			window: {},
			repeats: false,
			...more,
		});
		const work = (handle: Handler, concurrency = 1) => {
			const consumer = queue.work(handle, {concurrency, warn: assert.fail});
			consumers.push(consumer);
			return consumer;
		};
		/** Does jobs as these outcomes say, one after the other; resolves with what was done when all are used up. */
		const workAs = async (...outcomes: (Outcome | Error)[]): Promise<string[]> => {
			const done: string[] = [];
			let consumer!: Consumer;
			await new Promise<void>(resolve => {
				consumer = work(async ({pipeline, window: {since}}) => {
					const outcome = outcomes[done.push(pipeline + (since ?? '')) - 1]!;
					if (done.length === outcomes.length) resolve();
					if (outcome instanceof Error) throw outcome;
					return outcome;
				});
			});
			await consumer.drain();
			return done;
		};
		const eventually = async <T>(read: () => Promise<T | undefined | false>): Promise<T> => {
			for (;;) {
				const value = await read();
				if (value) return value;
			}
		};

		beforeEach(async () => {
			queue = await open();
		});
		afterEach(async () => {
			await Promise.all(consumers.map(async consumer => consumer.drain()));
			consumers = [];
			await queue.close();
		});

		it('does each job once, in order, however often it was queued', async () => {
			const windows = ['1', '2'].map(since => job('a', {window: {since, until: '3'}}));
			assert.deepEqual(await queue.add([...windows, job('b')]), []);
			const [known] = await queue.add([windows[1]!]);
			assert.match(known!, /^[a-z][a-z0-9]+$/);
			assert.deepEqual(await workAs('done', 'done', 'done'), ['a1', 'a2', 'b']);
			await eventually(async () => (await queue.list()).length === 0);
			assert.deepEqual(await queue.add([job('b')]), [], 'what is done may be queued again');
		});

		it('gives a job to one of several', async () => {
			await queue.add(Array.from({length: 30}, (_, at) => job(`p${at}`)));
			const done: string[] = [];
			for (let consumer = 0; consumer < 3; consumer++) work(async ({pipeline}) => (done.push(pipeline), 'done'), 4);
			await eventually(async () => (await queue.list()).length === 0);
			assert.equal(new Set(done).size, 30);
		});

		it('puts a job back, says what it waits for, and lets others go first', async () => {
			await queue.add([job('a'), job('b')]);
			assert.deepEqual(await workAs({againInMs: 60_000, cause: 'quota'}, 'done'), ['a', 'b']);
			const [waiting] = await eventually(async () => {
				const list = await queue.list();
				return list.length === 1 && list[0]!.cause === 'quota' && list;
			});
			assert.equal(waiting!.state, 'delayed');
			assert.ok(Math.abs(waiting!.atMs! - Date.now() - 60_000) < 30_000);
			assert.equal(await queue.remove([waiting!.id, 'j0']), 1);
		});

		it('does a job again that was put back', async () => {
			await queue.add([job('a')]);
			assert.deepEqual(await workAs({againInMs: 1, cause: 'turn'}, {againInMs: 1, cause: 'turn'}, 'done'), [
				'a',
				'a',
				'a',
			]);
		});

		it('tries a failed job again later, and keeps what would never succeed until it is retried', async () => {
			await queue.add([job('a'), job('b', {repeats: true}), job('c')]);
			await workAs(new Error('first'), new Error('second'), new LastingError('third'));
			const list = await eventually(async () => {
				const all = await queue.list();
				return all.every(({state}) => state === 'delayed' || state === 'failed') && all;
			});
			const told = list.map(({job: {pipeline}, state, cause, reason}) => [pipeline, state, cause, reason]);
			const byPipeline = told.sort(([one], [other]) => (one! < other! ? -1 : 1));
			assert.deepEqual(byPipeline, [
				['a', 'delayed', 'failure', 'first'],
				['b', 'delayed', 'failure', 'second'],
				['c', 'failed', undefined, 'third'],
			]);
			const failed = list.find(({state}) => state === 'failed')!;
			assert.deepEqual(await queue.add([failed.job]), [failed.id], 'a failed job is there');
			assert.equal(await queue.retry(['j0']), 0);
			assert.equal(await queue.retry([failed.id]), 1);
			assert.deepEqual(await workAs('done'), ['c']);
		});

		it('drains: what is at work is ended, and nothing else begun', async () => {
			await queue.add([job('a'), job('b')]);
			let finish!: (outcome: Outcome) => void;
			const begun = new Promise<void>(resolve => {
				work(async () => (resolve(), new Promise<Outcome>(settle => (finish = settle))));
			});
			await begun;
			const drained = consumers[0]!.drain();
			finish('done');
			await drained;
			assert.deepEqual(
				(await queue.list()).map(({job: {pipeline}, state}) => [pipeline, state]),
				[['b', 'waiting']],
			);
		});
	});
}
