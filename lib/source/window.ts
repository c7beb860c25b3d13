import type {BudgetPlace} from '../model/budget.ts';
import type {Json} from '../model/event.ts';
import type {SourceRecord} from '../model/page.ts';
import {type Fetched, isWithin, type Scan, wholeSecond} from './scan.ts';

/** A window, and what is left of its pass behind it. */
export interface Cut {
	readonly first: Scan;
	readonly rest?: Scan | undefined;
}

/** What cuts passes into windows. */
export interface Windows<T> {
	/** Takes note of a page of a pass; the first window, and what is left then, where it is to begin again in windows. */
	cut(pass: Scan, answer: Fetched<T>): Promise<Cut | undefined>;
	/** The first window of a pass that was cut, or the pass, and what is left then. */
	next(pass: Scan): Cut;
	/** Whether a record of the window that is being written is to be, though it is not of its time. */
	strays(record: SourceRecord): boolean;
}

/** A span of time that is read by itself: its pages follow from one another, and from no other's. */
export interface Window<T> {
	readonly scan: Scan;
	/** What was asked for ahead and not yet taken, by its cursor. */
	readonly answers: Map<string, {readonly answer: Promise<Fetched<T>>; readonly place: BudgetPlace}>;
	/** The cursor of the page to ask for next. */
	cursor: Json | undefined;
	/** Whether nothing of it can be asked for now: a page is on its way, it is at its end, or it failed. */
	isWaiting: boolean;
	pages: number;
	rows: number;
	/** The earliest and the latest time of its records. */
	firstMs: number;
	lastMs: number;
	/** False for one that is longer than what is in it. */
	readonly isTypical: boolean;
	/** Nobody needs what was asked for. */
	readonly unwanted: AbortController;
}

export function newWindow<T>(scan: Scan, isTypical = true): Window<T> {
	return {
		scan,
		answers: new Map(),
		cursor: undefined,
		isWaiting: false,
		pages: 0,
		rows: 0,
		firstMs: Infinity,
		lastMs: -Infinity,
		isTypical,
		unwanted: new AbortController(),
	};
}

/** Counts a page that came, by what of it is of the window's time. */
export function countPage<T>(window: Window<T>, {records}: Fetched<T>): void {
	window.pages++;
	for (const record of records) {
		if (!isWithin(record, window.scan)) continue;
		window.rows++;
		window.firstMs = Math.min(window.firstMs, record.orderMs);
		window.lastMs = Math.max(window.lastMs, record.orderMs);
	}
}

/** Gives back the places of all that was asked for. */
export function dropWindow({answers, unwanted}: Window<unknown>): void {
	unwanted.abort();
	for (const {place} of answers.values()) place.release();
	answers.clear();
}

/** A server may round the bounds. */
const roundingMs = 60_000;

/** Whether none of it is of the time that was asked for, or of a time close to it. */
export function isElsewhere({records}: Fetched<unknown>, scan: Scan): boolean {
	const {sinceMs, untilMs} = scan;
	const near = {...scan, sinceMs: sinceMs - roundingMs, untilMs: untilMs + roundingMs};
	return records.length > 0 && !holdsAny({records}, near);
}

/** Whether any of it is of the time that was asked for. */
export function holdsAny({records}: Pick<Fetched<unknown>, 'records'>, scan: Scan): boolean {
	return records.some(record => isWithin(record, scan));
}

/** Whether it is read in this window. */
export function isOf({sinceMs, untilMs, edgeMs}: Scan, {scan}: Window<unknown>): boolean {
	return sinceMs === scan.sinceMs && untilMs === scan.untilMs && edgeMs === scan.edgeMs;
}

export function keyOf(cursor: Json | undefined): string {
	return cursor === undefined ? '' : JSON.stringify(cursor);
}

export function lengthOf({sinceMs, untilMs}: Scan): number {
	return untilMs - sinceMs;
}

/** How much of its time what came of it reaches through, from where its order begins. */
export function readMsOf({scan, firstMs, lastMs}: Window<unknown>, isNewest: boolean): number {
	return isNewest ? scan.untilMs - firstMs : lastMs - scan.sinceMs;
}

/** A pass in two parts, the one that comes first in its order, about so long, in front; or in one. */
export function cutScan(pass: Scan, ms: number, isNewest: boolean): [Scan, Scan?] {
	const {sinceMs, untilMs, coversToMs} = pass;
	// what does not count as covered yet is no window of its own
	const edgeMs = wholeSecond(
		isNewest ? Math.min(untilMs - ms, coversToMs - 1000) : Math.max(sinceMs + ms, sinceMs + 1000),
	);
	if (isNewest ? edgeMs <= sinceMs : edgeMs >= Math.min(untilMs, coversToMs)) return [pass];
	const older = within(pass, sinceMs, edgeMs);
	const newer = within(pass, edgeMs, untilMs);
	return isNewest ? [newer, older] : [older, newer];
}

function within(pass: Scan, sinceMs: number, untilMs: number): Scan {
	return {...pass, sinceMs, untilMs, coversToMs: Math.min(pass.coversToMs, untilMs)};
}
