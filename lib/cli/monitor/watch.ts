import type {Progress} from '../../model/meter.ts';
import {troubleOf} from './health.ts';
import type {Watched} from './metrics.ts';
import {limitTime} from './time-limit.ts';

interface Given {
	readonly pipeline: string;
	readonly maxDurationMs: number | undefined;
	/** How old the newest event may be. */
	readonly alertSilenceMs?: number | undefined;
	/** Asks the run to stop. */
	readonly stop: AbortSignal;
	clock(): number;
	note(message: string): void;
}

export interface Watch extends Watched {
	/** Asks the run to stop: a signal, or the end of its time. */
	readonly signal: AbortSignal;
	/** Shows the numbers of this run from now on. */
	show(run: {now(): Progress}): void;
	/** The run is over; where it failed, it is not well from now on. */
	ended(reason?: string): void;
}

/** Watches one run, and ends its time. */
export function watchRun({pipeline, maxDurationMs, alertSilenceMs, stop, clock, note}: Given): Watch {
	let now: () => Progress | undefined = () => undefined;
	let isOver = false;
	let failure: string | undefined;
	const limit = limitTime(maxDurationMs, stop, () => note('the time of --max-duration is over: stopping'));
	return {
		pipeline,
		now: () => now(),
		trouble() {
			if (isOver) return failure && `it ended: ${failure}`;
			if (limit.signal.aborted) return 'it was told to stop';
			const progress = now();
			if (!progress) return undefined;
			const {failing} = progress;
			return troubleOf(progress, clock(), alertSilenceMs) ?? (failing && `the last request failed: ${failing}`);
		},
		signal: limit.signal,
		show: run => (now = () => run.now()),
		ended(reason) {
			isOver = true;
			failure = reason;
			limit.release();
		},
	};
}
