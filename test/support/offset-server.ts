import {withJsonServer} from './json-server.ts';

/** What a server does otherwise than its document says. */
export interface OffsetQuirks {
	/** Short pages: every third row is hidden after the page was cut. */
	readonly end: 'short pages' | 'no next sign' | 'capped limit' | 'next sign on empty pages';
	readonly order:
		| 'as documented'
		| 'oldest first'
		| 'by id, single rows back-dated'
		| 'by id, back-dated at page ends'
		| 'by id, a run back-dated'
		| 'ascending within pages';
	readonly ignores: 'neither' | 'to' | 'offset' | 'both';
}

export interface OffsetRow {
	readonly id: number;
	readonly timeMs: number;
}

/** A part of the listing, and what a right answer says of it. */
export interface OffsetAnswer {
	readonly rows: readonly OffsetRow[];
	readonly offset: number;
	readonly limit: number | undefined;
	readonly total: number;
	/** Absent where the server gives no sign. */
	readonly isLast: boolean | undefined;
}

export interface OffsetQuery {
	readonly fromMs: number;
	readonly toMs: number;
	readonly offset: number;
	readonly limit: number;
}

/** How one API is asked, and how it answers. */
export interface OffsetApi {
	read(url: URL, body: string): OffsetQuery;
	answer(answer: OffsetAnswer): object;
}

const cap = 10;
const newestMs = Date.UTC(2026, 0, 31);

/** The rows in the order in which a server lists them, the newest id first. */
export function rowsInOrder(order: OffsetQuirks['order'], count: number): OffsetRow[] {
	const backDatedMs = 500_000_000;
	const rows = Array.from({length: count}, (_, index) => {
		const isBackDated =
			(order === 'by id, single rows back-dated' && index % 7 === 3) ||
			(order === 'by id, back-dated at page ends' && index % cap === cap - 1) ||
			(order === 'by id, a run back-dated' && index >= 5 && index < 5 + 2 * cap);
		return {id: count - index, timeMs: newestMs - index * 1000 - (isBackDated ? backDatedMs : 0)};
	});
	return order === 'oldest first' ? rows.reverse() : rows;
}

/** So many rows of each time, newest first, or oldest first; those of one time in one order, or the other way round. */
export function rowsWithTies(
	count: number,
	{perTime, oldestFirst = false}: {perTime: number; oldestFirst?: boolean},
	isReversed: boolean,
): OffsetRow[] {
	const rows = Array.from({length: count}, (_, index) => ({
		id: count - index,
		timeMs: newestMs - Math.floor((index + 1) / perTime) * 1000,
	}));
	const [time, id] = [oldestFirst ? -1 : 1, isReversed ? -1 : 1];
	return rows.sort((one, other) => time * (other.timeMs - one.timeMs) || id * (other.id - one.id));
}

/** What a server shows of its rows: all but those that nobody may see. */
export function isShown({end}: OffsetQuirks, {id}: OffsetRow): boolean {
	return end !== 'short pages' || id % 3 !== 0;
}

export function answerTo(asked: OffsetQuery, quirks: OffsetQuirks, all: readonly OffsetRow[]): OffsetAnswer {
	const {end, order, ignores} = quirks;
	const toMs = ignores === 'to' || ignores === 'both' ? Infinity : asked.toMs;
	const offset = ignores === 'offset' || ignores === 'both' ? 0 : asked.offset;
	const found = all.filter(({timeMs}) => timeMs >= asked.fromMs && timeMs <= toMs);
	const part = found.slice(offset, offset + Math.min(asked.limit, cap));
	if (order === 'ascending within pages') part.reverse();
	const isEnd = offset + part.length >= found.length;
	return {
		rows: part.filter(row => isShown(quirks, row)),
		offset,
		limit: end === 'no next sign' ? undefined : asked.limit,
		total: found.length,
		isLast: end === 'no next sign' ? undefined : isEnd && end !== 'next sign on empty pages',
	};
}

/** Calls back with the address of a server that lists these rows; `all` may change meanwhile, or with the offset. */
export async function withOffsetServer(
	api: OffsetApi,
	quirks: OffsetQuirks,
	all: (offset: number) => readonly OffsetRow[],
	use: (endpoint: string) => Promise<void>,
): Promise<void> {
	await withJsonServer(({url, body}) => {
		const asked = api.read(new URL(url, 'http://localhost'), body);
		return api.answer(answerTo(asked, quirks, all(asked.offset)));
	}, use);
}
