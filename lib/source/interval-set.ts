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

/**
 * What several lists of intervals cover, in any order and overlapping: spans one behind the other, of `within` or from the
 * first time to the last, each with the first of the lists that covers it, -1 where none does.
 */
export function layersOf(
	lists: readonly (readonly Interval[])[],
	within?: Interval,
): {readonly fromMs: number; readonly toMs: number; readonly layer: number}[] {
	const edges = lists.flatMap((list, layer) =>
		(within ? clip(list, within) : list).flatMap(([fromMs, toMs]) => [
			{atMs: fromMs, layer, step: 1},
			{atMs: toMs, layer, step: -1},
		]),
	);
	if (within) edges.push(...within.map(atMs => ({atMs, layer: 0, step: 0})));
	edges.sort((a, b) => a.atMs - b.atMs);
	const open = lists.map(() => 0);
	const found: {fromMs: number; toMs: number; layer: number}[] = [];
	for (const [at, {atMs, layer: of, step}] of edges.entries()) {
		open[of]! += step;
		const toMs = edges[at + 1]?.atMs ?? atMs;
		if (toMs === atMs) continue;
		const layer = open.findIndex(count => count > 0);
		const last = found.at(-1);
		if (last?.layer === layer) last.toMs = toMs;
		else found.push({fromMs: atMs, toMs, layer});
	}
	return found;
}
