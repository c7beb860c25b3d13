import {z} from 'zod';
import type {SinkContext} from '../../lib/sink/sink.ts';

/** Asked for by sinks that change what is in use, or what nobody can change back. */
export const applyOption = {
	apply: z
		.union([z.boolean(), z.enum(['true', 'false']).transform(given => given === 'true')], {
			error: 'expected true or false',
		})
		.default(false)
		.describe('true: do it; false: only say what would be done'),
};

interface WriteBackWords {
	readonly name: string;
	/** What it changes, for example `accounts`. */
	readonly things: string;
	/** What was done to them, for example `changed`. */
	readonly done: string;
	/** What is said of those to which nothing had to be done. */
	readonly before: string;
}

/** What became of the things. */
interface WriteBackCounts {
	done: number;
	before: number;
	refused: number;
}

/** Sums up, once, at the end: a note of what was done, or a warning that nothing was; nothing where nothing came. */
export function sumUp(
	{name, things, done, before}: WriteBackWords,
	counts: WriteBackCounts,
	apply: boolean,
	{note, warn}: SinkContext,
): void {
	// a run that failed at once has its error to say
	if (counts.done + counts.before + counts.refused === 0) return;
	const rest = `${counts.before} ${before}, ${counts.refused} refused`;
	if (apply) note(`${name}: ${things}: ${counts.done} ${done}, ${rest}`);
	// seen with --quiet too: who left it out by mistake waits for changes that never come
	else
		warn(`${name}: nothing was ${done}; ${things}: ${counts.done} would be ${done}, ${rest}; add apply=true to do it`);
}
