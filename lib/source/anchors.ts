import {hash} from 'node:crypto';
import type {SourceRecord} from '../model/page.ts';

/** One row of an answer: a record, or the hash of what cannot be read as one. */
export type Row = SourceRecord | string;

/** How often rows came, by their keys. */
export type Counts = Readonly<Record<string, number>>;

/** So many different rows of one time are told apart. */
const maxCounts = 2000;

/** So many rows are remembered. */
export const maxAnchors = 16;

/** What a row is known by. */
export function markOf(row: Row): string {
	return hash('sha256', keyOf(row), 'base64').slice(0, 12);
}

export function keyOf(row: Row): string {
	return typeof row === 'string' ? `?${row}` : `${row.orderMs} ${row.id}`;
}

export function msOf(row: Row | undefined): number | undefined {
	return typeof row === 'object' ? row.orderMs : undefined;
}

/** How many rows the next page repeats, and whether equal rows are several records. */
interface Repeated {
	readonly overlap: number;
	readonly twins: boolean;
}

/**
 * Whether a page begins with the last of these rows. Those of one time may change places, unless equal ones are told
 * apart by their order only: there another order may be a slip.
 */
export function beginsWith(rows: readonly Row[], anchors: readonly string[], {overlap, twins}: Repeated): boolean {
	if (overlap === 0 || rows.length < overlap) return false;
	const marks = rows.slice(0, overlap).map(markOf);
	const known = anchors.slice(-overlap);
	if (!twins) [marks, known].forEach(list => list.sort());
	return known.every((anchor, index) => anchor === marks[index]);
}

/** The latest of the anchors that is left in a page; of rows that look alike, the one with most of its neighbours. */
export function lastAnchor(rows: readonly Row[], anchors: readonly string[]): number | undefined {
	const marks = rows.map(markOf);
	for (let last = anchors.length - 1; last >= 0; last--) {
		let best: number | undefined;
		let most = 0;
		marks.forEach((mark, index) => {
			if (mark !== anchors[last]) return;
			let run = 1;
			while (run <= Math.min(index, last) && marks[index - run] === anchors[last - run]) run++;
			if (run > most) [best, most] = [index, run];
		});
		if (best !== undefined) return best;
	}
	return undefined;
}

/** Where rows of this time, or older ones, begin behind newer ones; undefined where the page does not show it. */
export function beginOf(ms: number, rows: readonly Row[], isFirstPage: boolean): number | undefined {
	const begin = rows.findIndex(row => (msOf(row) ?? Infinity) <= ms);
	return begin > 0 || (begin === 0 && isFirstPage) ? begin : undefined;
}

/** How many rows at the end are of one time. */
export function groupAtEnd(rows: readonly Row[]): number {
	const last = msOf(rows.at(-1));
	return rows.length - 1 - rows.findLastIndex(row => msOf(row) !== last);
}

/** How many rows of a time came. */
export function groupOf(ms: number | undefined, counts: Counts): number {
	return Object.entries(counts).reduce((sum, [key, count]) => sum + (key.startsWith(`${ms} `) ? count : 0), 0);
}

/** A row came again behind those that are known, or one of their time is new in front of them: they changed places. */
export function mixes(rows: readonly Row[], place: number, {counts, ms}: {counts: Counts; ms?: number}): boolean {
	if (Object.keys(counts).length === 0) return false;
	return rows.some((row, index) => {
		if (typeof row === 'string') return false;
		const isKnown = keyOf(row) in counts;
		return index >= place ? isKnown : row.orderMs === ms && !isKnown;
	});
}

/** The larger one of each count. */
export function larger(counts: Counts, others: Counts): Counts {
	const keys = Object.keys({...counts, ...others});
	return Object.fromEntries(keys.map(key => [key, Math.max(counts[key] ?? 0, others[key] ?? 0)]));
}

/** None where they are too many to be kept in each state. */
export function countsOf(times: ReadonlySet<number | undefined>, counts: ReadonlyMap<string, number>): Counts {
	const kept = [...counts].filter(([key]) => times.has(Number(key.slice(0, key.indexOf(' ')))));
	return kept.length > maxCounts ? {} : Object.fromEntries(kept);
}
