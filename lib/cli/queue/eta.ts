import {AsyncLocalStorage} from 'node:async_hooks';
import type {Rate} from '../../http/limiter.ts';
import type {Job, QueuedJob} from '../../queue/job-queue.ts';
import type {Redis} from '../../redis/open-redis.ts';
import {luaScript} from '../../redis/script.ts';

/** When the jobs of one credential may be done, as its rate and the requests of earlier jobs say. */
export interface Eta {
	/** The pipelines of these jobs. */
	readonly pipelines: readonly string[];
	/** How many are left: those that wait, are at work, or were put back by their quota or turn. */
	readonly jobs: number;
	/** How many requests they are likely to send, and how long the quota takes for these. */
	readonly requests: number;
	readonly seconds: number;
}

/** Counts the requests of jobs, by job. */
export interface RequestCounter {
	/** To be told of each request that a quota lets through: whose it is, and the rates that it keeps. */
	readonly taken: (quota: string, rates: readonly Rate[]) => void;
	/** Does a job, and adds in Redis what it sent, in one command; the job is counted where `isDone` says so. */
	measure<T>(job: Job, isDone: (outcome: T) => boolean, work: () => Promise<T>): Promise<T>;
}

/** What a job sent within one quota. */
interface Sent {
	requests: number;
	/** The shortest time between two requests in the long run, in milliseconds; 0 without a rate. */
	msEach: number;
}

const keepMs = 30 * 24 * 3_600_000;
const add = luaScript(`
redis.call('HINCRBY', KEYS[1], 'jobs', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'requests', ARGV[2])
redis.call('HSET', KEYS[1], 'quota', ARGV[3], 'msEach', ARGV[4])
return redis.call('PEXPIRE', KEYS[1], ${keepMs})
`);

/** The windows of a pipeline send other numbers of requests than the job of its whole. */
function keyOf({pipeline, repeats}: Job): string {
	return `rxaudit:sent:${repeats ? 'repeats' : 'once'}:${pipeline}`;
}

export function countRequests(redis: Redis): RequestCounter {
	const current = new AsyncLocalStorage<Map<string, Sent>>();
	return {
		taken(quota, rates) {
			const sent = current.getStore();
			const before = sent?.get(quota) ?? {requests: 0, msEach: 0};
			const msEach = Math.max(before.msEach, ...rates.map(({requests, perMs}) => perMs / requests));
			sent?.set(quota, {requests: before.requests + 1, msEach});
		},
		async measure(job, isDone, work) {
			const sent = new Map<string, Sent>();
			let done = 0;
			try {
				const outcome = await current.run(sent, work);
				done = isDone(outcome) ? 1 : 0;
				return outcome;
			} finally {
				// of several credentials the one that takes longest
				const times = Array.from(sent, ([quota, {requests, msEach}]) => ({quota, requests, msEach}));
				const [most] = times.sort((a, b) => b.requests * b.msEach - a.requests * a.msEach);
				// without it an estimate is worse, and no more
				if (most) await add(redis, [keyOf(job)], [done, most.requests, most.quota, most.msEach]).catch(() => {});
			}
		},
	};
}

/** By credential, the longest first. Of pipelines that have no job done yet nothing is said. */
export async function readEtas(redis: Redis, jobs: readonly QueuedJob[]): Promise<Eta[]> {
	const left = new Map<string, {readonly pipeline: string; jobs: number}>();
	for (const {job} of jobs.filter(isLeft)) {
		const key = keyOf(job);
		left.set(key, {pipeline: job.pipeline, jobs: (left.get(key)?.jobs ?? 0) + 1});
	}
	const quotas = new Map<string, {pipelines: Set<string>; jobs: number; requests: number; msEach: number}>();
	await Promise.all(
		Array.from(left, async ([key, of]) => {
			const [done, sent, quota, msEach] = await redis.hmget(key, 'jobs', 'requests', 'quota', 'msEach');
			if (!Number(done) || quota == null) return;
			const all = quotas.get(quota) ?? {pipelines: new Set(), jobs: 0, requests: 0, msEach: 0};
			all.pipelines.add(of.pipeline);
			all.jobs += of.jobs;
			all.requests += (of.jobs * Number(sent)) / Number(done);
			all.msEach = Math.max(all.msEach, Number(msEach)); // the strictest rate holds for all
			quotas.set(quota, all);
		}),
	);
	const limited = [...quotas.values()].filter(({msEach}) => msEach > 0);
	const etas = limited.map(({pipelines, jobs, requests, msEach}) => ({
		pipelines: [...pipelines].sort(),
		jobs,
		requests: Math.round(requests),
		seconds: Math.round((requests * msEach) / 1000),
	}));
	return etas.sort((a, b) => b.seconds - a.seconds);
}

function isLeft({state, cause}: QueuedJob): boolean {
	return (
		state === 'waiting' || state === 'active' || (state === 'delayed' && cause !== 'schedule' && cause !== 'failure')
	);
}
