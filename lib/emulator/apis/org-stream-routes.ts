import {z} from 'zod';
import {adminError, type AdminErrorCode, type Answer, type ErrorBody} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {openNumbers, sealNumbers} from '../data/cursor.ts';
import {type CursorLife, isExpired, stampOf} from '../server/cursor-life.ts';
import {createCursorFaults} from '../server/next-cursor.ts';
import type {OrgEvents} from './org-events.ts';
import {orgPage} from './org-page.ts';
import {compare, type OrgStream, type Processed} from './org-stream.ts';
import {firstIndex} from '../data/timeline.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import {oneOf} from '../server/switch-value.ts';

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 500;

export const streamSwitches = z.strictObject({
	lastPageCursor: oneOf(
		['always', 'null', 'emptyPage'],
		"how the events-stream ends; always: every page has a cursor, an empty one keeps the one that it was asked with; null: the last page has none; emptyPage: only an empty page behind it has none; default: always, as the vendor's guide says",
	),
	bounds: oneOf(['processed', 'happened'], 'which time the bounds of the events-stream are about; default: processed'),
});

export type StreamSwitches = Readonly<z.output<typeof streamSwitches>>;

export interface OrgStreamRouteOptions extends CursorLife {
	readonly seed: number;
	readonly errorBody: ErrorBody;
	readonly prettyPrint: boolean;
	readonly maxLimit: number;
	readonly switches: StreamSwitches;
	readonly linkBase: () => string;
}

/** What a cursor of the stream holds, besides its stamp. */
interface Reading {
	readonly descending: boolean;
	readonly from: number;
	readonly to: number;
	/** The last event that was served. */
	readonly behind: Processed | undefined;
}

/** The Organizations API's `events-stream`: events in the order of processing, what is new at the end. */
export function orgStreamRoutes(
	options: OrgStreamRouteOptions,
	events: OrgEvents,
	stream: OrgStream,
): readonly Route[] {
	const {lastPageCursor = 'always', bounds = 'processed'} = options.switches;
	const writer = createByteWriter();
	const cursorFaults = createCursorFaults();
	const error = (code: AdminErrorCode) => adminError(code, options.errorBody);

	function page(request: ApiRequest): Answer {
		const {query, fault} = request;
		const given = query.get('cursor') ?? undefined;
		const opened = given === undefined ? undefined : openCursor(given, request);
		if (given !== undefined && (!opened || fault?.kind === 'refuse-cursor')) return error('ADMIN-400-1');
		if (!['asc', 'desc', null].includes(query.get('sortOrder'))) return error('ADMIN-400-4');
		const reading = readingOf(query, opened);
		if (!reading) return error('ADMIN-400-3');
		const limit = query.has('limit') ? Number(query.get('limit')) : DEFAULT_LIMIT;
		if (!Number.isInteger(limit) || limit < 1) return error('ADMIN-400-4');
		const size = Math.min(limit, MAX_LIMIT, options.maxLimit);

		const left = fault?.kind === 'empty-pages' ? [] : rest(reading, size + 1);
		const rows = left.slice(0, size);
		const last = rows.at(-1);
		const seal = (behind: Processed | undefined, differs: boolean) =>
			sealCursor({...reading, behind}, request, differs);
		const more = lastPageCursor === 'null' ? left.length > size : rows.length > 0;
		const next =
			more && last ? seal(last, false) : lastPageCursor === 'always' ? (given ?? seal(undefined, false)) : undefined;
		return orgPage({...options, writer}, request, {
			resource: 'events-stream',
			count: rows.length,
			size,
			next: cursorFaults(fault, {given, next, again: () => seal(reading.behind, true)}),
			writeRecord: index => events.write(writer, rows[index]!, rows[index]!.processedMs),
		});
	}

	/** The next events of a reading, at most `count`. */
	function rest({descending, from, to, behind}: Reading, count: number): readonly Processed[] {
		const within =
			bounds === 'processed' ? stream.all() : stream.all().filter(({timeMs}) => timeMs >= from && timeMs <= to);
		const first = (holds: (event: Processed) => boolean) => firstIndex(within.length, index => holds(within[index]!));
		let low = bounds === 'processed' ? first(({processedMs}) => processedMs >= from) : 0;
		let high = bounds === 'processed' ? first(({processedMs}) => processedMs > to) : within.length;
		if (behind && descending)
			high = Math.min(
				high,
				first(event => compare(event, behind) >= 0),
			);
		if (behind && !descending)
			low = Math.max(
				low,
				first(event => compare(event, behind) > 0),
			);
		if (descending) return within.slice(Math.max(low, high - count), Math.max(low, high)).reverse();
		return within.slice(low, Math.max(low, Math.min(high, low + count)));
	}

	function sealCursor({descending, from, to, behind}: Reading, request: ApiRequest, differs: boolean): string {
		const {issuedMs, request: number} = stampOf(options, request, differs);
		const place = behind ? [behind.processedMs, behind.row] : [0, Infinity];
		return sealNumbers([...place, issuedMs, number, descending ? 1 : 0, from, to], options.seed);
	}

	function openCursor(text: string, request: ApiRequest): Reading | undefined {
		const [processedMs = 0, row = 0, issuedMs = 0, number = 0, descending, from = 0, to, ...more] =
			openNumbers(text, options.seed) ?? [];
		if (to === undefined || more.length > 0) return undefined;
		if (isExpired(options, {issuedMs, request: number}, request)) return undefined;
		const behind = row === Infinity ? undefined : {processedMs, row, timeMs: 0};
		return {descending: descending === 1, from, to, behind};
	}

	const path = /^\/admin\/v1\/orgs\/([^/]+)\/events-stream$/;
	return [{method: 'GET', path, paged: true, answer: page}];
}

// A cursor holds order and bounds; what is sent again replaces them. Undefined when a time is no time.
function readingOf(query: URLSearchParams, opened: Reading | undefined): Reading | undefined {
	const time = (name: string, other: number) => {
		const text = query.get(name);
		return text === null ? other : /^\d{1,16}$/.test(text) ? Number(text) : NaN;
	};
	const from = time('from', opened?.from ?? -Infinity);
	const to = time('to', opened?.to ?? Infinity);
	if (Number.isNaN(from) || Number.isNaN(to)) return undefined;
	const order = query.get('sortOrder') ?? (opened?.descending ? 'desc' : 'asc');
	return {descending: order === 'desc', from, to, behind: opened?.behind};
}
