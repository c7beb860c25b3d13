/** Milliseconds from the first, inclusive, to the second, exclusive; empty unless from < to. */
export type Interval = readonly [fromMs: number, toMs: number];

/** Sorted intervals that neither overlap nor touch, none empty: one set has one spelling, and it is plain JSON. */
export type IntervalSet = readonly Interval[];

/** The set with one more interval covered. */
export function addInterval(set: IntervalSet, [fromMs, toMs]: Interval): IntervalSet {
	if (!(fromMs < toMs)) return set;
	const before = set.filter(([, to]) => to < fromMs);
	const after = set.filter(([from]) => from > toMs);
	// What is neither overlaps the new interval or touches it, and lies side by side in the set.
	const first = set[before.length];
	const last = set[set.length - after.length - 1];
	const joined: Interval = [Math.min(fromMs, first?.[0] ?? fromMs), Math.max(toMs, last?.[1] ?? toMs)];
	return before.length + after.length === set.length
		? [...before, [fromMs, toMs], ...after]
		: [...before, joined, ...after];
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
