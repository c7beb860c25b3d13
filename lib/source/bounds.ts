import type {SourceRecord} from '../model/page.ts';
import {isWithin, type ReadPage, type Scan, wholeSecond} from './scan.ts';

/** What is known of a record that the server gave. */
export type Known = Pick<SourceRecord, 'id' | 'orderMs' | 'wholeSecond'>;

/**
 * Whether a server gives all of a span to whoever asks for that span alone: one that rounds its bounds, or takes them for
 * times of another zone, leaves out what lies at their ends. Asks once, for about a page of records that it gave in one
 * piece; undefined where those are too close to one another to tell.
 */
export async function keepsBounds(
	read: ReadPage<unknown>,
	known: readonly Known[],
	signal: AbortSignal,
	pageRows = known.length,
): Promise<boolean | undefined> {
	const span = sampleOf(known, pageRows);
	if (!span) return undefined;
	const {records} = await read(span, signal);
	const ids = new Set(records.map(({id}) => id));
	return known.every(record => !isWithin(record, span) || ids.has(record.id));
}

/**
 * The most seconds in a row that have a page of records together, without those at the ends, which may go on; with bounds
 * that are round in no clock, if there are any, so that rounding moves them.
 */
function sampleOf(known: readonly Known[], pageRows: number): Scan | undefined {
	const counts = new Map<number, number>();
	for (const {orderMs} of known) counts.set(wholeSecond(orderMs), (counts.get(wholeSecond(orderMs)) ?? 0) + 1);
	const inner = [...counts].sort(([one], [other]) => one - other).slice(1, -1);
	return longestRun(inner, pageRows, ms => !isRound(ms)) ?? longestRun(inner, pageRows, () => true);
}

/** The longest run of seconds with so many rows at most between bounds that will do. */
function longestRun(
	seconds: readonly (readonly [number, number])[],
	maxRows: number,
	isBound: (ms: number) => boolean,
): Scan | undefined {
	let best: readonly [number, number] = [0, -1];
	let from = 0;
	let rows = 0;
	seconds.forEach(([, count], to) => {
		for (rows += count; rows > maxRows; from++) rows -= seconds[from]![1];
		let begin = from;
		while (begin <= to && !isBound(seconds[begin]![0])) begin++;
		if (isBound(seconds[to]![0] + 1000) && to - begin > best[1] - best[0]) best = [begin, to];
	});
	const [begin, to] = best;
	if (to < begin) return undefined;
	const untilMs = seconds[to]![0] + 1000;
	return {sinceMs: seconds[begin]![0], untilMs, coversToMs: untilMs};
}

/** Whether it is a multiple of two or five seconds, as all that clocks are rounded to is. */
function isRound(ms: number): boolean {
	return (ms / 1000) % 2 === 0 || (ms / 1000) % 5 === 0;
}
