import {systemClock} from '../model/clock.ts';
import type {Json} from '../model/event.ts';
import type {Meter} from '../model/meter.ts';
import type {Page} from '../model/page.ts';
import type {Lack} from '../model/report.ts';
import type {PageStream} from '../model/stream.ts';
import type {Asked, AskedSource} from '../sink/asked.ts';
import {addInterval, clip, gaps, type IntervalSet} from '../source/interval-set.ts';

/** Without events so much is worth an entry, in milliseconds: clocks and lags leave less of each run for the next. */
const leastMs = 10_000;
/** A follow that finds nothing says so no more often, in milliseconds. */
const saidEveryMs = 60 * 60_000;

/** What was read and no sink was told of yet. Plain JSON: it is part of the checkpoint. */
interface Untold {
	/** When the first of it was read, epoch milliseconds. */
	readonly sinceMs: number;
	readonly requests: number;
	readonly deadLetters: number;
	/** By the name of the source in the checkpoint. */
	readonly sources: Readonly<Record<string, UntoldSource>>;
}

interface UntoldSource extends Omit<AskedSource, 'covered' | 'keptFrom'> {
	readonly keptMs?: number;
	readonly lagMs?: number;
	readonly covered: IntervalSet;
}

/**
 * Keeps account of what was read, for the manifests of the sinks: what the positions cover behind a commit and did not
 * cover before it, and how it was asked for.
 */
export class AskedLedger {
	readonly #meter: Pick<Meter, 'requests' | 'deadLetters' | 'clockAheadMs'>;
	readonly #follows: boolean;
	/** The last page of each stream: who skips one has left events out. */
	readonly #sequences = new Map<PageStream, number>();
	#counted: {requests: number; deadLetters: number};
	#untold: Untold | undefined;

	constructor(untold: Json | undefined, {meter, follows}: {meter: Meter; follows: boolean}) {
		this.#untold = untold as unknown as Untold | undefined;
		this.#meter = meter;
		this.#follows = follows;
		this.#counted = {requests: meter.requests, deadLetters: meter.deadLetters};
	}

	/** What is to be told with a later commit, for the checkpoint. */
	get untold(): Json | undefined {
		return this.#untold as unknown as Json | undefined;
	}

	/** Takes a page that the sinks have, by the position of its source before it. */
	read(key: string, page: Page, before: Json | undefined): void {
		const {source, stream, position, sequence} = page;
		const isSkipped = stream !== undefined && sequence > (this.#sequences.get(stream) ?? -1) + 1;
		if (stream) this.#sequences.set(stream, sequence);
		const covered = newlyCovered(before, position);
		if (!source.asked && covered.length === 0) return; // nothing will ever be known of it
		const known = this.#untold?.sources[key];
		const {requests, deadLetters} = this.#meter;
		const filters = {
			...known?.filters,
			...source.asked?.filters,
			...(page.filtered || isSkipped ? {code: 'yes'} : {}),
			...(deadLetters > this.#counted.deadLetters ? {'dead letters': 'yes'} : {}),
		};
		const {endpoint, keptMs, lagMs} = source.asked ?? {};
		this.#untold = {
			sinceMs: this.#untold?.sinceMs ?? systemClock.now(),
			requests: (this.#untold?.requests ?? 0) + requests - this.#counted.requests,
			deadLetters: (this.#untold?.deadLetters ?? 0) + deadLetters - this.#counted.deadLetters,
			sources: {
				...this.#untold?.sources,
				[key]: {
					source: `${source.name}:${source.tenant}`,
					...(endpoint === undefined ? {} : {endpoint}),
					...(Object.keys(filters).length === 0 ? {} : {filters}),
					...(known?.redacted || page.steps.includes('redact') ? {redacted: true as const} : {}),
					...(keptMs === undefined ? {} : {keptMs}),
					...(lagMs === undefined ? {} : {lagMs}),
					covered: covered.reduce(addInterval, known?.covered ?? []),
				},
			},
		};
		this.#counted = {requests, deadLetters};
	}

	/** Whether the commit that is due is one to tell of it: one with events, the last one, or the first for an hour. */
	isDue(hasEvents: boolean, isLast: boolean): boolean {
		const {sinceMs = 0, sources = {}} = this.#untold ?? {};
		const spans = Object.values(sources).flatMap(one => this.#tellable(one));
		const length = spans.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0);
		if (length < (hasEvents ? 1 : leastMs)) return false;
		return hasEvents || (isLast && !this.#follows) || systemClock.now() - sinceMs >= saidEveryMs;
	}

	/** What was told with a commit that comes again is told by that. */
	repeat({sources: told}: Asked): void {
		const left = Object.entries(this.#untold?.sources ?? {}).map(([key, one]) => {
			const spans = told.filter(({source}) => source === one.source).flatMap(({covered}) => covered);
			const known = spans.map(([from, to]) => [Date.parse(from), Date.parse(to)] as const).reduce(addInterval, []);
			return [key, {...one, covered: one.covered.flatMap(span => gaps(known, span))}] as const;
		});
		if (this.#untold) this.#untold = {...this.#untold, sources: Object.fromEntries(left)};
	}

	/** What there is to tell; it is told. The rest, and how the pass of a source is read that goes on, is for a later commit. */
	take(): Asked {
		const {sources = {}, requests = 0, deadLetters = 0} = this.#untold ?? {};
		const nowMs = systemClock.now();
		const {clockAheadMs} = this.#meter;
		const told: AskedSource[] = [];
		const later: Record<string, UntoldSource> = {};
		for (const [key, one] of Object.entries(sources)) {
			const {keptMs, lagMs: _, ...source} = one;
			const covered = this.#tellable(one);
			const rest = one.covered.flatMap(span => gaps(covered, span));
			if (covered.length === 0 || rest.length > 0) later[key] = {...one, covered: rest};
			if (covered.length === 0) continue;
			const keptFrom = keptMs === undefined ? {} : {keptFrom: iso(nowMs - keptMs)};
			told.push({...source, ...keptFrom, covered: covered.map(([from, to]) => [iso(from), iso(to)] as const)});
		}
		const isAll = Object.keys(later).length === 0;
		this.#untold = isAll ? undefined : {sinceMs: nowMs, requests: 0, deadLetters: 0, sources: later};
		return {
			at: iso(nowMs),
			...(clockAheadMs === undefined ? {} : {serverTime: iso(nowMs + clockAheadMs)}),
			requests,
			...(deadLetters === 0 ? {} : {deadLetters}),
			sources: told,
		};
	}

	/** By the server's clock, where that is behind ours: it cannot have been asked for what is still to come there. */
	#tellable({covered, lagMs = 0}: UntoldSource): IntervalSet {
		const {clockAheadMs = 0} = this.#meter;
		if (clockAheadMs >= 0) return covered;
		return clip(covered, [-Infinity, systemClock.now() + clockAheadMs - lagMs]);
	}
}

/** The same for a sink that has not got all of it. */
export function withoutLacks(asked: Asked, lacks: readonly Lack[]): Asked {
	if (lacks.length === 0) return asked;
	const missed = lacks.map(({from, to}) => [Date.parse(from), Date.parse(to) + 1] as const).reduce(addInterval, []);
	const sources = asked.sources.map(source => ({
		...source,
		covered: source.covered
			.flatMap(([from, to]) => gaps(missed, [Date.parse(from), Date.parse(to)]))
			.map(([fromMs, toMs]) => [iso(fromMs), iso(toMs)] as const),
	}));
	return {...asked, sources};
}

/** What a position covers that the one before did not. */
function newlyCovered(before: Json | undefined, after: Json): IntervalSet {
	const [had, has] = [coveredIn(before), coveredIn(after)];
	return has.flatMap(span => gaps(had, span));
}

/** The positions of foreign sources may be anything. */
function coveredIn(position: Json | undefined): IntervalSet {
	const {covered} = (position ?? {}) as {readonly covered?: unknown};
	return Array.isArray(covered) ? (covered as unknown as IntervalSet) : [];
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
