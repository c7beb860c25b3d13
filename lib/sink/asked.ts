import {clip, type Interval, layersOf} from '../source/interval-set.ts';

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
	readonly #sets: Record<Reading, Interval[]> = {covered: [], filtered: [], purged: []};
	/** What left events or members out, in words such as `action "user_login"`. */
	readonly leftOut = new Set<string>();
	/** For how long the API keeps an event, as was said last, in milliseconds; undefined where nothing says. */
	keptMs: number | undefined;
	/** How far what was read was behind before more of it was, at most, in milliseconds by day: days since 1970, UTC. */
	readonly behindMs = new Map<number, number>();
	#newestMs: number | undefined;

	add({covered, filters, redacted, keptFrom}: AskedSource, at: string): void {
		const atMs = Date.parse(at);
		for (const [name, value] of Object.entries(filters ?? {}))
			this.#leaves(value === 'yes' ? (name === 'code' ? 'a filter in code' : name) : `${name} ${value}`);
		if (redacted) this.#leaves('redaction');
		const keptFromMs = keptFrom === undefined ? -Infinity : Date.parse(keptFrom);
		if (keptFrom !== undefined) this.keptMs = atMs - keptFromMs;
		const newestMs = covered.reduce((newest, [, to]) => Math.max(newest, Date.parse(to)), this.#newestMs ?? -Infinity);
		if (this.#newestMs !== undefined && newestMs > this.#newestMs)
			this.#wasBehind(Math.floor(atMs / dayMs), atMs - this.#newestMs);
		this.#newestMs = newestMs === -Infinity ? undefined : newestMs;
		for (const [from, to] of covered) {
			const span: Interval = [Date.parse(from), Date.parse(to)];
			this.#add(filters ? 'filtered' : 'covered', clip([span], [keptFromMs, Infinity]));
			this.#add('purged', clip([span], [-Infinity, keptFromMs]));
		}
	}

	/** Those of another part, or another target. */
	join(other: Coverage): void {
		for (const words of other.leftOut) this.#leaves(words);
		for (const [day, ms] of other.behindMs) this.#wasBehind(day, ms);
		this.keptMs ??= other.keptMs;
		for (const read of readings) this.#add(read, other.#sets[read]);
	}

	/**
	 * The spans, oldest first, one behind the other, of `within` or from the first time that was read to the last; the best
	 * reading counts.
	 */
	spans(within?: Interval): CoveredSpan[] {
		const lists = readings.map(read => this.#sets[read]);
		return layersOf(lists, within).map(({fromMs, toMs, layer}) => {
			return {from: iso(fromMs), to: iso(toMs), read: readings[layer] ?? 'never'};
		});
	}

	#wasBehind(day: number, ms: number): void {
		this.behindMs.set(day, Math.max(this.behindMs.get(day) ?? 0, ms));
	}

	#leaves(words: string): void {
		if (this.leftOut.size < maxLeftOut) this.leftOut.add(words);
	}

	/** In any order; what touches the last one, as each night does, makes it longer. */
	#add(read: Reading, spans: readonly Interval[]): void {
		const set = this.#sets[read];
		for (const [fromMs, toMs] of spans) {
			const last = set.at(-1);
			if (last && last[0] <= fromMs && fromMs <= last[1]) set[set.length - 1] = [last[0], Math.max(last[1], toMs)];
			else set.push([fromMs, toMs]);
		}
	}
}

const dayMs = 86_400_000;

/** There may be as many as somebody writes into a manifest. */
const maxLeftOut = 50;

/** The best first. */
const readings = ['covered', 'filtered', 'purged'] as const;

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
