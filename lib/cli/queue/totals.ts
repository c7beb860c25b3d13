import type {Progress} from '../../model/meter.ts';
import type {Watched} from '../monitor/metrics.ts';

/** The numbers of a pipeline over all of its jobs in this process. */
export interface Totals extends Watched {
	/** Shows those of this run, on top of those before. */
	show(run: {now(): Progress}): void;
	/** The run is over; where it failed, it is not well until the next one ends. */
	ended(reason?: string): void;
}

/** What only grows, and is counted over jobs. */
const counted = ['rounds', 'pages', 'events', 'requests', 'retries', 'waits', 'waitedMs', 'deadLetters'] as const;

export function countTotals(pipeline: string): Totals {
	let before: Progress | undefined;
	let current: {now(): Progress} | undefined;
	let failure: string | undefined;
	const now = () => (current ? sum(before, current.now()) : before);
	return {
		pipeline,
		now,
		trouble: () => failure && `its last job failed: ${failure}`,
		show: run => (current = run),
		ended(reason) {
			before = now();
			current = undefined;
			failure = reason;
		},
	};
}

function sum(before: Progress | undefined, now: Progress): Progress {
	if (!before) return now;
	const numbers = Object.fromEntries(counted.map(member => [member, before[member] + now[member]]));
	const answers = {...before.answers};
	for (const [status, times] of Object.entries(now.answers)) answers[status] = (answers[status] ?? 0) + times;
	return {...now, ...numbers, answers};
}
