import {keepsBounds} from './bounds.ts';
import {ConfigError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {type Fetched, isWithin, type ReadPage, type Scan, wholeSecond} from './scan.ts';
import {isElsewhere} from './window.ts';

/** Where the next stretch begins, and how long it is to be, epoch milliseconds. */
type StretchCursor = {readonly fromMs: number; readonly lengthMs: number};

/** A stretch with more pages of the API is read again as a shorter one. */
const maxPages = 4;
/** Times are not cut finer: all that is of one second is held at once. */
const shortestMs = 1000;
const maxGrowth = 8;
const provenForMs = 20 * 86_400_000;

/**
 * Pages with the oldest records first, of an API that gives the newest ones first: each is a stretch of time, read to its
 * end and turned round. A stretch is as long as what about one page of the API has reached through before; where the log
 * begins is found by halving. Rejects with a ConfigError where a server does not keep to the bounds of a stretch.
 */
export function readOldestFirst<T>(name: string, read: ReadPage<T>): ReadPage<T> {
	let pageRows = 1;
	/** Up to where it is known that the server keeps to bounds; a clock that is put forward may change that. */
	let provenMs = -Infinity;
	return async (scan, signal) => {
		const {sinceMs, untilMs, edgeMs = sinceMs, cursor} = scan;
		const {fromMs, lengthMs} = (cursor as StretchCursor | undefined) ?? {fromMs: edgeMs, lengthMs: untilMs - edgeMs};
		for (let length = Math.max(shortestMs, lengthMs); ; length = Math.max(shortestMs, length / 2)) {
			const endMs = length >= untilMs - fromMs ? untilMs : wholeSecond(fromMs + length);
			const stretch: Scan = {sinceMs: fromMs, untilMs: endMs, coversToMs: endMs};
			const pages = await pagesOf(stretch, endMs - fromMs > shortestMs, signal);
			if (!pages) continue;
			await prove(pages, stretch, signal);
			const rows = pages.reduce((sum, {records}) => sum + records.length, 0);
			const growth = Math.min(maxGrowth, Math.max(1 / maxGrowth, rows === 0 ? 2 : pageRows / rows));
			const next: StretchCursor | undefined =
				endMs < untilMs ? {fromMs: endMs, lengthMs: Math.max(shortestMs, (endMs - fromMs) * growth)} : undefined;
			return turned(pages, stretch, next);
		}
	};

	/** Asks for a part of what came, once for so much time. */
	async function prove(pages: readonly Fetched<T>[], {untilMs}: Scan, signal: AbortSignal): Promise<void> {
		if (untilMs < provenMs) return;
		const known = pages.flatMap(({records}) => records);
		const isKept = await keepsBounds(read, known, signal, pageRows);
		if (isKept === false) throw takesNoNotice();
		if (isKept) provenMs = untilMs + provenForMs;
	}

	function takesNoNotice(): ConfigError {
		return new ConfigError(
			spell =>
				`${name}: ${spell('order')} oldest needs a server that gives all of a span of time, and no other; this one does not. Leave it out to read the newest events first`,
		);
	}

	/** All pages of a stretch; undefined where it is to be a shorter one. */
	async function pagesOf(
		stretch: Scan,
		mayBeShorter: boolean,
		signal: AbortSignal,
	): Promise<readonly Fetched<T>[] | undefined> {
		const pages: Fetched<T>[] = [];
		for (let cursor: Json | undefined; ; cursor = pages.at(-1)!.next) {
			const page = await read(cursor === undefined ? stretch : {...stretch, cursor}, signal);
			if (isElsewhere(page, stretch)) throw takesNoNotice();
			pages.push(page);
			if (page.next === undefined) return pages;
			pageRows = Math.max(pageRows, page.records.length);
			if (mayBeShorter && (pages.length >= maxPages || isFar(page, stretch))) return undefined;
		}
	}
}

/** Whether so short a part of a stretch fills a page that all of it would be far too many. */
function isFar({records}: Fetched<unknown>, {sinceMs, untilMs}: Scan): boolean {
	const oldestMs = Math.min(...records.map(({orderMs}) => orderMs));
	return untilMs - oldestMs < (untilMs - sinceMs) / (2 * maxPages);
}

function turned<T>(pages: readonly Fetched<T>[], stretch: Scan, next: StretchCursor | undefined): Fetched<T> {
	const rows = pages.flatMap(({events, records}) =>
		records.map((record, index) => ({record, event: events?.[index] as T})),
	);
	const kept = rows.filter(({record}) => isWithin(record, stretch)).reverse();
	return {
		events: pages.every(({events}) => events) ? kept.map(({event}) => event) : undefined,
		records: kept.map(({record}) => record),
		rejected: pages.flatMap(({rejected = []}) => rejected),
		rows: pages.reduce((sum, page) => sum + (page.rows ?? page.records.length + (page.rejected?.length ?? 0)), 0),
		bytes: pages.reduce((sum, {bytes}) => sum + bytes, 0),
		next: next as unknown as Json | undefined,
	};
}
