import type {Json} from '../model/event.ts';
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
	const ends = all.map(({covered}) => covered?.at(-1)?.[1]);
	const known = ends.filter(end => end !== undefined);
	return {
		...(newest.length === 0 ? {} : {newestMs: Math.max(...newest)}),
		...(known.length === 0 || known.length < ends.length ? {} : {readUpToMs: Math.min(...known)}),
	};
}
