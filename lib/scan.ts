import type {Json} from './event.ts';
import {addInterval, gaps, type Interval} from './interval-set.ts';
import type {SourceRecord} from './page.ts';

/** One pass over a span of time, with its bounds pinned. Plain JSON: it is part of the checkpoint. */
export type Scan = {
	/** Inclusive, epoch milliseconds. */
	readonly sinceMs: number;
	/** Exclusive, epoch milliseconds. */
	readonly untilMs: number;
	/** What counts as read when the pass is over ends here: records later than this may still be arriving. */
	readonly coversToMs: number;
	/** Where to go on: the API's cursor, offset or link; absent at the beginning. */
	readonly cursor?: Json;
	/** After a refused cursor: the bound in the API's order that stands in for it, inclusive, epoch milliseconds. */
	readonly edgeMs?: number;
	/** The end of the last record read, in the API's order, epoch milliseconds. */
	readonly lastMs?: number;
};

/** How far a source has come. Plain JSON: it is the source's part of the checkpoint. */
export type SourcePosition = {
	/** What has been read, as half-open spans of epoch milliseconds. */
	readonly covered: readonly Interval[];
	/** The newest record ever read, in the API's order. */
	readonly watermarkMs?: number;
	/** The pass that is going on, or was interrupted. */
	readonly scan?: Scan;
};

/** Nothing read yet. */
export const nowhere: SourcePosition = {covered: []};

export interface ScanPlan {
	/** Absent: everything that was never covered is not asked for; a new run goes on from the watermark. */
	readonly sinceMs?: number | undefined;
	readonly untilMs: number;
	/** Records later than this may still be arriving, so they do not count as covered. */
	readonly settledMs: number;
	readonly overlapMs: number;
	/** Identities of records older than this are not remembered, so what is covered of them is not read again. */
	readonly floorMs?: number | undefined;
}

/**
 * The passes to make, in order: what was never covered between `since` and `until`, newest first, the overlap behind
 * the watermark counting as not covered. An interrupted pass comes first, with its own bounds, and alone: how far the
 * next one must read back is known when it is over.
 */
export function planScans({covered, watermarkMs, scan: interrupted}: SourcePosition, plan: ScanPlan): Scan[] {
	if (interrupted) return [interrupted];
	const lowest = covered[0]?.[0];
	const highest = covered.at(-1)?.[1];
	let rereadMs = Infinity;
	if (lowest !== undefined && highest !== undefined) {
		const newest = Math.min(watermarkMs ?? highest, highest);
		rereadMs = Math.min(Math.max(newest - plan.overlapMs, lowest, plan.floorMs ?? -Infinity), highest);
	}
	const fromMs = Math.min(plan.sinceMs ?? (lowest === undefined ? 0 : rereadMs), rereadMs);
	const settled = covered.flatMap(([from, to]): Interval[] =>
		from < rereadMs ? [[from, Math.min(to, rereadMs)]] : [],
	);
	return gaps(settled, [fromMs, plan.untilMs])
		.map(([sinceMs, untilMs]): Scan => ({sinceMs, untilMs, coversToMs: Math.min(untilMs, plan.settledMs)}))
		.reverse();
}

/** The position after some records of the pass, with the cursor to go on from. */
export function advance(position: SourcePosition, scan: Scan, records: readonly SourceRecord[]): SourcePosition {
	let watermarkMs = position.watermarkMs ?? -Infinity;
	let {lastMs} = scan;
	for (const record of records) {
		if (record.orderMs > watermarkMs) watermarkMs = record.orderMs;
		lastMs = endOf(record);
	}
	return {
		covered: position.covered,
		...(watermarkMs === -Infinity ? {} : {watermarkMs}),
		scan: {...scan, ...(lastMs === undefined ? {} : {lastMs})},
	};
}

/** The position when the pass is over: its span is covered. */
export function finishScan(position: SourcePosition, {sinceMs, coversToMs}: Scan): SourcePosition {
	const {scan: _, ...rest} = position;
	return sinceMs < coversToMs ? {...rest, covered: addInterval(position.covered, [sinceMs, coversToMs])} : rest;
}

/** Whether a record is in the span of a pass. One with whole seconds may lie anywhere in its second. */
export function isWithin(record: SourceRecord, scan: Scan): boolean {
	return endOf(record) >= scan.sinceMs && record.orderMs < scan.untilMs;
}

function endOf(record: SourceRecord): number {
	return record.wholeSecond ? record.orderMs + 999 : record.orderMs;
}
