import {withoutNumbers} from '../output/log.ts';
import type {Progress} from '../../model/meter.ts';

/** Clocks of two machines differ by less. */
const toleratedMs = 60_000;

/** Whether a time is ahead of this clock, so that it says nothing of how old something is. */
export function isAhead(timeMs: number, nowMs: number): boolean {
	return timeMs - nowMs > toleratedMs;
}

/**
 * Up to where all was read. Where a run with a wrong clock claims what is still to come, it is the last success that
 * says so, unless that is ahead of this clock, too.
 */
export function readUpToOf(
	{readUpToMs, succeededMs = Infinity}: {readonly [time in 'readUpToMs' | 'succeededMs']?: number | undefined},
	nowMs: number,
): number | undefined {
	if (readUpToMs === undefined || !isAhead(readUpToMs, nowMs) || isAhead(succeededMs, nowMs)) return readUpToMs;
	return succeededMs;
}

/** Why a source is too quiet, where it ever spoke; undefined while it is not. */
export function silenceOf(newestMs: number, nowMs: number, alertSilenceMs: number | undefined): string | undefined {
	if (alertSilenceMs === undefined || Math.abs(nowMs - newestMs) <= alertSilenceMs) return undefined;
	const newest = new Date(newestMs).toISOString();
	if (newestMs <= nowMs) return `expected something new, got nothing since ${newest}`;
	return `expected something new, got an event of ${newest}, ahead of this clock: no silence is seen until then`;
}

/** Why a follow is not well, in words that hold no secret; undefined while it is. */
export function troubleOf(
	{trouble, newestMs, rounds}: Progress,
	nowMs: number,
	alertSilenceMs: number | undefined,
): string | undefined {
	if (trouble !== undefined) return `the last round failed, and is tried again: ${trouble}`;
	// what a state says may be old because nobody has read since
	return rounds > 0 && newestMs !== undefined ? silenceOf(newestMs, nowMs, alertSilenceMs) : undefined;
}

interface Beats {
	/** Says that a round came to its end, or that it did again. */
	well(isAgain: boolean): void;
	/** Says why it is not well, once for each reason. */
	unwell(reason: string): void;
}

/** Hears of the progress of a follow and says how it is. */
export function watchHealth(trouble: (progress: Progress) => string | undefined, {well, unwell}: Beats) {
	let rounds = 0;
	let told: string | undefined;
	return (progress: Progress): void => {
		const reason = trouble(progress);
		if (reason !== undefined && withoutNumbers(reason) !== told) unwell(reason);
		if (reason === undefined && (told !== undefined || progress.rounds > rounds)) well(told !== undefined);
		told = reason && withoutNumbers(reason);
		({rounds} = progress);
	};
}
