import {layersOf} from '../../source/interval-set.ts';
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

/** The best first. */
const states = ['covered', 'filtered', 'purged'] as const;

/**
 * Spans apart from each other, in order, with what lies between them: where they overlap, what was read counts. Where one of
 * two times is given, what was read begins or ends there, or is missing up to there.
 */
export function segmentsOf(spans: readonly CoverageSpan[], {fromMs, toMs}: Between = {}): Segment[] {
	if (spans.length === 0) return [];
	const [first, last] = spans.reduce(
		([from, to], span) => [Math.min(from, span.fromMs), Math.max(to, span.toMs)] as const,
		[Infinity, -Infinity] as const,
	);
	const from = fromMs ?? Math.min(first, toMs ?? Infinity);
	const to = toMs ?? Math.max(last, from);
	const lists = states.map(state =>
		spans.filter(span => span.state === state).map(span => [span.fromMs, span.toMs] as const),
	);
	return layersOf(lists, [from, to]).map(({layer, ...span}) => ({...span, state: states[layer] ?? 'never'}));
}

/** The worst that is in a span of time; the spans are asked for in order. */
export function stateFinder(segments: readonly Segment[]): (fromMs: number, toMs: number) => State {
	if (segments.length === 0) return () => 'unknown';
	const [begin, end] = [segments[0]!.fromMs, segments.at(-1)!.toMs];
	let next = 0;
	return (fromMs, toMs) => {
		while (next < segments.length && segments[next]!.toMs <= fromMs) next++;
		if (toMs <= begin || end <= fromMs) return 'unknown';
		// a day that was only begun is judged by what was read of it, an hour is not
		if ((fromMs < begin || toMs > end) && toMs - fromMs < dayMs) return 'never';
		const found = new Set<State>();
		for (let at = next; at < segments.length && segments[at]!.fromMs < toMs; at++) found.add(segments[at]!.state);
		return (['never', 'purged', 'filtered'] as const).find(state => found.has(state)) ?? 'covered';
	};
}
