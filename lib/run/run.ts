import {type Observable, Subject} from 'rxjs';
import {AuditError} from '../model/errors.ts';
import {follow} from './follow.ts';
import {holdState} from './held-state.ts';
import {memoryState} from '../state/memory-state.ts';
import {Meter, type Progress} from '../model/meter.ts';
import type {Page} from '../model/page.ts';
import {type Build, Round, type Pipeline} from './round.ts';
import {checkRunArguments} from './run-arguments.ts';
import type {Lack, Report} from '../model/report.ts';
import type {RunOptions} from './run-options.ts';
import type {Sink} from '../sink/sink.ts';

export type {Build, Report, RunOptions};

/** The report, when it is there, and until then the progress: at each change, or whenever somebody asks. */
export type Run = Promise<Report> & {readonly progress: Observable<Progress>; now(): Progress};

/**
 * Drives pages into sinks and resolves with a report when all is durable. Pages are written one after the other, each
 * to every sink; a checkpoint is committed only behind what all sinks have flushed, and the pages are acknowledged
 * then. When the source fails, what it gave before is committed first; one that leaves a gap goes on, and the run
 * rejects when all else is committed. A builder gets the `start` that makes sources and operators go on where the state
 * left off also where it subscribes to them later, or not by itself; with a state nothing comes twice. With `follow` it
 * reads what is new again and again, calling the builder each time, until its `signal` aborts.
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
	const report = execute({build, sinks: list, options, meter}).finally(() => progress.complete());
	return Object.assign(report, {progress: progress.asObservable(), now: () => meter.snapshot()});
}

async function execute(pipeline: Pipeline): Promise<Report> {
	const {build, sinks, options, meter} = pipeline;
	checkRunArguments(build, sinks, options);
	const began = performance.now();
	let round: Round | undefined;
	let lacks: Readonly<Record<string, Lack>> = {};
	const broken = callBack(options, meter, () => round);
	const reportNow = (stopped: boolean): Report => ({
		...meter.snapshot(),
		seconds: (performance.now() - began) / 1000,
		lacks: {...lacks, ...round?.lacks},
		stopped,
	});
	try {
		if (!options.follow) return reportNow(await (round = new Round(pipeline)).make());
		const {store, letGo} = holdState(options.state ?? memoryState());
		const held: Pipeline = {...pipeline, options: {...options, state: store}};
		const next = () => (round = new Round(held));
		const ended = async (failed: boolean) => {
			lacks = {...lacks, ...round?.lacks};
			round = undefined;
			if (failed) await letGo();
		};
		const stop = AbortSignal.any([broken, ...(options.signal ? [options.signal] : [])]);
		try {
			await follow({...options.follow, meter, stop, next, ended});
		} finally {
			await letGo();
		}
		broken.throwIfAborted();
		return reportNow(true);
	} catch (error) {
		if (error instanceof AuditError) error.report = reportNow(options.signal?.aborted === true);
		throw error;
	}
}

/** Calls the caller back; what he throws ends the run with his own error. */
function callBack({onProgress, onNote}: RunOptions, meter: Meter, round: () => Round | undefined): AbortSignal {
	const broken = new AbortController();
	const safely = <T>(callback: (value: T) => void) => {
		return (value: T) => {
			try {
				callback(value);
			} catch (error) {
				broken.abort(error);
				round()?.fail(error);
			}
		};
	};
	const publish = meter.onChange;
	const tell = safely<Progress>(now => onProgress?.(now));
	meter.onChange = () => {
		if (onProgress && !round()?.isGivenUp) tell(meter.snapshot());
		publish?.();
	};
	meter.onNote = onNote && safely(onNote);
	return broken.signal;
}
