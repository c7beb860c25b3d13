import type {Json} from '../model/event.ts';
import {gaps} from './interval-set.ts';
import type {SourcePosition} from './scan.ts';

/** How far the sources of a pipeline are, in epoch milliseconds; absent where that is not known. */
export interface Reached {
	/** The time of the newest event ever read, of what the API sorts by; of a listing, when that began. */
	readonly newestMs?: number;
	/** All before was read, gaps left aside, of every source. */
	readonly readUpToMs?: number;
}

/** How far sources are, by their positions. */
export function reached(positions: readonly Json[]): Reached {
	const all = positions as readonly Partial<SourcePosition>[];
	const newest = all.flatMap(({watermarkMs}) => watermarkMs ?? []);
	const ends = all.map(readUpTo);
	const known = ends.filter(end => end !== undefined);
	return {
		...(newest.length === 0 ? {} : {newestMs: Math.max(...newest)}),
		...(known.length === 0 || known.length < ends.length ? {} : {readUpToMs: Math.min(...known)}),
	};
}

/** Where the first unread time of a pass begins that goes on, else the end of what was read; undefined where nobody knows. */
function readUpTo({covered = [], scan, rest}: Partial<SourcePosition>): number | undefined {
	const end = covered.at(-1)?.[1];
	if (end === undefined) return undefined;
	const passes = [scan, rest].flatMap(pass => (pass && pass.reason === undefined ? [pass] : []));
	const unread = passes.flatMap(({sinceMs, untilMs}) => gaps(covered, [sinceMs, untilMs]).slice(0, 1));
	const firstMs = Math.min(...unread.map(([fromMs]) => fromMs), end);
	return firstMs > 0 ? firstMs : undefined;
}
