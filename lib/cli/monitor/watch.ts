import type {Progress} from '../../model/meter.ts';
import type {MonitorOptions} from '../flags/monitor.ts';
import {troubleOf} from './health.ts';
import {serveMonitor} from './server.ts';
import {limitTime} from './time-limit.ts';

interface Given {
	readonly pipeline: string;
	readonly options: Pick<MonitorOptions, 'metrics' | 'maxDurationMs'>;
	/** How old the newest event may be. */
	readonly alertSilenceMs?: number | undefined;
	/** Asks the run to stop. */
	readonly stop: AbortSignal;
	clock(): number;
	note(message: string): void;
}

export interface Watch {
	/** Asks the run to stop: a signal, or the end of its time. */
	readonly signal: AbortSignal;
	/** Shows the numbers of this run from now on. */
	show(run: {now(): Progress}): void;
	/** Nobody is told anything any more, and the time no longer runs. */
	release(): Promise<void>;
}

/** Serves the metrics of one run, and ends its time. Throws a ConfigError where nobody can be told. */
export async function watchRun({pipeline, options, alertSilenceMs, stop, clock, note}: Given): Promise<Watch> {
	const {metrics, maxDurationMs} = options;
	let now: () => Progress | undefined = () => undefined;
	const watched = {
		pipeline,
		now: () => now(),
		trouble: () => {
			if (limit.signal.aborted) return 'it was told to stop';
			const progress = now();
			if (!progress) return undefined;
			const {failing} = progress;
			return troubleOf(progress, clock(), alertSilenceMs) ?? (failing && `the last request failed: ${failing}`);
		},
	};
	const monitor = metrics && (await serveMonitor(metrics, [watched], clock));
	const limit = limitTime(maxDurationMs, stop, () => note('the time of --max-duration is over: stopping'));
	if (monitor) note(`metrics are served at ${monitor.url}`);
	return {
		signal: limit.signal,
		show: run => (now = () => run.now()),
		async release() {
			limit.release();
			await monitor?.close();
		},
	};
}
