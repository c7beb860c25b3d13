import type {Rate} from '../../http/limiter.ts';
import {defaultBudget} from '../../model/budget.ts';
import {manyPages, pagesBefore, pagesOfWindow} from '../../source/read-ahead.ts';
import {spanWords} from './pipeline.ts';

type Spread = readonly [least: number, most: number] | null;

/** What a pull would read. Null: nobody knows. */
export interface Plan {
	readonly source: string;
	readonly events: number | null;
	readonly requests: number | null;
	readonly seconds: number | null;
	/** Of the records as the API gives them. */
	readonly bytes: number | null;
	/** The first and the last event that was seen. */
	readonly oldest: string | null;
	readonly newest: string | null;
	/** A second with more events than a page has room for, how many nobody knows: the spreads have no end, in JSON null. */
	readonly burst: string | null;
	/** What each number is at least and at most. */
	readonly spread: {
		readonly events: Spread;
		readonly requests: Spread;
		readonly seconds: Spread;
		readonly bytes: Spread;
	};
	/** The largest page that came. */
	readonly pageEvents: number;
	readonly rate: {readonly requests: number; readonly perSeconds: number} | null;
	/** How many requests the plan took. */
	readonly asked: number;
	readonly deprecations: readonly string[];
}

interface Reading {
	/** Of a full page. */
	readonly rows: number;
	readonly bytes: number;
	readonly concurrency: number;
	readonly byOffset: boolean;
	/** Whether it is known where the log begins. */
	readonly isBounded: boolean;
}

/** So many pages are asked for in vain before the log begins. */
const pagesInVain = 4;

/** How many requests read so many events, and how many of them go side by side. */
export function requestsFor(
	events: number,
	{rows, bytes, concurrency, byOffset, isBounded}: Reading,
): {count: number; sideBySide: number} {
	const pages = Math.ceil(events / rows);
	// an API that pages by offset is read to an empty page
	const end = byOffset ? 1 : 0;
	// one more request tells whether there are many
	const asked = concurrency > 1 && pages > pagesBefore ? 1 : 0;
	if (concurrency === 1 || pages <= pagesBefore + manyPages)
		return {count: Math.max(1, pages + end) + asked, sideBySide: 1};
	const windows = Math.ceil(pages / pagesOfWindow(bytes, concurrency, 2 * defaultBudget.maxBytes));
	// the last page of a window is not full
	return {
		count: pages + windows * (1 + 2 * end) + asked + pagesBefore + (isBounded ? 0 : pagesInVain),
		sideBySide: concurrency,
	};
}

/** How long so many requests take: by the quota or by the server, whichever is slower. */
export function secondsFor(
	count: number,
	{
		sideBySide,
		rate,
		latencyMs,
		workMs,
	}: {sideBySide: number; rate: Rate | undefined; latencyMs: number; workMs: number},
): number {
	if (count === Infinity) return Infinity;
	const byServerMs = (count * latencyMs) / sideBySide + workMs;
	if (!rate) return Math.round(byServerMs / 100) / 10;
	// as many as are allowed at once, and the last ones when their turn comes
	const spans = Math.floor((count - 1) / rate.requests);
	const lastMs = ((count - spans * rate.requests) * latencyMs) / sideBySide;
	return Math.round(Math.max(byServerMs, spans * rate.perMs + lastMs) / 100) / 10;
}

/** A plan for people. */
export function planText(plan: Plan): string {
	const {events, spread, oldest, newest, rate, pageEvents, burst, asked, deprecations} = plan;
	if (events === null) {
		return lines([
			['events', `at least ${pageEvents}: ${plan.source} is a listing without times, and has more pages`],
			...deprecations.map(text => ['ends', text] as const),
		]);
	}
	return lines([
		['events', about(events, spread.events, String)],
		['requests', `${about(plan.requests!, spread.requests, String)}, of ${pageEvents} events at most`],
		[
			'time',
			`${about(plan.seconds!, spread.seconds, seconds => spanWords(seconds))}${rate ? `, at ${rate.requests} requests in ${rate.perSeconds} s` : ''}`,
		],
		['size', about(plan.bytes!, spread.bytes, bytesText)],
		['oldest', oldest ?? 'none'],
		['newest', newest ?? 'none'],
		...(burst ? [['burst', `more than a page in one second, ${burst}: how much more is not known`] as const] : []),
		['asked', `${asked} requests for this plan`],
		...deprecations.map(text => ['ends', text] as const),
	]);
}

function lines(rows: readonly (readonly [name: string, text: string])[]): string {
	return rows.map(([name, text]) => `${name.padEnd(10)}${text}\n`).join('');
}

function about(value: number, spread: Spread, text: (value: number) => string): string {
	if (!spread || spread[0] === spread[1]) return text(value);
	if (spread[1] === Infinity) return `about ${text(value)}, or more`;
	return `about ${text(value)} (${text(spread[0])} to ${text(spread[1])})`;
}

/** A number of bytes for people. */
export function bytesText(bytes: number): string {
	const units = ['B', 'KB', 'MB', 'GB', 'TB'];
	const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
	return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}
