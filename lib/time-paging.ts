import {withNumber} from './equal-records.ts';
import type {SourceRecord} from './page.ts';

/**
 * Where paging by time goes on. Plain JSON.
 *
 * Offsets slip: a record that arrives above the reader shifts every page behind it, one that is purged makes it skip
 * some. So each page asks for everything up to the time of the last record, that time included, and leaves out what
 * was read of it already. What happens above that time cannot shift anything. Only where a whole page lies within one
 * time an offset is used, counted from that time.
 */
export type TimeCursor = {
	/** The upper bound to ask for, inclusive, epoch milliseconds. */
	readonly toMs: number;
	/** The rows to skip below that bound. */
	readonly start: number;
	/** How often each record of the last second was given so far, by time and id. */
	readonly given: Readonly<Record<string, number>>;
	/** How often each came in this listing, where `start` is not 0: what twins are numbered by. */
	readonly listed?: Readonly<Record<string, number>>;
	/** The row in front of `start`: the page must begin with it. */
	readonly anchor?: string;
	/** True when `toMs` is the end of the last record's second, since the server does not know milliseconds. */
	readonly wide?: true;
};

export interface TimePage {
	/** What was not given before, numbered where records are equal. */
	readonly records: readonly SourceRecord[];
	/** Indexes into the answer's records. */
	readonly kept: readonly number[];
	readonly next: TimeCursor | undefined;
}

/**
 * What a page adds, and where to go on. `more` says whether the API has rows behind it; `twins`, whether equal ids are
 * several records (numbered) or one (given once).
 */
export function readTimePage(
	all: readonly SourceRecord[],
	cursor: TimeCursor | undefined,
	more: boolean,
	twins: boolean,
): TimePage {
	if (cursor?.anchor !== undefined && (all.length === 0 || keyOf(all[0]!) !== cursor.anchor)) {
		// something was put in or taken out within this time: list it again from its beginning
		return {records: [], kept: [], next: {toMs: cursor.toMs, start: 0, given: cursor.given, ...wideOf(cursor)}};
	}
	const skipped = cursor?.anchor === undefined ? 0 : 1;
	const listed = new Map(Object.entries(cursor?.listed ?? {}));
	const given = new Map(Object.entries(cursor?.given ?? {}));
	const known = given.size > 0;
	let met = false;
	const records: SourceRecord[] = [];
	const kept: number[] = [];
	for (let index = skipped; index < all.length; index++) {
		const record = all[index]!;
		const key = keyOf(record);
		const count = (listed.get(key) ?? 0) + 1;
		listed.set(key, count);
		if (count <= (given.get(key) ?? 0)) {
			met = true;
			continue;
		}
		if (count > 1 && !twins) continue;
		records.push(withNumber(record, count));
		kept.push(index);
	}
	if (cursor && known && !met && cursor.start === 0 && !cursor.wide) {
		// the last record should have come again: the server rounds its bound down, or the record was purged
		return {records: [], kept: [], next: {toMs: endOfSecond(cursor.toMs), start: 0, given: cursor.given, wide: true}};
	}
	const last = all.at(-1);
	if (!more || !last) return {records, kept, next: undefined};
	return {records, kept, next: cursorBehind(last, all.length - skipped, cursor, listed, given)};
}

function cursorBehind(
	last: SourceRecord,
	rows: number,
	cursor: TimeCursor | undefined,
	listed: ReadonlyMap<string, number>,
	given: ReadonlyMap<string, number>,
): TimeCursor {
	const second = secondOf(last.orderMs);
	const merged: Record<string, number> = {};
	for (const counts of [given, listed]) {
		for (const [key, count] of counts) {
			if (secondOf(Number.parseInt(key, 10)) === second) merged[key] = Math.max(merged[key] ?? 0, count);
		}
	}
	const bound = cursor?.wide ? endOfSecond(last.orderMs) : last.orderMs;
	if (cursor && bound === cursor.toMs) {
		const start = cursor.start + rows;
		return {
			toMs: bound,
			start,
			given: merged,
			listed: Object.fromEntries(listed),
			anchor: keyOf(last),
			...wideOf(cursor),
		};
	}
	return {toMs: bound, start: 0, given: merged, ...(cursor ? wideOf(cursor) : {})};
}

function wideOf({wide}: TimeCursor): {wide?: true} {
	return wide ? {wide} : {};
}

function keyOf({orderMs, id}: SourceRecord): string {
	return `${orderMs} ${id}`;
}

function secondOf(ms: number): number {
	return Math.floor(ms / 1000);
}

function endOfSecond(ms: number): number {
	return secondOf(ms) * 1000 + 999;
}
