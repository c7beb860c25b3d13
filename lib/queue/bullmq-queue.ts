import {type ConnectionOptions, DelayedError, type Job as BullJob, Queue, UnrecoverableError, Worker} from 'bullmq';
import {once} from 'node:events';
import {setTimeout as delay} from 'node:timers/promises';
import {reasonOf} from '../model/errors.ts';
import {type RedisAddress, redisOptions} from '../redis/open-redis.ts';
import {type Cause, type Consumer, type ConsumerOptions, type Handler, idOf, type Job} from './job-queue.ts';
import {type JobQueue, LastingError, type Outcome, type QueuedJob} from './job-queue.ts';

/** The queue as BullMQ and its tools know it. */
export const queueName = 'rxaudit';

/** A worker that is not heard of so long has lost its jobs; others look for such jobs this often, in milliseconds. */
const lockMs = 5000;
const stalledCheckMs = 2500;
/** A job that was lost so often may be what ends its workers. */
const maxLosses = 20;
/** How often a job is tried before it is kept as failed, and the first wait between two attempts, which doubles. */
const attempts = 8;
const backoffMs = 5000;
const maxBackoffMs = 5 * 60_000;
const atOnce = 1000;
/** How long a worker that ends tries to put back what it did not do. */
const putBackMs = 3000;
/** What Redis does not answer so long has failed, in milliseconds. */
const commandMs = 10_000;

/** What is noted of a job that was put back. */
interface Note {
	readonly cause: Cause | 'failure';
	readonly reason?: string;
	/** In a row. */
	readonly failures?: number;
	/** When it comes again, epoch milliseconds. */
	readonly atMs?: number;
}

type Queued = BullJob<Job, void, string>;

/** A queue in Redis, by BullMQ. */
export function bullQueue(address: RedisAddress): JobQueue {
	const queue = new Queue<Job, void, string>(queueName, {
		connection: connectionTo(address, {commandTimeout: commandMs}),
		defaultJobOptions: {
			attempts,
			backoff: {type: 'exponential', delay: backoffMs, jitter: 0.5},
			removeOnComplete: true,
			stackTraceLimit: 0,
		},
	});
	queue.on('error', () => {}); // each call that fails says so

	return {
		async add(jobs) {
			const known: string[] = [];
			for (let at = 0; at < jobs.length; at += atOnce) {
				const some = jobs.slice(at, at + atOnce).map(data => ({name: data.pipeline, data, opts: {jobId: idOf(data)}}));
				const found = await Promise.all(some.map(async ({opts}) => queue.getJobState(opts.jobId)));
				known.push(...some.filter((_, index) => found[index] !== 'unknown').map(({opts}) => opts.jobId));
				await queue.addBulk(some);
			}
			return known;
		},
		work: (handle, options) => consume(handle, options, address),
		async list() {
			const states = {wait: 'waiting', prioritized: 'waiting', active: 'active', delayed: 'delayed', failed: 'failed'};
			const jobs: QueuedJob[] = [];
			for (const [type, state] of Object.entries(states)) {
				for (let at = 0; ; at += atOnce) {
					const some = await queue.getJobs(type as 'wait', at, at + atOnce - 1, true);
					// one that ended meanwhile is no longer there
					jobs.push(
						...some.filter(job => job?.id !== undefined).map(job => asQueued(job as Queued, state as 'waiting')),
					);
					if (some.length < atOnce) break;
				}
			}
			return jobs;
		},
		async retry(ids) {
			const isWanted = ({id}: Queued) => ids === undefined || ids.includes(id!);
			const failed = ((await queue.getFailed()) as Queued[]).filter(isWanted);
			const delayed = ((await queue.getDelayed()) as Queued[]).filter(isWanted);
			const waiting = delayed.filter(job => noteOf(job)?.cause === 'failure');
			for (const job of failed) await job.retry('failed', {resetAttemptsMade: true});
			for (const job of waiting) await job.promote();
			return failed.length + waiting.length;
		},
		async remove(ids) {
			let removed = 0;
			for (const id of ids) {
				const state = await queue.getJobState(id);
				if (state !== 'unknown' && state !== 'active') removed += await queue.remove(id);
			}
			return removed;
		},
		close: async () => queue.close(),
	};
}

function consume(handle: Handler, {concurrency, warn}: ConsumerOptions, address: RedisAddress): Consumer {
	const losses = new Map<string, AbortController>();
	const idle = new EventTarget();
	let atWork = 0;
	const counted: Handler = async (job, lost) => {
		atWork++;
		try {
			return await handle(job, lost);
		} finally {
			if (--atWork === 0) idle.dispatchEvent(new Event('idle'));
		}
	};
	const worker = new Worker<Job, void, string>(
		queueName,
		async (job, token) => {
			const loss = new AbortController();
			losses.set(job.id!, loss);
			try {
				await work(counted, job, token!, loss.signal);
			} finally {
				losses.delete(job.id!);
			}
		},
		{
			connection: connectionTo(address),
			concurrency,
			lockDuration: lockMs,
			stalledInterval: stalledCheckMs,
			maxStalledCount: maxLosses,
		},
	);
	worker.on('error', error => warn(`the queue: ${reasonOf(error)}`));
	worker.on('lockRenewalFailed', ids => {
		for (const id of ids) losses.get(id)?.abort(new Error('the job was given to another worker'));
	});
	return {
		async drain() {
			const closed = worker.close().then(
				() => true,
				() => false,
			);
			if (atWork > 0) await Promise.race([closed, once(idle, 'idle')]);
			return Promise.race([closed, delay(putBackMs, false, {ref: false})]);
		},
	};
}

async function work(handle: Handler, job: Queued, token: string, lost: AbortSignal): Promise<void> {
	const putBack = async (ms: number, note: Note): Promise<never> => {
		const atMs = Date.now() + Math.max(1, Math.round(ms));
		await job.updateProgress({...note, atMs});
		await job.moveToDelayed(atMs, token);
		throw new DelayedError();
	};
	let outcome: Outcome;
	try {
		outcome = await handle(job.data, lost);
	} catch (error) {
		const failures = (noteOf(job)?.failures ?? 0) + 1;
		const note = {cause: 'failure', reason: reasonOf(error), failures} as const;
		if (error instanceof LastingError || !job.data.repeats) {
			await job.updateProgress(note);
			throw error instanceof LastingError ? new UnrecoverableError(error.message) : error;
		}
		const waitMs = Math.min(backoffMs * 2 ** (failures - 1), maxBackoffMs);
		return putBack(waitMs * (1 + Math.random() / 2), note);
	}
	if (outcome !== 'done') await putBack(outcome.againInMs, {cause: outcome.cause});
}

/** BullMQ connects by itself: it waits for jobs on a connection of their own. */
function connectionTo(address: RedisAddress, options: {readonly commandTimeout?: number} = {}): ConnectionOptions {
	return {...redisOptions(address), ...options} as ConnectionOptions;
}

function noteOf({progress}: Queued): Note | undefined {
	return typeof progress === 'object' && 'cause' in progress ? (progress as unknown as Note) : undefined;
}

function asQueued(job: Queued, state: QueuedJob['state']): QueuedJob {
	const {cause, reason, atMs} = noteOf(job) ?? {};
	return {
		id: job.id!,
		job: job.data,
		state,
		...(state === 'delayed' && cause ? {cause} : {}),
		...(state === 'delayed' && atMs !== undefined ? {atMs} : {}),
		// one that was lost too often has only what BullMQ says
		...(state === 'failed' ? {reason: job.failedReason} : reason === undefined || state === 'active' ? {} : {reason}),
	};
}
