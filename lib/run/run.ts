import {type Observable, Subject} from 'rxjs';
import {checkAccepts} from '../sink/accepts.ts';
import {Committer, settlePending} from './committer.ts';
import {AuditError} from '../model/errors.ts';
import {Drive} from './drive.ts';
import {Fence} from './fence.ts';
import {reportIdle, unsettledPages} from '../model/lost-pages.ts';
import {Meter, type Progress} from '../model/meter.ts';
import {dedupe} from '../operators/dedupe.ts';
import type {Page} from '../model/page.ts';
import {builtPages, checkRunArguments} from './run-arguments.ts';
import type {Report} from '../model/report.ts';
import type {RunOptions} from './run-options.ts';
import {RunStart} from './run-start.ts';
import type {Sink} from '../sink/sink.ts';
import {inRun, type Start} from '../model/start.ts';
import {listenForStop, type Stopping} from './stopping.ts';

export type {Report, RunOptions};

/** The report, when it is there, and until then the progress: at each change, or whenever somebody asks. */
export type Run = Promise<Report> & {readonly progress: Observable<Progress>; now(): Progress};

/** Makes the stream of pages from where the run starts. */
export type Build = (start: Start) => Observable<Page>;

/**
 * Drives pages into sinks and resolves with a report when all is durable. Pages are written one after the other, each
 * to every sink; a checkpoint is committed only behind what all sinks have flushed, and the pages are acknowledged
 * then. When the source fails, what it gave before is committed first; one that leaves a gap goes on, and the run
 * rejects when all else is committed. A builder gets the `start` that makes sources and operators go on where the state
 * left off also where it subscribes to them later, or not by itself; with a state nothing comes twice.
 *
 * ```ts
 * const report = await run(
 * 	orgEvents({orgId, token, since: '30d'}).pipe(normalize()),
 * 	filesystem({dir: './backup'}),
 * 	{state: fileState('./rxaudit.state.json')},
 * );
 * ```
 */
export function run(build: Build | Observable<Page>, sinks: Sink | readonly Sink[], options: RunOptions = {}): Run {
	const meter = new Meter();
	const progress = new Subject<Progress>();
	meter.onChange = () => progress.next(meter.snapshot());
	const list = Array.isArray(sinks) ? (sinks as readonly Sink[]) : [sinks as Sink];
	const report = execute(build, list, options, meter).finally(() => progress.complete());
	return Object.assign(report, {progress: progress.asObservable(), now: () => meter.snapshot()});
}

async function execute(
	build: Build | Observable<Page>,
	sinks: readonly Sink[],
	options: RunOptions,
	meter: Meter,
): Promise<Report> {
	checkRunArguments(build, sinks, options);
	const began = performance.now();
	const stopping = listenForStop(options, {
		waitingFor: () => meter.pending() ?? 'an answer of the source',
		warn: message => meter.warn(message),
	});
	const ran: {committer?: Committer; start?: RunStart} = {};
	const idle = reportIdle(() => {
		const waits = `nothing is pending any more, and the run waits for ${meter.pending() ?? 'a page'}`;
		stopping.fail(unsettledPages(ran.start?.budget.held ?? waits));
	});
	callBack(options, meter, stopping);
	const reportNow = (stopped: boolean): Report => ({
		...meter.snapshot(),
		seconds: (performance.now() - began) / 1000,
		lacks: ran.committer?.lacks ?? {},
		stopped,
	});
	try {
		stopping.abort.signal.throwIfAborted();
		return reportNow(await stopping.atMost(drive(build, sinks, options, meter, stopping, ran)));
	} catch (error) {
		if (error instanceof AuditError) error.report = reportNow(stopping.stop.aborted);
		throw error;
	} finally {
		stopping.release();
		idle.stop();
	}
}

/** Calls the caller back; what he throws ends the run with his own error. */
function callBack({onProgress, onNote}: RunOptions, meter: Meter, stopping: Stopping): void {
	const safely = <T>(callback: (value: T) => void) => {
		return (value: T) => {
			try {
				callback(value);
			} catch (error) {
				stopping.fail(error);
			}
		};
	};
	const publish = meter.onChange;
	const tell = safely<Progress>(now => onProgress?.(now));
	meter.onChange = () => {
		if (onProgress && !stopping.abort.signal.aborted) tell(meter.snapshot());
		publish?.();
	};
	meter.onNote = onNote && safely(onNote);
}

/** Runs it from the loaded state to its end, and says whether it was stopped before that of the source. */
async function drive(
	build: Build | Observable<Page>,
	sinks: readonly Sink[],
	options: RunOptions,
	meter: Meter,
	{stop, abort}: Stopping,
	ran: {committer?: Committer; start?: RunStart},
): Promise<boolean> {
	const {state, deadLetters, binding = {}, sign} = options;
	const fence = new Fence(state);
	let committer: Committer | undefined;
	let stopped: boolean;
	try {
		const {signal} = abort;
		const run = {signal, warn: (message: string) => meter.warn(message)};
		const stored = await settlePending(await fence.load({stop, abort}, meter), sinks, run);
		const start = (ran.start = new RunStart(stored?.checkpoint, stop, meter, options.budget));
		const {succeededMs} = stored?.checkpoint ?? {};
		if (succeededMs !== undefined) meter.succeededMs = succeededMs;
		await start.loadIdentities(state);
		const built = builtPages(typeof build === 'function' ? inRun(start, () => build(start)) : build);
		const pages = state && options.dedupe !== false ? built.pipe(dedupe()) : built;
		const driven = new Drive(start, options, stop, signal);
		try {
			// sources say here what the state must be bound to, and ask for nothing before the run is ready
			driven.subscribe(pages);
			if (state) start.seal();
			for (const sink of sinks) for (const source of start.sources) checkAccepts(sink, source);
			const given = {sinks, deadLetters, state, stored, start, meter, binding, signal, sign, fence};
			ran.committer = committer = new Committer(given);
			await committer.open();
			signal.throwIfAborted();
			driven.begin(committer);
			await driven.done;
		} finally {
			driven.release();
		}
		stopped = start.interrupted || driven.cut;
		await committer.close();
	} catch (error) {
		abort.abort(error);
		committer?.nack(error);
		await committer?.close().catch(() => {});
		await state?.close?.().catch(() => {});
		throw error;
	}
	await state?.close?.();
	return stopped;
}
