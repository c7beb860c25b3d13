import {addInterval, gaps as missing, type Interval, type IntervalSet} from './interval-set.ts';
import {type Gap, gapsIn, leaveGap, nowhere, type SourcePosition, withRest} from './scan.ts';

/** What a position is read by: the order of its source, and whether its cursors are offsets. */
export interface Reading {
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	readonly byOffset: boolean;
}

/** The position as if its interrupted pass had been given up: what was read of it is covered, the rest a gap. */
export function settled(position: SourcePosition, {order, byOffset}: Reading, reason: string): SourcePosition {
	const {scan, rest} = position;
	if (order === 'none') return position;
	const failed = scan && byOffset ? {...scan, unsorted: true as const} : scan;
	return [failed, rest]
		.filter(pass => pass !== undefined)
		.reduce((at, pass) => leaveGap(at, pass, reason, order).position, withRest(position, undefined));
}

/**
 * What was not read of the time between the first that was asked for and now, oldest first: gaps, the rest of an
 * interrupted pass, and what came since.
 */
export function unread(position: SourcePosition, reading: Reading, nowMs: number): IntervalSet {
	if (reading.order === 'none') return [];
	const {covered, askedFromMs} = settled(position, reading, 'interrupted');
	const begins = [
		askedFromMs,
		covered[0]?.[0],
		position.scan?.sinceMs,
		position.rest?.sinceMs,
		...gapsIn(position).map(gap => gap.sinceMs),
	];
	const fromMs = Math.min(...begins.filter(ms => ms !== undefined));
	return Number.isFinite(fromMs) ? missing(covered, [fromMs, nowMs]) : [];
}

/** What an API deletes of a span that was not read: from `fromMs` on, when `atMs` is there; all of it where `isGone`. */
export interface Purge {
	readonly fromMs: number;
	readonly toMs: number;
	readonly atMs: number;
	readonly isGone: boolean;
}

/** What an API that keeps records for so long deletes unread, the soonest first. */
export function purges(spans: IntervalSet, keptMs: number, nowMs: number): readonly Purge[] {
	return spans
		.map(([from, toMs]): Purge => {
			const isGone = toMs + keptMs <= nowMs;
			const fromMs = isGone ? from : Math.max(from, nowMs - keptMs);
			return {fromMs, toMs, atMs: (isGone ? toMs : fromMs) + keptMs, isGone};
		})
		.toSorted((one, other) => one.atMs - other.atMs);
}

/** The span that {@link forget} makes a gap, and the position with it; undefined where nothing was read of it. */
export interface Forgotten {
	readonly position: SourcePosition;
	readonly span: Interval;
}

/**
 * The position with all that was read from a time on as a gap, which the next run reads again, behind what is new. A
 * pass that was interrupted there, or a gap that would be gone on with, is read again from its beginning.
 */
export function forget(
	position: SourcePosition,
	sinceMs: number,
	reading: Reading,
	reason: string,
): Forgotten | undefined {
	const {covered, gaps: _, ...rest} = settled(position, reading, reason);
	const gaps = gapsIn(settled(position, reading, reason));
	const touched = [...covered, ...gaps.map(({sinceMs, untilMs}): Interval => [sinceMs, untilMs])];
	const later = touched.filter(([, toMs]) => toMs > sinceMs);
	if (later.length === 0) return undefined;
	const begun = gaps.filter(({untilMs, cursor, edgeMs}) => untilMs > sinceMs && (cursor ?? edgeMs) !== undefined);
	const fromMs = Math.min(
		Math.max(sinceMs, Math.min(...later.map(([from]) => from))),
		...begun.map(gap => gap.sinceMs),
	);
	const span: Interval = [fromMs, Math.max(...later.map(([, toMs]) => toMs))];
	const outside = gaps.flatMap((gap): Gap[] => {
		if (gap.untilMs <= fromMs) return [gap];
		return gap.sinceMs < fromMs ? [{...gap, untilMs: fromMs, coversToMs: fromMs}] : [];
	});
	const again: Gap = {sinceMs: span[0], untilMs: span[1], coversToMs: span[1], reason, again: true};
	return {
		position: {
			...nowhere,
			...rest,
			covered: covered.flatMap(one => missing([span], one)).reduce(addInterval, []),
			gaps: [...outside, again],
		},
		span,
	};
}
