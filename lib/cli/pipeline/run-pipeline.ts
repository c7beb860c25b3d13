import {reasonOf} from '../../model/errors.ts';
import type {Progress} from '../../model/meter.ts';
import {run} from '../../run/run.ts';
import {deprecationText, dueDeprecations} from '../../source/deprecation.ts';
import type {Lack} from '../../state/state.ts';
import {troubleOf, watchHealth} from '../monitor/health.ts';
import type {Beat, Ending} from '../monitor/ping.ts';
import {count} from '../output/log.ts';
import type {ProgressOutput} from '../output/progress.ts';
import type {Pipeline} from './make-pipeline.ts';

/** What a pipeline hears and tells while it runs. */
export interface RunContext {
	readonly progress: ProgressOutput;
	readonly beat: Beat;
	/** Asks it to stop; then forces it. */
	readonly stop: AbortSignal;
	readonly force: AbortSignal;
	/** 128 and the number of the signal that the process was stopped by; undefined where none came. */
	exitCode(): number | undefined;
	/** Ends a process that would not end by itself, now that nothing is to be done any more. */
	leave(): void;
	now(): number;
	/** Called with the run when it begins. */
	begun(run: {now(): Progress}): void;
}

/** Runs a pipeline to its end. Throws what it fails with. */
export async function runPipeline(pipeline: Pipeline, context: RunContext): Promise<Ending> {
	const {source, pages, sinks, deadLetters, follow, options} = pipeline;
	const {progress, beat, stop, force, exitCode, leave, now} = context;
	for (const due of dueDeprecations(source.deprecations, now())) progress.warn(deprecationText(due));
	const hear = watchHealth(at => troubleOf(at, now(), follow?.alertSilenceMs), {
		well(isAgain) {
			beat();
			if (isAgain) progress.note('well again');
		},
		unwell(reason) {
			beat(reason);
			progress.warn(reason);
		},
	});
	try {
		const running = run(pages, sinks, {
			...options,
			signal: stop,
			forceSignal: force,
			onProgress(at) {
				progress.update(at);
				if (follow) hear(at);
			},
			onNote: progress.note,
		});
		context.begun(running);
		const report = await running;
		progress.done(report);
		const lacks = [
			...(report.deadLetters > 0 ? [`${count(report.deadLetters, 'dead letter')}, see ${deadLetters!.target}`] : []),
			...Object.entries(report.lacks).map(([sink, lack]) => lacking(sink, lack)),
		];
		for (const lack of lacks) progress.warn(lack);
		const code = exitCode();
		if (report.stopped && code !== undefined) return {code, reason: reasonOf(stop.reason)};
		if (report.trouble !== undefined) return {code: 1, reason: report.trouble};
		return lacks.length > 0 ? {code: 3, reason: lacks.join('; ')} : {code: 0};
	} catch (error) {
		progress.failed();
		const code = exitCode();
		const reason = (force.aborted ? force : stop).reason as unknown;
		if (error !== reason) throw error;
		return code === undefined ? {code: 1, error, leave} : {code, reason: reasonOf(reason), leave};
	}
}

/** What a sink that was left out has not got, and how to get it: `until` is exclusive. */
function lacking(sink: string, {from, to, events}: Lack): string {
	const until = new Date(Date.parse(to) + 1).toISOString();
	return (
		`${sink} lacks ${count(events, 'event')} from ${from} to ${to}; pull them into another target ` +
		`with --since ${from} --until ${until} and without --state`
	);
}
