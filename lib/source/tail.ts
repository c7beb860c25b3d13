import type {Json} from '../model/event.ts';
import type {Fetched, Scan, SourcePosition} from './scan.ts';

/** Where the newest pass ended, of a source whose last cursor asks for what came since. */
export type Tail = {
	readonly cursor: Json;
	/** Up to where a pass was read by time before those by cursor, epoch milliseconds. */
	readonly readMs: number;
};

/** The `tailMs` of a pass whose end is nowhere to begin: what came and was not yet wanted would be left out. */
export const beyondTail = 0;

/** Whether the server went on behind the end of the pass. */
export function reachesBeyond({records}: Fetched<unknown>, {untilMs}: Scan): boolean {
	return records.some(({orderMs}) => orderMs >= untilMs);
}

/** Whether nothing came yet of a pass that began at a tail. */
export function isFromTail({tailMs, lastMs}: Scan): boolean {
	return tailMs !== undefined && tailMs !== beyondTail && lastMs === undefined;
}

/**
 * The passes with the newest one begun at the tail, in place of the overlap. Within half of the overlap only: what a
 * cursor leaves out, whatever the server means by it, lies in the overlap of the next pass that is read by time.
 */
export function fromTail(
	scans: readonly Scan[],
	{tail, covered}: SourcePosition,
	{untilMs, overlapMs}: {readonly untilMs: number; readonly overlapMs: number},
): readonly Scan[] {
	const [newest, ...others] = scans;
	const [sinceMs, coveredMs] = covered.at(-1) ?? [0, 0];
	if (!tail || !newest || newest.cursor !== undefined || newest.reason !== undefined) return scans;
	const age = untilMs - tail.readMs;
	const isBehindTail = sinceMs <= newest.sinceMs && newest.sinceMs < coveredMs && newest.untilMs === untilMs;
	if (!isBehindTail || age < 0 || age >= overlapMs / 2) return scans;
	return [{...newest, cursor: tail.cursor, tailMs: tail.readMs}, ...others];
}

/**
 * The position with the end of a pass that is over as its tail, unless newer time was read already. A pass from a tail
 * that gave nothing leaves none: the next one asks by time whether there is nothing.
 */
export function withTail(position: SourcePosition, scan: Scan): SourcePosition {
	const {tail: _, ...rest} = position;
	const {cursor, untilMs, tailMs = untilMs} = scan;
	if (untilMs < (rest.covered.at(-1)?.[1] ?? 0)) return position;
	return cursor === undefined || tailMs === beyondTail || isFromTail(scan)
		? rest
		: {...rest, tail: {cursor, readMs: tailMs}};
}
