/** Milliseconds from the first, inclusive, to the second, exclusive; empty unless from < to. */
export type Interval = readonly [fromMs: number, toMs: number];

/** Sorted intervals that neither overlap nor touch, none empty: one set has one spelling, and it is plain JSON. */
export type IntervalSet = readonly Interval[];

/** The set with one more interval covered. */
export function addInterval(set: IntervalSet, [fromMs, toMs]: Interval): IntervalSet {
	if (!(fromMs < toMs)) return set;
	const before = set.filter(([, to]) => to < fromMs);
	const after = set.filter(([from]) => from > toMs);
	const joined = set.slice(before.length, set.length - after.length);
	const start = Math.min(fromMs, joined.at(0)?.[0] ?? fromMs);
	const end = Math.max(toMs, joined.at(-1)?.[1] ?? toMs);
	return [...before, [start, end], ...after];
}

/** What the set does not cover of one interval, oldest first. */
export function gaps(set: IntervalSet, [fromMs, toMs]: Interval): IntervalSet {
	const found: Interval[] = [];
	let openMs = fromMs;
	for (const [from, to] of clip(set, [fromMs, toMs])) {
		if (openMs < from) found.push([openMs, from]);
		openMs = to;
	}
	if (openMs < toMs) found.push([openMs, toMs]);
	return found;
}

/** What the set covers of one interval; an open end is `-Infinity` or `Infinity`. */
export function clip(set: IntervalSet, [fromMs, toMs]: Interval): IntervalSet {
	return set
		.map(([from, to]): Interval => [Math.max(from, fromMs), Math.min(to, toMs)])
		.filter(([from, to]) => from < to);
}
