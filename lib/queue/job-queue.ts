import {createHash} from 'node:crypto';

/** A piece of work: a pipeline, for a span of time, or as far as it has to be read. Plain JSON, without secrets. */
export interface Job {
	readonly pipeline: string;
	/** The name of its source. */
	readonly source: string;
	/** Whose log it is; '' where only the API knows. */
	readonly tenant: string;
	/** ISO 8601: `since` inclusive, `until` exclusive. Without them: what the pipeline asks for. */
	readonly window: {readonly since?: string; readonly until?: string};
	/** It comes again when it is done, for ever; a failure only makes it come later. */
	readonly repeats: boolean;
}

/** The id of a job, the same for the same job: what is queued twice runs once. */
export function idOf({pipeline, source, tenant, window: {since = '', until = ''}}: Job): string {
	const text = JSON.stringify([pipeline, source, tenant, since, until]);
	return `j${createHash('sha256').update(text).digest('hex').slice(0, 31)}`;
}

/** What a job waits for that was put back: its turn, or that a quota leaves room, or the next time that it is due. */
export type Cause = 'turn' | 'quota' | 'schedule';

/** What became of a job: it is done, or is to come again in so many milliseconds. */
export type Outcome = 'done' | {readonly againInMs: number; readonly cause: Cause};

/**
 * Does a job. An error says that it is to be tried again, later and later; a {@link LastingError} that this would not
 * help. `lost` aborts when somebody else may have got the job.
 */
export type Handler = (job: Job, lost: AbortSignal) => Promise<Outcome>;

/** What no further attempt would mend: the job is kept as failed at once. */
export class LastingError extends Error {
	override name = 'LastingError';
}

export interface ConsumerOptions {
	/** How many jobs are done at a time. */
	readonly concurrency: number;
	/** Told what is wrong with the queue itself. */
	warn(message: string): void;
}

/** Somebody who does jobs. */
export interface Consumer {
	/**
	 * Takes no more jobs; resolves with true when those at work are done or put back, with false where the queue cannot be
	 * told of it: others get them as if this process had died.
	 */
	drain(): Promise<boolean>;
}

/** A job as it stands in the queue. */
export interface QueuedJob {
	readonly id: string;
	readonly job: Job;
	readonly state: 'waiting' | 'active' | 'delayed' | 'failed';
	/** What a delayed one waits for. */
	readonly cause?: Cause | 'failure';
	/** When a delayed one comes again, epoch milliseconds. */
	readonly atMs?: number;
	/** Why the last attempt failed. */
	readonly reason?: string;
}

/**
 * Jobs that several machines share. A job that somebody does is kept for him as long as he is heard of; then another one
 * gets it. So it may be done twice: what must be once is guarded by the state of its pipeline.
 */
export interface JobQueue {
	/** Adds jobs, in this order; resolves with the ids of those that were there already. */
	add(jobs: readonly Job[]): Promise<readonly string[]>;
	work(handle: Handler, options: ConsumerOptions): Consumer;
	/** Every job that there is; those that are done are gone. */
	list(): Promise<readonly QueuedJob[]>;
	/** Jobs that failed, kept or to be tried again later, these or all of them, begin anew; resolves with how many did. */
	retry(ids?: readonly string[]): Promise<number>;
	/** Takes out jobs that nobody does at the moment, whatever they wait for; resolves with how many. */
	remove(ids: readonly string[]): Promise<number>;
	close(): Promise<void>;
}
