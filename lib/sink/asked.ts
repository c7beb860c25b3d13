import {addInterval, clip, gaps, type Interval, type IntervalSet} from '../source/interval-set.ts';

/** What was asked of the sources for what a commit holds, and what of their time is read with it. */
export interface Asked {
	/** When the commit was made: by our clock, and by that of the server, where it says. ISO 8601 in UTC. */
	readonly at: string;
	readonly serverTime?: string;
	/** How many requests were sent since this was said last. */
	readonly requests: number;
	/** Events that could not be processed and went elsewhere. */
	readonly deadLetters?: number;
	readonly sources: readonly AskedSource[];
}

export interface AskedSource {
	/** `name:tenant`. */
	readonly source: string;
	/** The address of the API, absent of what has none. */
	readonly endpoint?: string;
	/** The options that leave events out; `code` where operators did. */
	readonly filters?: Readonly<Record<string, string>>;
	/** Members were removed or replaced. */
	readonly redacted?: true;
	/** The time from which on the API keeps events, as its document says: what is older may have been purged. */
	readonly keptFrom?: string;
	/** What is read now and was not before: spans from the first time, inclusive, to the second, exclusive. */
	readonly covered: readonly (readonly [from: string, to: string])[];
}

/** How a span of a source's time was read: all of it, with a filter, or behind the time that the API keeps. */
export type Reading = 'covered' | 'filtered' | 'purged';

/** From `from`, inclusive, to `to`, exclusive, ISO 8601 in UTC; `never`: nothing says that it was read. */
export interface CoveredSpan {
	readonly from: string;
	readonly to: string;
	readonly read: Reading | 'never';
}

/** What the entries of a manifest say was read of one source. */
export class Coverage {
	readonly #sets: Record<Reading, IntervalSet> = {covered: [], filtered: [], purged: []};

	add({covered, filters, keptFrom}: AskedSource): void {
		const keptFromMs = keptFrom === undefined ? -Infinity : Date.parse(keptFrom);
		for (const [from, to] of covered) {
			const span: Interval = [Date.parse(from), Date.parse(to)];
			this.#add(filters ? 'filtered' : 'covered', clip([span], [keptFromMs, Infinity]));
			this.#add('purged', clip([span], [-Infinity, keptFromMs]));
		}
	}

	/** Those of another part, or another target. */
	join(other: Coverage): void {
		for (const read of readings) this.#add(read, other.#sets[read]);
	}

	/**
	 * The spans, oldest first, one behind the other, of `within` or from the first time that was read to the last; the best
	 * reading counts.
	 */
	spans(within?: Interval): CoveredSpan[] {
		const all = readings.flatMap(read => this.#sets[read]);
		if (all.length === 0 && !within) return [];
		const whole = within ?? [Math.min(...all.map(([from]) => from)), Math.max(...all.map(([, to]) => to))];
		let open: IntervalSet = [whole];
		const found: {span: Interval; read: CoveredSpan['read']}[] = [];
		for (const read of readings) {
			found.push(...open.flatMap(span => clip(this.#sets[read], span)).map(span => ({span, read})));
			open = open.flatMap(span => gaps(this.#sets[read], span));
		}
		found.push(...open.map(span => ({span, read: 'never' as const})));
		return found
			.sort((a, b) => a.span[0] - b.span[0])
			.map(({span: [from, to], read}) => ({from: iso(from), to: iso(to), read}));
	}

	#add(read: Reading, spans: IntervalSet): void {
		this.#sets[read] = spans.reduce(addInterval, this.#sets[read]);
	}
}

/** The best first. */
const readings = ['covered', 'filtered', 'purged'] as const;

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
