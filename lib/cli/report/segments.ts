import {dayMs} from './counts.ts';

/** A span of time that was read, in full or with a filter, or that the API had thrown away before. */
export interface CoverageSpan {
	readonly fromMs: number;
	readonly toMs: number;
	readonly state: 'covered' | 'filtered' | 'purged';
}

export type State = CoverageSpan['state'] | 'never' | 'unknown';

/** Times that a page is about. */
export interface Between {
	readonly fromMs?: number | undefined;
	readonly toMs?: number | undefined;
}

export interface Segment {
	readonly fromMs: number;
	readonly toMs: number;
	readonly state: State;
}

/** Spans apart from each other, in order, with what lies between them: where they overlap, what was read counts. */
export function segmentsOf(spans: readonly CoverageSpan[], between: Between = {}): Segment[] {
	const ends = spans.flatMap(({fromMs, toMs, state}) => [
		{atMs: fromMs, state, step: 1},
		{atMs: toMs, state, step: -1},
	]);
	ends.sort((a, b) => a.atMs - b.atMs);
	const open = {covered: 0, filtered: 0, purged: 0};
	const segments: Segment[] = [];
	for (const [at, {atMs, state, step}] of ends.entries()) {
		open[state] += step;
		const toMs = ends[at + 1]?.atMs ?? atMs;
		if (toMs === atMs) continue;
		const now = (['covered', 'filtered', 'purged'] as const).find(name => open[name] > 0) ?? 'never';
		const before = segments.at(-1);
		if (before?.state === now) segments[segments.length - 1] = {...before, toMs};
		else segments.push({fromMs: atMs, toMs, state: now});
	}
	return within(segments, between);
}

/** Those between two times: where one is given, what was read begins or ends there, or is missing up to there. */
function within(segments: readonly Segment[], {fromMs, toMs}: Between): Segment[] {
	const [first, last] = [segments[0], segments.at(-1)];
	if (!first || !last) return [];
	const from = fromMs ?? Math.min(first.fromMs, toMs ?? Infinity);
	const to = toMs ?? Math.max(last.toMs, from);
	const edges: Segment[] = [
		{fromMs: from, toMs: Math.min(first.fromMs, to), state: 'never'},
		...segments.map(one => ({...one, fromMs: Math.max(one.fromMs, from), toMs: Math.min(one.toMs, to)})),
		{fromMs: Math.max(last.toMs, from), toMs: to, state: 'never'},
	];
	return edges.filter(one => one.fromMs < one.toMs);
}

/** The worst that is in a span of time; the spans are asked for in order. */
export function stateFinder(segments: readonly Segment[]): (fromMs: number, toMs: number) => State {
	if (segments.length === 0) return () => 'unknown';
	const [begin, end] = [segments[0]!.fromMs, segments.at(-1)!.toMs];
	let next = 0;
	return (fromMs, toMs) => {
		while (next < segments.length && segments[next]!.toMs <= fromMs) next++;
		// a day that was only begun is judged by what was read of it, an hour is not
		const isBegun = toMs - fromMs >= dayMs && begin < toMs && fromMs < end;
		if (toMs <= begin || end <= fromMs) return 'unknown';
		if ((fromMs < begin || toMs > end) && !isBegun) return 'never';
		const found = new Set<State>();
		for (let at = next; at < segments.length && segments[at]!.fromMs < toMs; at++) found.add(segments[at]!.state);
		return (['never', 'purged', 'filtered'] as const).find(state => found.has(state)) ?? 'covered';
	};
}
