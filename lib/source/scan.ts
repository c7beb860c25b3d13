import type {Json} from '../model/event.ts';
import {addInterval, clip, gaps as missing, type Interval} from './interval-set.ts';
import type {Rejected, SourceRecord} from '../model/page.ts';
import {isoTime} from '../options/time.ts';
import type {Tail} from './tail.ts';

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
	/** The record of the last page that is farthest from its end in the API's order: the last one may be out of order. */
	readonly pageMs?: number;
	/** True once a record came that is not in the API's order: nothing is then known by the time of the last one. */
	readonly unsorted?: true;
	/** Why an earlier run left it unread. */
	readonly reason?: string;
	/** It was read before and is to be read again: what of it was written must be known again. */
	readonly again?: true;
	/** Of one that began at a tail: its `readMs`. */
	readonly tailMs?: number;
};

/** What could not be read: asked for again by each run. */
export type Gap = Scan & {readonly reason: string};

type Order = 'newest-first' | 'oldest-first' | 'none';

/** How far a source has come. Plain JSON: it is the source's part of the checkpoint. */
export type SourcePosition = {
	/** What has been read, as half-open spans of epoch milliseconds. */
	readonly covered: readonly Interval[];
	/** The newest record ever read, in the API's order. */
	readonly watermarkMs?: number;
	/** The pass that is going on, or was interrupted. */
	readonly scan?: Scan;
	/** What is left of the pass behind the window of it that is being read, or was read last. */
	readonly rest?: Scan;
	/** Spans with a page that failed for good. Never covered, and never in the way of others. */
	readonly gaps?: readonly Gap[];
	/** The lowest time that was asked for while the source had never given anything. */
	readonly askedFromMs?: number;
	/** Where the next pass goes on, of a source that goes on by place, whatever the times are. */
	readonly place?: Json;
	/** Where the newest pass ended, of a source that goes on by its cursor. */
	readonly tail?: Tail;
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
 * the watermark counting as not covered; then the gaps. An interrupted pass comes first, with its own bounds, and alone:
 * how far the next one must read back is known when it is over.
 */
export function planScans(position: SourcePosition, plan: ScanPlan): Scan[] {
	const {covered, watermarkMs, scan: interrupted, gaps = [], askedFromMs = Infinity} = position;
	if (interrupted) return [interrupted];
	const lowest = covered[0]?.[0];
	const highest = covered.at(-1)?.[1];
	let rereadMs = Infinity;
	if (lowest !== undefined && highest !== undefined) {
		const newest = Math.min(watermarkMs ?? highest, highest);
		rereadMs = Math.min(Math.max(newest - plan.overlapMs, lowest, plan.floorMs ?? -Infinity), highest);
	}
	const fromMs = Math.min(plan.sinceMs ?? (lowest === undefined ? 0 : rereadMs), rereadMs, askedFromMs);
	const settled = gaps.map(spanOf).reduce(addInterval, clip(covered, [-Infinity, rereadMs]));
	const scans = missing(settled, [fromMs, plan.untilMs])
		.map(([sinceMs, untilMs]): Scan => ({sinceMs, untilMs, coversToMs: Math.min(untilMs, plan.settledMs)}))
		.reverse();
	return [...scans, ...gaps.toSorted((one, other) => other.untilMs - one.untilMs)];
}

/** The position as a new run takes it up: a gap that was being read is one again, and waits behind what is new. */
export function resume({scan, rest, ...position}: SourcePosition): SourcePosition {
	if (scan && !isGap(scan)) return withRest({...position, scan}, rest);
	const read = scan ? {...position, ...withGap(position.gaps, scan)} : position;
	return rest ? {...read, scan: rest} : read;
}

/** The position when a pass begins: a gap that is being read is the pass itself. */
export function begin(position: SourcePosition, scan: Scan): SourcePosition {
	return isGap(scan) ? {...without(position, spanOf(scan)), scan} : position;
}

/** The position after some records of the pass, with the cursor to go on from. */
export function advance(
	position: SourcePosition,
	scan: Scan,
	records: readonly SourceRecord[],
	order: Order = 'none',
): SourcePosition {
	let watermarkMs = position.watermarkMs ?? -Infinity;
	let {lastMs, unsorted} = scan;
	const times = records.map(endOf);
	const pageMs = times.length === 0 ? scan.pageMs : order === 'oldest-first' ? Math.min(...times) : Math.max(...times);
	for (const record of records) {
		if (record.orderMs > watermarkMs) watermarkMs = record.orderMs;
		if (lastMs !== undefined && isAgainst(order, record, lastMs)) unsorted = true;
		lastMs = endOf(record);
	}
	return {
		...position,
		...(watermarkMs === -Infinity ? {} : {watermarkMs}),
		scan: {
			...scan,
			...(lastMs === undefined ? {} : {lastMs}),
			...(pageMs === undefined ? {} : {pageMs}),
			...(unsorted ? {unsorted} : {}),
		},
	};
}

/** Whether a record is out of order for certain, behind one that ends at `lastMs`. */
function isAgainst(order: Order, record: SourceRecord, lastMs: number): boolean {
	return order === 'newest-first' ? record.orderMs > lastMs : order === 'oldest-first' && endOf(record) < lastMs - 999;
}

/** The position when the pass is over: its span is covered. One of a source that never gave anything covers nothing. */
export function finishScan(position: SourcePosition, {sinceMs, coversToMs}: Scan, heard = true): SourcePosition {
	const {scan: _, askedFromMs, ...rest} = position;
	if (!heard) return {...rest, askedFromMs: Math.min(sinceMs, askedFromMs ?? Infinity)};
	const span = [sinceMs, coversToMs] as const;
	const asked = askedFromMs !== undefined && askedFromMs < sinceMs ? {askedFromMs} : {};
	return {...without(rest, span), ...asked, covered: addInterval(rest.covered, span)};
}

/** The position with what is left of a pass behind the part of it that is being read. */
export function withRest({rest: _, ...position}: SourcePosition, rest: Scan | undefined): SourcePosition {
	return rest ? {...position, rest} : position;
}

/**
 * The position when a pass has failed for good. What was read of it in the API's order is covered, the rest is a gap,
 * from second to second, since some APIs know no more; `open` is that rest. A pass whose records came in another order
 * is a gap as it is, to be gone on with at its cursor; nothing of it is `open`.
 */
export function leaveGap(
	position: SourcePosition,
	failed: Scan,
	reason: string,
	order: Order,
): {readonly position: SourcePosition; readonly open: Interval} {
	const {scan: _, ...rest} = position;
	const {sinceMs, untilMs, coversToMs, pageMs, unsorted} = failed;
	if (unsorted) return {position: {...rest, ...withGap(rest.gaps, {...failed, reason})}, open: [sinceMs, sinceMs]};
	const end = Math.min(untilMs, coversToMs);
	let open: Interval = [sinceMs, end];
	// nothing has shown yet that the last page is in order, so it is read again
	if (pageMs !== undefined && order === 'newest-first') open = [sinceMs, Math.min(end, wholeSecond(pageMs) + 1000)];
	if (pageMs !== undefined && order === 'oldest-first') open = [Math.max(sinceMs, wholeSecond(pageMs)), end];
	if (!(open[0] < open[1])) return {position: finishScan(position, failed), open: [end, end]};
	const read = missing([open], [sinceMs, end]);
	const covered = read.reduce(
		addInterval,
		rest.covered.flatMap(span => missing([open], span)),
	);
	const cleared = read.reduce(without, {...rest, covered});
	const again = failed.again ? {again: true as const} : {};
	const gap: Gap = {sinceMs: open[0], untilMs: open[1], coversToMs: open[1], reason, ...again};
	return {position: {...cleared, ...withGap(cleared.gaps, gap)}, open};
}

/** The pass as it goes on where its cursor is refused: from the end of the last record, in the API's order. */
export function withoutCursor({cursor: _, tailMs: _tail, ...rest}: Scan, order: Order): Scan {
	const {lastMs, edgeMs, unsorted} = rest;
	// a time stands in for a place only where times are in order: else the pass begins again at its bound
	if (lastMs === undefined || unsorted) return rest;
	// an overlap or a whole second must not move the edge back
	const further = order === 'newest-first' ? Math.min : Math.max;
	return {...rest, edgeMs: further(lastMs, edgeMs ?? lastMs)};
}

/** The gaps of a position that comes from anywhere. */
export function gapsIn(position: unknown): readonly Gap[] {
	return (position as SourcePosition | null)?.gaps ?? [];
}

/** The spans of the gaps, to tell whether there are others now. */
export function spansOf(position: SourcePosition): string {
	return gapsIn(position).map(spanOf).join(' ');
}

/** Where a pass goes on whose cursor was refused, in words. */
export function edgeText({edgeMs}: Scan): string {
	return edgeMs === undefined ? 'the beginning of the pass' : new Date(edgeMs).toISOString();
}

function spanOf({sinceMs, untilMs}: Scan): Interval {
	return [sinceMs, untilMs];
}

function isGap(scan: Scan): scan is Gap {
	return scan.reason !== undefined;
}

/** Whether it is only a span of time, and not a pass to go on with. */
export function isPlain({cursor, edgeMs}: Pick<Scan, 'cursor' | 'edgeMs'>): boolean {
	return cursor === undefined && edgeMs === undefined;
}

function without(position: SourcePosition, span: Interval): SourcePosition {
	const {gaps, ...rest} = position;
	const left = (gaps ?? []).flatMap(gap => {
		if (!isPlain(gap)) return span[0] <= gap.sinceMs && gap.untilMs <= span[1] ? [] : [gap];
		return missing([span], spanOf(gap)).map(([sinceMs, untilMs]) => ({...gap, sinceMs, untilMs, coversToMs: untilMs}));
	});
	return left.length === 0 ? rest : {...rest, gaps: left};
}

/** Spans that touch are one gap, so that many failed nights are not many gaps. */
function withGap(gaps: readonly Gap[] = [], gap: Gap): {readonly gaps: readonly Gap[]} {
	if (!isPlain(gap)) return {gaps: [...gaps, gap]};
	const touches = (other: Gap) => isPlain(other) && other.sinceMs <= gap.untilMs && gap.sinceMs <= other.untilMs;
	const touching = [gap, ...gaps.filter(touches)];
	const sinceMs = Math.min(...touching.map(one => one.sinceMs));
	const untilMs = Math.max(...touching.map(one => one.untilMs));
	const again = touching.some(one => one.again) ? {again: true as const} : {};
	const whole: Gap = {sinceMs, untilMs, coversToMs: untilMs, reason: gap.reason, ...again};
	return {gaps: [...gaps.filter(other => !touches(other)), whole]};
}

/** Some APIs know no more. */
export function wholeSecond(ms: number): number {
	return Math.floor(ms / 1000) * 1000;
}

/** Whether a record is in the span of a pass. One with whole seconds may lie anywhere in its second. */
export function isWithin(record: Pick<SourceRecord, 'orderMs' | 'wholeSecond'>, scan: Scan): boolean {
	return endOf(record) >= scan.sinceMs && record.orderMs < scan.untilMs;
}

function endOf(record: Pick<SourceRecord, 'orderMs' | 'wholeSecond'>): number {
	return record.wholeSecond ? record.orderMs + 999 : record.orderMs;
}

/** What one request gave. */
export interface Fetched<T> {
	/** `events[i]` came from `records[i]`. Default: the value of each record. */
	readonly events?: readonly T[] | undefined;
	readonly records: readonly SourceRecord[];
	readonly rejected?: readonly Rejected[];
	/** Where to go on; absent at the end. */
	readonly next?: Json | undefined;
	/** Where the next pass goes on, where that is a place and no time. */
	readonly place?: Json;
	/** How many rows the API gave, where those that were known already are left out here. */
	readonly rows?: number;
	/** What tells the next page from others, where `next` holds more than that. */
	readonly nextKey?: string;
	/** What the answer holds in memory, in bytes. */
	readonly bytes: number;
}

/** Reads one page of a pass: from its beginning where `scan.cursor` is absent. */
export type ReadPage<T> = (scan: Scan, signal: AbortSignal) => Promise<Fetched<T>>;

export function isEmpty(answer: Fetched<unknown>): boolean {
	return answer.records.length === 0 && !answer.rejected?.length;
}

/** A character for each byte, whatever the bytes are. */
export function bytesAsText(text: Uint8Array): string {
	return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
}

export function spanText({sinceMs, untilMs}: Pick<Scan, 'sinceMs' | 'untilMs'>): string {
	return ` from ${isoTime(sinceMs)} to ${isoTime(untilMs)}`;
}
