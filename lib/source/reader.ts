import {hash} from 'node:crypto';
import type {z} from 'zod';
import type {Row} from './anchors.ts';
import {type EqualRecords, numberEquals} from './equal-records.ts';
import {SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Client} from '../http/client.ts';
import type {Answer, ReadPage} from './paginate.ts';
import {parseAnswer, type ParsedAnswer, readRecords} from './records.ts';
import type {Scan} from './scan.ts';
import type {SourceDefinition, SourceOptions, Window} from './definition.ts';
import {toClientRequest} from './request.ts';
import {firstOffsetCursor, type OffsetCursor, readOffsetPage, windowAt} from './offset-paging.ts';

/** How an API's pages are read: by its cursor, by its cursor with equal records counted, or by offset. */
interface Paging {
	window(window: Window, cursor: Json | undefined): Window;
	turn<T>(answer: Answer<T>, parsed: ParsedAnswer, window: Window, cursor: Json | undefined): Answer<T>;
}

/** Reads one page of a pass: asks for it, takes its records apart, and says where the next one begins. */
export function createReader<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	client: Client,
	options: SourceOptions<Shape>,
	overlapMs: number,
): ReadPage<T> {
	const {maxEventBytes, pageSize} = options as unknown as {maxEventBytes: number; pageSize?: number};
	const paging = !definition.next
		? byOffset(definition, pageSize)
		: definition.id
			? byCursor(definition)
			: byCountedCursor(definition);
	return async (scan, signal) => {
		const bounds = windowOf(definition.order, scan, overlapMs);
		const window = paging.window(bounds, scan.cursor);
		const {content, bytes} = await client(
			{
				...toClientRequest(definition.request(options, window)),
				repeatable: true,
				parse: (body, isAnnounced) => parseAnswer(body, definition.records, {maxEventBytes, isAnnounced}),
			},
			signal,
		);
		const parsed = content as ParsedAnswer;
		const listedAtMs = definition.order === 'none' ? scan.untilMs - 1 : undefined;
		const answer = {...readRecords(definition, parsed.records, listedAtMs), bytes};
		return paging.turn(answer as Answer<T>, parsed, bounds, scan.cursor);
	};
}

function windowOf(order: string, scan: Scan, overlapMs: number): Window {
	const {sinceMs, untilMs, cursor, edgeMs} = scan;
	const fromMs = order === 'oldest-first' && edgeMs !== undefined ? Math.max(sinceMs, edgeMs - overlapMs) : sinceMs;
	const toMs = order === 'newest-first' && edgeMs !== undefined ? Math.min(untilMs, edgeMs) : untilMs;
	return {fromMs, toMs, start: 0, ...(cursor === undefined ? {} : {cursor})};
}

type Facts = Pick<SourceDefinition<z.ZodRawShape, never>, 'name' | 'next' | 'last' | 'id'>;

function byCursor({next}: Facts): Paging {
	return {
		window: window => window,
		turn: (answer, {envelope}, _, cursor) => ({...answer, next: next?.(envelope, rowsOf(answer), cursor)}),
	};
}

/** The API's cursor, and what is needed to go on counting equal records behind it. */
type CountedCursor = {readonly at: Json; readonly equals?: EqualRecords};

function byCountedCursor({next}: Facts): Paging {
	return {
		window(window, cursor) {
			return cursor === undefined ? window : {...window, cursor: (cursor as unknown as CountedCursor).at};
		},
		turn(answer, {envelope}, _, cursor) {
			const {records, last} = numberEquals(answer.records, (cursor as unknown as CountedCursor | undefined)?.equals);
			const at = next?.(envelope, rowsOf(answer), (cursor as unknown as CountedCursor | undefined)?.at);
			if (at === undefined) return {...answer, records};
			const counted: CountedCursor = {at, ...(last ? {equals: last} : {})};
			return {...answer, records, next: counted as unknown as Json, nextKey: JSON.stringify(at)};
		},
	};
}

function byOffset({name, last, id}: Facts, pageSize: number | undefined): Paging {
	const cursorOf = ({toMs}: Window, cursor: Json | undefined) =>
		(cursor as unknown as OffsetCursor | undefined) ?? firstOffsetCursor(toMs);
	return {
		window: (window, given) => windowAt(cursorOf(window, given), window.fromMs, pageSize),
		turn(answer, {envelope, records: parsed}, window, given) {
			const {records, events, rejected = []} = answer;
			const places = new Map(records.map(({text}, place) => [text, place]));
			const rows = parsed.map(({text}): Row => records[places.get(text)!] ?? hash('sha256', text, 'hex'));
			const {fresh, next, stuck} = readOffsetPage(rows, cursorOf(window, given), {
				twins: id === undefined,
				pageSize,
				isLast: last?.(envelope, rows.length) === true,
			});
			if (stuck) throw new SourceError('PAGING_NO_PROGRESS', `${name}: paging makes no progress: ${stuck}`);
			const isFresh = new Set([...fresh.keys()].map(index => parsed[index]!.text as Uint8Array));
			return {
				...answer,
				records: [...fresh.values()].filter(row => typeof row !== 'string'),
				events: events.filter((_, place) => isFresh.has(records[place]!.text)),
				rejected: rejected.filter(({text}) => isFresh.has(text)),
				rows: rows.length,
				next: next as unknown as Json | undefined,
			};
		},
	};
}

function rowsOf({records, rejected = []}: Answer<unknown>): number {
	return records.length + rejected.length;
}
