import {hash} from 'node:crypto';
import {withNumber} from './equal-records.ts';
import type {SourceRecord} from './page.ts';

/**
 * Where paging by time goes on. Plain JSON.
 *
 * Offsets slip: a record that arrives above the reader shifts every page behind it, one that is purged makes it skip
 * some. So each page asks for everything up to the time of the last record, that time included, and leaves out what
 * was read of it already. What happens above that time cannot shift anything. Only where more than a page lies within
 * one time an offset is used, counted from that time, and each page begins with rows of the one before: where they
 * are others now, that time is listed again from its beginning.
 */
export type TimeCursor = {
	/** The time of the last row: everything later was given, epoch milliseconds. */
	readonly ms: number;
	/** How often each row of that time was given so far. */
	readonly given: Counts;
	/** How many rows of this listing, which begins at {@link toMsOf}, were read. */
	readonly start: number;
	/** How often each row of that time came in this listing, where `start` is not 0: what twins are numbered by. */
	readonly listed?: Counts;
	/** The last rows in front of `start`: the page must begin with them. */
	readonly anchor?: Anchor;
	/** True where the API does not know the milliseconds of its bound, or does not show those of its records. */
	readonly wide?: true;
	/** How often this time was asked for in vain. */
	readonly retries?: number;
};

type Counts = Readonly<Record<string, number>>;
type Anchor = {readonly rows: number; readonly hash: string};

/** One row of an answer: a record, or the hash of what cannot be read as one. */
export type TimeRow = SourceRecord | string;

export interface TimePage {
	/** What was not given before, by its index in the answer; numbered where records are equal. */
	readonly fresh: ReadonlyMap<number, TimeRow>;
	readonly next: TimeCursor | undefined;
}

/** Equal records look the same, so that a single one of them says little about its place. */
const maxAnchorRows = 16;
/** Cursors are told apart by their retries; after so many they repeat, which paging takes for no progress. */
const maxRetries = 100;

/** Where a pass begins: at the end of the bound's second, since a server may round it down. */
export function firstTimeCursor(untilMs: number): TimeCursor {
	return {ms: Math.ceil(untilMs / 1000) * 1000, given: {}, start: 0};
}

/** The upper bound to ask for, inclusive, epoch milliseconds. */
export function toMsOf({ms, wide}: TimeCursor): number {
	// the next whole second, since x.999 would be rounded down to x.000
	return wide ? (Math.floor(ms / 1000) + 1) * 1000 : ms;
}

/** How many rows to skip below that bound. */
export function offsetOf({start, anchor}: TimeCursor): number {
	return start - (anchor?.rows ?? 0);
}

/**
 * What a page adds, and where to go on. `more` says whether the API has rows behind it; `twins`, whether equal ids are
 * several records (numbered) or one (given once). Where a page is a single row, nothing shows that rows of one time
 * are taken out while it is read.
 */
export function readTimePage(rows: readonly TimeRow[], cursor: TimeCursor, more: boolean, twins: boolean): TimePage {
	const skipped = cursor.anchor?.rows ?? 0;
	if (rows.length === 0 && more) return inVain(cursor);
	if (hashOf(rows.slice(0, skipped)) !== cursor.anchor?.hash) return inVain(fromItsBeginning(cursor));

	const given = new Map(Object.entries(cursor.given));
	const listed = new Map(Object.entries(cursor.listed ?? {}));
	let met = cursor.start > 0;
	const fresh = new Map<number, TimeRow>();
	let repeated = 0;
	for (let index = skipped; index < rows.length; index++) {
		const row = rows[index]!;
		const key = keyOf(row);
		const count = (listed.get(key) ?? 0) + 1;
		listed.set(key, count);
		if (count > 1) repeated++;
		if (typeof row === 'string') {
			if (count > (given.get(key) ?? 0)) fresh.set(index, row);
			continue;
		}
		met ||= row.orderMs === cursor.ms;
		if (row.orderMs > cursor.ms || count <= (given.get(key) ?? 0) || (count > 1 && !twins)) continue;
		fresh.set(index, withNumber(row, count));
	}
	// the last record should have come again: either the server rounds its bound down, or the record was purged
	if (!met && given.size > 0 && !cursor.wide) return inVain({...cursor, wide: true});
	// rows with ids of their own that all came before in this listing: the server does not go on
	if (more && !twins && repeated === rows.length - skipped) return inVain(cursor);
	return {fresh, next: more ? cursorBehind(rows, cursor, {listed, met, twins}) : undefined};
}

function cursorBehind(
	rows: readonly TimeRow[],
	cursor: TimeCursor,
	{listed, met, twins}: {listed: ReadonlyMap<string, number>; met: boolean; twins: boolean},
): TimeCursor {
	const records = rows.filter(row => typeof row !== 'string');
	const last = records.at(-1);
	const ms = Math.min(cursor.ms, last?.orderMs ?? cursor.ms);
	const counts = countsAt(ms, listed);
	const given = ms === cursor.ms ? larger(cursor.given, counts) : counts;
	const stayWide = cursor.wide && (met || ms === cursor.ms);
	const wide = stayWide || last?.wholeSecond || records.some(({orderMs}) => orderMs > toMsOf(cursor));
	const next = {ms, given, ...(wide ? {wide: true as const} : {})};
	const start = cursor.start + rows.length - (cursor.anchor?.rows ?? 0);
	if (toMsOf({...next, start}) !== toMsOf(cursor)) return {...next, start: 0};
	// half a page at most: what comes behind the anchor is what is wanted
	const anchorRows = Math.min(twins ? maxAnchorRows : 1, Math.floor(rows.length / 2));
	const hash = hashOf(rows.slice(rows.length - anchorRows));
	return {
		...next,
		start,
		listed: counts,
		...(hash === undefined ? {} : {anchor: {rows: anchorRows, hash}}),
		...(cursor.retries === undefined || ms < cursor.ms ? {} : {retries: cursor.retries}),
	};
}

function inVain(cursor: TimeCursor): TimePage {
	return {fresh: new Map(), next: {...cursor, retries: Math.min((cursor.retries ?? 0) + 1, maxRetries)}};
}

function fromItsBeginning({anchor: _, listed: _listed, ...rest}: TimeCursor): TimeCursor {
	return {...rest, start: 0};
}

/** What of a listing lies at one time; rows that cannot be read count to each. */
function countsAt(ms: number, listed: ReadonlyMap<string, number>): Counts {
	return Object.fromEntries([...listed].filter(([key]) => key.startsWith(`${ms} `) || key.startsWith(unread)));
}

function larger(counts: Counts, others: Counts): Counts {
	const largest = new Map(Object.entries(counts));
	for (const [key, count] of Object.entries(others)) largest.set(key, Math.max(count, largest.get(key) ?? 0));
	return Object.fromEntries(largest);
}

const unread = '?';

function keyOf(row: TimeRow): string {
	return typeof row === 'string' ? unread + row : `${row.orderMs} ${row.id}`;
}

function hashOf(rows: readonly TimeRow[]): string | undefined {
	return rows.length === 0 ? undefined : hash('sha256', JSON.stringify(rows.map(keyOf)), 'hex').slice(0, 32);
}
