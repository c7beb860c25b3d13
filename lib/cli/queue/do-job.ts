import {AuditError, type ErrorCode, RateLimitError} from '../../model/errors.ts';
import {type Handler, type Job, LastingError, type Outcome} from '../../queue/job-queue.ts';
import type {NamedPipeline} from '../config/pipelines-of.ts';
import {limitTime} from '../monitor/time-limit.ts';
import {withPing} from '../monitor/ping.ts';
import {sentenceOf} from '../output/sentence.ts';
import type {ProgressOutput} from '../output/progress.ts';
import {runPipeline} from '../pipeline/run-pipeline.ts';
import {exitCodeOf} from '../rxaudit.ts';
import type {Stop, World} from '../world.ts';
import {jobOf} from './jobs-of.ts';
import type {RequestCounter} from './eta.ts';
import {countTotals, type Totals} from './totals.ts';

interface Setting {
	readonly world: World;
	readonly signals: Stop;
	readonly pipelines: ReadonlyMap<string, NamedPipeline>;
	readonly measure: RequestCounter['measure'];
	show(pipeline: NamedPipeline): ProgressOutput;
}

/** A job goes back to the end of the queue after so long, so that one large log does not keep a worker. */
const turnMs = 5 * 60_000;
/** A wait for a quota that is longer than this is waited for in the queue. */
const mostWaitMs = 2000;
/** How long a job waits whose pipeline is at work elsewhere. */
const inUseMs = 250;

/** Does jobs: each is a run of its pipeline, for the window of the job. What is watched of it is in `watched`. */
export function jobHandler(setting: Setting): {readonly handle: Handler; readonly watched: Totals[]} {
	const {world, signals, pipelines, measure, show} = setting;
	const watched = new Map(Array.from(pipelines.keys(), name => [name, countTotals(name)]));
	const atWork = new Set<string>();

	const handle: Handler = async (job, lost) => {
		const named = pipelineOf(job);
		if (atWork.has(job.pipeline)) return {againInMs: inUseMs * (1 + Math.random()), cause: 'turn'};
		atWork.add(job.pipeline);
		const progress = show(named);
		const totals = watched.get(job.pipeline)!;
		const ping = async (reason?: string) =>
			withPing(named.monitor.ping, {env: world.env, warn: progress.warn}, async () =>
				reason === undefined ? {code: 0} : {code: 1, reason},
			);
		try {
			const outcome = await measure(job, isDone, async () => doJob(named, job, lost, progress, totals));
			totals.ended();
			if (isDone(outcome)) await ping();
			return outcome;
		} catch (error) {
			const again = comesAgain(error);
			if (again) {
				totals.ended();
				return again;
			}
			const reason = sentenceOf(error, Boolean(world.env['RXAUDIT_DEBUG']));
			totals.ended(reason);
			progress.fail(reason, error instanceof AuditError ? {code: error.code} : {});
			await ping(reason);
			throw isLasting(error, job) ? new LastingError(reason) : new Error(reason);
		} finally {
			atWork.delete(job.pipeline);
		}
	};

	function pipelineOf({pipeline, source, tenant}: Job): NamedPipeline {
		const named = pipelines.get(pipeline);
		if (!named)
			throw new Error(
				`expected the pipeline ${pipeline} in the file of this worker, got none: start the worker anew with the file that ` +
					'has it, or take its jobs out by rxaudit jobs remove',
			);
		const ours = jobOf(named);
		if (ours.source !== source || ours.tenant !== tenant) {
			throw new LastingError(
				`the job is of another file: expected ${ours.source}:${ours.tenant}, got ${source}:${tenant}; queue it again`,
			);
		}
		return named;
	}

	async function doJob(
		named: NamedPipeline,
		{window}: Job,
		lost: AbortSignal,
		progress: ProgressOutput,
		totals: Totals,
	): Promise<Outcome> {
		let later: Outcome | undefined;
		const putBack = new AbortController();
		const stopFor = (outcome: Outcome) => {
			later ??= outcome;
			putBack.abort(new Error('the job is put back'));
		};
		const pipeline = await named.once({...window});
		const stop = AbortSignal.any([signals.stop, lost, putBack.signal]);
		const turn = limitTime(named.monitor.maxDurationMs ?? turnMs, stop, () => stopFor({againInMs: 0, cause: 'turn'}));
		const began = world.now();
		try {
			await runPipeline(pipeline, {
				progress: {
					...progress,
					update(at) {
						progress.update(at);
						const waitMs = (at.waitingUntilMs ?? 0) - Date.now();
						if (waitMs > mostWaitMs) stopFor({againInMs: waitMs * (1 + Math.random() / 10), cause: 'quota'});
					},
				},
				beat() {},
				stop: turn.signal,
				force: signals.force,
				exitCode: () => undefined,
				leave: () => signals.leave(world.stdout),
				now: () => world.now(),
				begun: totals.show,
			});
		} finally {
			turn.release();
		}
		if (later) return later;
		if (signals.stop.aborted || lost.aborted) return {againInMs: 0, cause: 'turn'};
		const {follow} = named.pipeline;
		if (!follow || Object.keys(window).length > 0) return 'done';
		return {againInMs: Math.max(0, follow.everyMs - (world.now() - began)), cause: 'schedule'};
	}

	function comesAgain(error: unknown): Outcome | undefined {
		if (error instanceof RateLimitError) return {againInMs: error.waitMs, cause: 'quota'};
		const isInUse = error instanceof AuditError && error.code === 'STATE_LOCKED';
		if (isInUse || signals.stop.aborted) return {againInMs: inUseMs * (1 + Math.random()), cause: 'turn'};
		return undefined;
	}

	return {handle, watched: [...watched.values()]};
}

function isDone(outcome: Outcome): boolean {
	return outcome === 'done' || outcome.cause === 'schedule';
}

const passing: ReadonlySet<ErrorCode> = new Set(['STATE_CONFLICT', 'TARGET_LOCKED']);

/** What somebody has to mend. Refused credentials may be mended at the server, so that what goes on for ever tries on. */
function isLasting(error: unknown, {repeats}: Job): boolean {
	if (error instanceof LastingError) return true;
	// who has slept lets go of it
	if (error instanceof AuditError && passing.has(error.code)) return false;
	const code = exitCodeOf(error);
	return code === 2 || code === 5 || (code === 4 && !repeats);
}
