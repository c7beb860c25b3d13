import assert from 'node:assert/strict';
import type {Redis} from 'ioredis';
import {countRequests, readEtas, type RequestCounter} from '../../../lib/cli/queue/eta.ts';
import {jobList, jobListText} from '../../../lib/cli/queue/list-jobs.ts';
import type {SharedQuota} from '../../../lib/http/limiter.ts';
import type {Job, QueuedJob} from '../../../lib/queue/job-queue.ts';
import {openRedis} from '../../../lib/redis/open-redis.ts';
import {redisQuota} from '../../../lib/redis/redis-quota.ts';
import {startRedis, type TestRedis} from '../../support/redis.ts';

/** One a millisecond in the long run, without waiting for a Redis that has just started. */
const rate = {requests: 1, perMs: 1};

describe('the eta of jobs', () => {
	let server: TestRedis;
	let redis: Redis;
	let counter: RequestCounter;
	let quota: SharedQuota;
	before(async () => {
		server = await startRedis();
		redis = await openRedis({url: server.url});
	});
	beforeEach(async () => {
		await redis.flushall();
		counter = countRequests(redis);
		quota = redisQuota(redis, counter.taken);
	});
	after(async () => {
		redis.disconnect();
		await server.close();
	});

	const job = (pipeline: string, more: Partial<Job> = {}): Job => ({
		pipeline,
		source: 's',
		tenant: '',
		window: {},
		repeats: false,
		...more,
	});
	/** A job that sends so many requests. */
	const work = async (of: Job, credential: string, count: number, outcome: string, rates = [rate]) =>
		counter.measure(
			of,
			(end: string) => end === 'done',
			async () => {
				for (let sent = 0; sent < count;) {
					const taken = await quota.take(credential, rates, 1000);
					if (typeof taken === 'number') continue;
					taken();
					sent++;
				}
				return outcome;
			},
		);
	const queued = (of: Job, state: QueuedJob['state'], more: Partial<QueuedJob> = {}): QueuedJob => ({
		id: 'j',
		job: of,
		state,
		...more,
	});

	it('is the requests of the jobs that are left, by those of earlier jobs, at the strictest rate of their credential', async () => {
		await Promise.all([
			work(job('a'), 'one', 4, 'put back'),
			work(job('b'), 'one', 3, 'done', [{requests: 1, perMs: 2}]),
			work(job('c'), 'other', 5, 'done'),
		]);
		await work(job('a'), 'one', 2, 'done');
		await work(job('a'), 'one', 2, 'done');
		const left = [
			queued(job('a'), 'waiting'),
			queued(job('a'), 'active'),
			queued(job('b'), 'delayed', {cause: 'quota'}),
			queued(job('c'), 'delayed', {cause: 'schedule'}),
			queued(job('c', {repeats: true}), 'waiting'),
			queued(job('unknown'), 'waiting'),
		];
		const etas = await readEtas(redis, left);
		assert.deepEqual(etas, [{pipelines: ['a', 'b'], jobs: 3, requests: 11, seconds: 0}]);
		const many = [...left, ...Array.from({length: 1000}, () => left[0]!)];
		const [eta] = await readEtas(redis, many);
		assert.deepEqual(eta, {pipelines: ['a', 'b'], jobs: 1003, requests: 4011, seconds: 8});
	});

	it('is a line for each credential, with some of its pipelines', async () => {
		const names = ['p1', 'p2', 'p3', 'p4', 'p5'];
		await Promise.all(names.map(async name => work(job(name), 'one', 1, 'done')));
		await work(job('alone'), 'other', 3, 'done');
		const left = ['alone', ...names].map(name => queued(job(name), 'waiting'));
		assert.equal(
			jobListText(jobList(left, await readEtas(redis, left), []), 0),
			'6 waiting, 0 active, 0 delayed, 0 failed\neta, by quota\n' +
				'  alone: about 0 seconds, 1 job, 3 requests\n' +
				'  p1, p2, p3 and 2 more: about 0 seconds, 5 jobs, 5 requests\n',
		);
	});

	it('counts what a job sent that failed, and is no reason for one to fail', async () => {
		const failing = async () => {
			counter.taken('quota', [rate]);
			throw new Error('no');
		};
		await assert.rejects(
			counter.measure(job('a'), () => true, failing),
			/no/,
		);
		const left = [queued(job('a'), 'waiting')];
		assert.deepEqual(await readEtas(redis, left), []);
		const ending = async () => counter.taken('quota', [rate]);
		await counter.measure(job('a'), () => true, ending);
		assert.deepEqual(await readEtas(redis, left), [{pipelines: ['a'], jobs: 1, requests: 2, seconds: 0}]);
		const away = await openRedis({url: server.url});
		away.disconnect();
		const elsewhere = countRequests(away);
		await elsewhere.measure(
			job('a'),
			() => true,
			async () => elsewhere.taken('quota', [rate]),
		);
	});
});
