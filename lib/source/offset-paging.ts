import {
	beginOf,
	beginsWith,
	type Counts,
	countsOf,
	groupAtEnd,
	groupOf,
	keyOf,
	larger,
	lastAnchor,
	markOf,
	maxAnchors,
	mixes,
	msOf,
	type Row,
} from './anchors.ts';
import {withNumber} from '../model/page.ts';

/**
 * Where paging by offset goes on. Plain JSON.
 *
 * An offset within a bound that stays is right in whatever order the rows come, as long as nothing slips; so each page
 * begins with rows of the one before, and where they are others now, their place is searched. A time as bound keeps
 * offsets small, but skips rows wherever the order is not what it seems: the bound is moved only when a request has
 * shown that nothing but what was read lies above it.
 */
export type OffsetCursor = {
	/** The upper bound of the listing, inclusive, epoch milliseconds. */
	readonly toMs: number;
	/** How many rows of the listing lie in front of the next one. */
	readonly start: number;
	/** The last rows that were read, the very last one at the end. */
	readonly anchors: readonly string[];
	/** With how many of them the next page should begin. */
	readonly overlap: number;
	/** How many rows the largest page had. */
	readonly largest: number;
	/** The time of the last row. */
	readonly ms?: number;
	/** How often each row of that time came in this listing, and of the time of the last page's first row. */
	readonly counts: Counts;
	/** How often each row of the last time was given, while that time is listed again. */
	readonly given?: Counts;
	/** The second of the last row. `start`, where known: its first row in the listing, behind the row `edge`. */
	readonly second?: {readonly at: number; readonly start?: number; readonly edge?: string};
	/** True as soon as a row came that is later than one before it, or might: no bound is taken from a row any more. */
	readonly unsorted?: true;
	/** Asked for now: whether the rows above the last second are those that were read. */
	readonly proving?: true;
	/** From so many rows on the next proof is tried, after one that failed. */
	readonly deep?: number;
	/** Where the known rows are searched, since they were not where they should be. */
	readonly search?: {readonly at: number; readonly forward: boolean};
	/** How many answers in a row held nothing new, and the last of them. */
	readonly vain?: {readonly times: number; readonly page?: string};
	/** How often the last second was listed again. */
	readonly again?: number;
};

interface OffsetPage {
	/** What was not given before, by its index in the answer; numbered where records are equal. */
	readonly fresh: ReadonlyMap<number, Row>;
	/** Absent at the end. */
	readonly next?: OffsetCursor | undefined;
	/** Why it cannot go on: what was expected of the server, and what came. */
	readonly stuck?: string;
}

interface OffsetReading {
	/** Whether equal ids are several records (numbered) or one. */
	readonly twins: boolean;
	/** How many rows are asked for; absent where nobody can choose. */
	readonly pageSize?: number | undefined;
	/** Whether the API says that no rows are behind these. */
	readonly isLast: boolean;
}

/** From so many rows on an offset is worth a request that makes it small again. */
const deepRows = 20_000;
/** So few different rows in all that is read again may stand one place further on and look the same. */
const alike = 4;
/** After so many answers without a new row in a row there are none, or the server never gives them. */
const maxVain = 32;
/** Where a pass begins: at the end of the bound's second, since a server may round it down. */
export function firstOffsetCursor(untilMs: number): OffsetCursor {
	return {toMs: Math.ceil(untilMs / 1000) * 1000, start: 0, anchors: [], overlap: 0, largest: 0, counts: {}};
}

/** What to ask for: the bounds, inclusive, and the rows to skip. */
export function windowAt(cursor: OffsetCursor, sinceMs: number, pageSize?: number) {
	const {proving, second, search, toMs, start} = cursor;
	if (proving) return {fromMs: Math.max(sinceMs, endOf(second!.at)), toMs, start: second!.start! - 1};
	return {fromMs: sinceMs, toMs, start: search ? search.at : start - overlapOf(cursor, pageSize)};
}

/** What a page adds, and where to go on. */
export function readOffsetPage(rows: readonly Row[], cursor: OffsetCursor, reading: OffsetReading): OffsetPage {
	if (cursor.proving) return {fresh: new Map(), next: proved(rows, cursor, reading.twins)};
	const overlap = overlapOf(cursor, reading.pageSize);
	const offset = cursor.search ? cursor.search.at : cursor.start - overlap;
	const found = locate(rows, cursor, {overlap, offset, ...reading});
	if (found === undefined) return searchOn(rows, cursor, overlap);
	const {place, cursor: known} = found;
	// an equal row may be another one, unless the place is a guess
	const mayBeTwins = reading.twins && (!known.unsorted || beginsWith(rows, cursor.anchors, {overlap, twins: true}));
	const isMixed = !mayBeTwins && mixes(rows, place, known);
	if ((known.again ?? 0) > maxVain || (isMixed && known.unsorted)) return {fresh: new Map(), stuck: mixed(known)};
	if (isMixed) return searchOn(rows, cursor, overlap);
	const {fresh, counts} = freshRows(rows, place, known, reading.twins);
	const next = behind(rows, place, known, {offset, counts, twins: reading.twins});
	if (fresh.size > 0) return {fresh, next};
	// nothing behind the rows that are known, and room for it: the one sign of an end that no server lacks
	if (!cursor.search && place === rows.length && rows.length <= overlap) return {fresh};
	return nothingNew(rows, cursor, next, reading);
}

/** A page that was made smaller meanwhile needs room for more than what is known. */
function overlapOf({overlap}: OffsetCursor, pageSize = Infinity): number {
	return Math.min(overlap, Math.floor(pageSize / 2));
}

/** The first row behind those that are known, or that of their last time, if that has to be counted again. */
function locate(
	rows: readonly Row[],
	cursor: OffsetCursor,
	{overlap, offset, twins, pageSize}: {overlap: number; offset: number} & OffsetReading,
) {
	const {anchors, search, ms, counts, given, unsorted} = cursor;
	if (anchors.length === 0) return {place: 0, cursor};
	if (overlap === 0 && !search) {
		// pages of one row show an equal one only where nobody asked for more
		const known = twins && pageSize === 1 ? undefined : lastAnchor(rows, anchors);
		return {place: known === undefined ? 0 : known + 1, cursor};
	}
	if (!search && beginsWith(rows, anchors, {overlap, twins})) return {place: overlap, cursor};
	const last = lastAnchor(rows, anchors);
	const isCounted = ms !== undefined && !unsorted && Object.keys(counts).length > 0;
	const begin = isCounted && (search || last !== undefined) ? beginOf(ms, rows, offset === 0) : undefined;
	if (begin !== undefined) {
		const again = (cursor.again ?? 0) + 1;
		const before = given ? larger(given, counts) : counts;
		return {place: begin, cursor: {...forgetStart(cursor), counts: {}, given: before, again}};
	}
	// one row of a time that fills more than what is read again says little, as it may have changed places
	if (isCounted && (search || twins || groupOf(ms, counts) > overlap)) return undefined;
	return last === undefined ? undefined : {place: last + 1, cursor: forgetStart(cursor)};
}

function mixed({ms}: OffsetCursor): string {
	const time = ms === undefined ? 'one time' : new Date(ms).toISOString();
	return `expected the rows of ${time} in one order, got some again in the place of others; run again once all nodes of the server list them alike, or ask for larger pages, which show them at once`;
}

/** Rows of the last time count: those beyond what was given are new, wherever they stand. */
function freshRows(rows: readonly Row[], place: number, {counts, given, ms, anchors}: OffsetCursor, twins: boolean) {
	const fresh = new Map<number, Row>();
	const seen = new Map(Object.entries(counts));
	for (let index = place; index < rows.length; index++) {
		const row = rows[index]!;
		const key = keyOf(row);
		const count = (seen.get(key) ?? 0) + 1;
		seen.set(key, count);
		if (given && msOf(row) === ms && count <= (given[key] ?? 0)) continue;
		if (typeof row === 'string') {
			if (!anchors.includes(markOf(row))) fresh.set(index, row);
		} else if (twins) fresh.set(index, withNumber(row, count));
		else if (count === 1) fresh.set(index, row);
	}
	return {fresh, counts: seen};
}

interface Turn {
	readonly offset: number;
	readonly counts: ReadonlyMap<string, number>;
	readonly twins: boolean;
}

function behind(
	rows: readonly Row[],
	place: number,
	cursor: OffsetCursor,
	{offset, counts, twins}: Turn,
): OffsetCursor {
	const {search: _, vain: _vain, given, again, ms: before, ...rest} = cursor;
	const records = rows.filter(row => typeof row !== 'string');
	const ms = records.at(-1)?.orderMs ?? before;
	const largest = Math.max(cursor.largest, rows.length);
	const order = orderBehind(rows, place, offset, cursor);
	const isSameSecond = order.second?.at === cursor.second?.at;
	const next: OffsetCursor = {
		...rest,
		...order,
		...(ms === undefined ? {} : {ms}),
		...(given && ms === before ? {given} : {}),
		...(again && isSameSecond ? {again} : {}),
		start: offset + rows.length,
		anchors: [...cursor.anchors, ...rows.slice(place).slice(-maxAnchors).map(markOf)].slice(-maxAnchors),
		overlap: Math.min(groupAtEnd(rows), maxAnchors, Math.floor(largest / 2)),
		largest,
		// of ascending rows the first ones of a page have their equals on the next one
		counts: countsOf(new Set([ms, records.at(0)?.orderMs]), counts),
	};
	return isWorthProof(next, rows, twins) ? {...next, proving: true} : next;
}

function orderBehind(rows: readonly Row[], place: number, offset: number, before: OffsetCursor) {
	let {second, unsorted} = before;
	for (let index = place; index < rows.length; index++) {
		const ms = msOf(rows[index]!);
		if (ms === undefined) continue;
		const at = Math.floor(ms / 1000);
		if (second === undefined || at < second.at) {
			const edge = index > 0 ? markOf(rows[index - 1]!) : before.anchors.at(-1);
			second = {at, start: offset + index, ...(edge === undefined ? {} : {edge})};
		} else if (at > second.at) unsorted = true;
	}
	return {...(second ? {second} : {}), ...(unsorted ? {unsorted} : {})};
}

function forgetStart(cursor: OffsetCursor): OffsetCursor {
	return cursor.second ? {...cursor, second: {at: cursor.second.at}} : cursor;
}

/** Where offsets are large, and where rows look so alike that a slip above them would not show. */
function isWorthProof(next: OffsetCursor, rows: readonly Row[], twins: boolean): boolean {
	const {unsorted, second, start, overlap, anchors, deep = deepRows} = next;
	if (unsorted || !second?.edge || !second.start) return false;
	if (start >= deep) return true;
	if (!twins || overlap === 0 || groupAtEnd(rows) <= overlap) return false;
	return overlap < maxAnchors || new Set(anchors).size <= alike;
}

/** Nothing lies above the last second but what was read: the listing may begin there. Else equal rows may have slipped. */
function proved(rows: readonly Row[], {proving: _proving, ...cursor}: OffsetCursor, twins: boolean): OffsetCursor {
	const {second, deep: _, ...rest} = cursor;
	const at = Math.max(0, cursor.start - cursor.overlap - cursor.largest);
	if (rows.length !== 1 || markOf(rows[0]!) !== second!.edge)
		return {...forgetStart(cursor), deep: 2 * cursor.start, ...(twins ? {search: {at, forward: false}} : {})};
	return {...rest, toMs: endOf(second!.at), start: 0, second: {at: second!.at}, search: {at: 0, forward: true}};
}

/** The rows that are known are not here: a little above, if rows were taken out, else anywhere. */
function searchOn(rows: readonly Row[], cursor: OffsetCursor, overlap: number): OffsetPage {
	const {search, largest, start} = cursor;
	const fresh = new Map();
	const times = (cursor.vain?.times ?? 0) + 1;
	if (times > maxVain && !search?.forward) return {fresh, stuck: othersEachTime(cursor)};
	const to = (at: number, forward: boolean): OffsetPage => {
		return {fresh, next: {...cursor, search: {at, forward}, vain: {times}}};
	};
	if (!search) return to(Math.max(0, start - overlap - largest), false);
	if (!search.forward) return to(0, true);
	// a page begins with a row of the one before, so that the first one of a time stands behind it
	const seeksBegin = search.at > 0 && largest > 1 && Object.keys(cursor.counts).length > 0;
	const isPast =
		(msOf(rows.at(-1)) ?? Infinity) < cursor.ms! || (seeksBegin && (msOf(rows[0]) ?? Infinity) <= cursor.ms!);
	if (!cursor.unsorted && isPast) {
		// something slipped while it was searched: what is older begins behind a row that was not seen
		const again = (cursor.again ?? 0) + 1;
		if (again > maxVain) return {fresh, stuck: othersEachTime(cursor)};
		return {fresh, next: {...cursor, search: {at: 0, forward: true}, vain: {times}, again}};
	}
	// one row comes again with each page, so that a slip in between cannot hide them
	if (rows.length > 1) return to(search.at + rows.length - 1, true);
	if (rows.length === 1 && search.at === 0 && largest === 1) return to(1, true);
	// what is left was read, as its times say
	if (!cursor.unsorted && search.at + rows.length > 0) return {fresh};
	return {fresh, stuck: 'expected the rows that it gave before, got none of them any more'};
}

function othersEachTime({ms}: OffsetCursor): string {
	const where = ms === undefined ? '' : `, around ${new Date(ms).toISOString()}`;
	return `expected the rows that it gave before${where}, got others each time, or in another order; run again once all nodes of the server answer alike`;
}

/** All rows are known, and more than were asked for: there are others above them now, or the offset is ignored. */
function nothingNew(
	rows: readonly Row[],
	cursor: OffsetCursor,
	next: OffsetCursor,
	reading: OffsetReading,
): OffsetPage {
	const fresh = new Map();
	const page = markOf(rows.map(markOf).join());
	const isSame = !cursor.search && cursor.vain?.page === page;
	if (isSame && reading.isLast && rows.length < (reading.pageSize ?? Infinity)) return {fresh};
	if (isSame) {
		const again = rows.length === 1 ? 'the row' : `the ${rows.length} rows`;
		return {
			fresh,
			stuck: `expected rows behind the first ${rows.length}, got ${again} again: the server seems to ignore the offset; ask for spans of time that hold less than a page each, or for larger pages`,
		};
	}
	const times = (cursor.vain?.times ?? 0) + 1;
	return {fresh, next: {...next, vain: {times, ...(cursor.search ? {} : {page})}}};
}

function endOf(second: number): number {
	return (second + 1) * 1000;
}
