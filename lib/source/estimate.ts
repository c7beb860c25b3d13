/** The first page of a span, in the order of the API. */
export interface Probe {
	/** When its records happened, in epoch milliseconds. */
	readonly timesMs: readonly number[];
	/** Whether nothing of the span is behind it. */
	readonly isWhole: boolean;
}

export interface EstimateOptions {
	readonly order: 'newest-first' | 'oldest-first';
	/** Undefined: from the beginning of the log. */
	readonly sinceMs: number | undefined;
	readonly untilMs: number;
	/** The first page from `sinceMs`, inclusive, to `untilMs`, exclusive; undefined where no more may be asked for. */
	readonly probe: (sinceMs: number, untilMs: number) => Promise<Probe | undefined>;
}

export interface Estimate {
	readonly events: number;
	/** So many it may be at least and at most. */
	readonly least: number;
	readonly most: number;
	/** The first and the last time that was seen, or where the first one lies at the earliest. */
	readonly oldestMs: number | undefined;
	readonly newestMs: number | undefined;
	/** A second with more than a page has room for: nobody knows how many, and `most` is Infinity. */
	readonly burstMs: number | undefined;
}

/** What is not known of a span: so many events a millisecond are at its ends. */
interface Gap {
	readonly fromMs: number;
	readonly toMs: number;
	readonly before: number | undefined;
	readonly behind: number | undefined;
}

const dayMs = 86_400_000;
/** Where nobody knows how old a log is, so many times as much as was seen is looked back, */
const lookBack = 8;
/** but not before this. */
const earliestMs = Date.UTC(1990, 0);
/** The density at an end of a page is that of so much of its records. */
const endShare = 1 / 4;
/** So much of what is estimated may be otherwise though both ends of it are alike: bursts lie between pages. */
const unseen = 0.2;
/** A page of less time says nothing of what lies beside it. */
const shortestMs = 60_000;
/** So few pages say nothing of how much lies between them. */
const leastPages = 3;
/** Closer than that an estimate need not be. */
const closeEnough = 0.02;

/**
 * Estimates how many events a span has from first pages of parts of it: each is exact where it lies, and says how dense
 * the log is at its ends. The next one is where least is known.
 */
export async function estimate({order, sinceMs, untilMs, probe}: EstimateOptions): Promise<Estimate> {
	const isNewestFirst = order === 'newest-first';
	let startMs = sinceMs ?? 0;
	let counted = 0;
	let gaps: Gap[] = [{fromMs: startMs, toMs: untilMs, before: 0, behind: 0}];
	const seen: number[] = [];
	let asked = 0;
	let burstMs: number | undefined;

	/** Asks for the page at the end of a gap where the API begins, or within it; false where there is no more to ask. */
	async function ask(gap: Gap, atMs: number): Promise<boolean> {
		const [fromMs, toMs] = isNewestFirst ? [startMs, atMs] : [atMs, untilMs];
		const page = await probe(fromMs, toMs);
		if (!page) return false;
		asked++;
		const times = page.timesMs.filter(timeMs => timeMs >= gap.fromMs && timeMs < gap.toMs).toSorted((a, b) => a - b);
		seen.push(...times);
		counted += times.length;
		const reachesEnd = page.isWhole || times.length < page.timesMs.length;
		const lowMs = isNewestFirst ? (reachesEnd ? gap.fromMs : times[0]!) : atMs;
		const highMs = isNewestFirst ? atMs : reachesEnd ? gap.toMs : times.at(-1)! + 1;
		if (!reachesEnd && isBurst(times, !isNewestFirst)) burstMs = isNewestFirst ? lowMs : highMs - 1;
		const low = density(times, false, highMs - lowMs);
		const high = density(times, true, highMs - lowMs);
		const left = [
			{fromMs: gap.fromMs, toMs: lowMs, before: gap.before, behind: low},
			{fromMs: highMs, toMs: gap.toMs, before: high, behind: gap.behind},
		];
		gaps = [...gaps.filter(other => other !== gap), ...left.filter(({fromMs, toMs}) => toMs > fromMs)];
		return true;
	}

	const [whole] = gaps as [Gap];
	let goesOn = await ask(whole, isNewestFirst ? untilMs : startMs);
	// how old the log is: times are asked for further and further back until nothing is there
	while (goesOn && isNewestFirst && sinceMs === undefined && gaps.length > 0) {
		const oldest = gaps.reduce((one, other) => (one.fromMs < other.fromMs ? one : other));
		if (oldest.fromMs > 0 || oldest.toMs <= earliestMs) break;
		const atMs = Math.max(earliestMs, oldest.toMs - lookBack * Math.max(dayMs / 24, untilMs - oldest.toMs));
		const before = seen.length;
		goesOn = await ask(oldest, atMs);
		if (goesOn && seen.length === before) startMs = atMs;
	}
	// the other end of it
	const far = gaps[0];
	if (goesOn && far && gaps.length === 1 && seen.length > 1) {
		const halfPageMs = (Math.max(...seen) - Math.min(...seen)) / 2;
		const atMs = isNewestFirst ? far.fromMs + halfPageMs : far.toMs - halfPageMs;
		if (atMs > far.fromMs && atMs < far.toMs) goesOn = await ask(far, atMs);
	}
	while (goesOn) {
		const doubtful = gaps.toSorted((one, other) => doubt(other) - doubt(one))[0];
		if (!doubtful || gaps.reduce((sum, gap) => sum + doubt(gap), 0) < closeEnough * total()) break;
		// a page reaches from here to the end of the gap that the API's order goes to
		goesOn = await ask(doubtful, Math.round((doubtful.fromMs + doubtful.toMs) / 2));
	}

	/** Half of what the ends differ by; and of two that are alike what nobody sees between them. */
	function doubt(gap: Gap): number {
		const differ = (Math.abs((gap.before ?? 0) - (gap.behind ?? 0)) / 4) * (gap.toMs - gap.fromMs);
		return differ + eventsIn(gap) * unseen;
	}

	function total(): number {
		return gaps.reduce((sum, gap) => sum + eventsIn(gap), counted);
	}

	const doubts = gaps.reduce((sum, gap) => sum + doubt(gap), 0);
	const events = Math.round(total());
	const isGuess = gaps.length > 0 && asked < leastPages;
	const times = seen.toSorted((a, b) => a - b);
	return {
		events,
		least: isGuess ? counted : Math.max(counted, Math.floor(events - doubts)),
		most: isGuess || burstMs !== undefined ? Infinity : Math.ceil(events + doubts),
		oldestMs: times[0],
		newestMs: times.at(-1),
		burstMs,
	};
}

function eventsIn({fromMs, toMs, before, behind}: Gap): number {
	return (((before ?? behind ?? 0) + (behind ?? before ?? 0)) / 2) * (toMs - fromMs);
}

/** Whether a page ends in a second that so much of it is of that more may follow. */
function isBurst(times: readonly number[], atEnd: boolean): boolean {
	const part = atEnd ? times.slice(-partOf(times)) : times.slice(0, partOf(times));
	return part.length > 1 && part.at(-1)! - part[0]! < 1000;
}

function partOf(times: readonly number[]): number {
	return Math.ceil(times.length * endShare);
}

/** Events a millisecond at the end of a page, or of what was seen to hold so few; undefined where all is one burst. */
function density(times: readonly number[], atEnd: boolean, spanMs: number): number | undefined {
	const count = partOf(times);
	const part = atEnd ? times.slice(-count) : times.slice(0, count);
	const partMs = count < 2 ? 0 : part.at(-1)! - part[0]!;
	if (partMs >= shortestMs) return (count - 1) / partMs;
	return spanMs >= shortestMs || times.length < 2 ? times.length / Math.max(1, spanMs) : undefined;
}
