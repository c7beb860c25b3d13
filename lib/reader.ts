import type {z} from 'zod';
import {queryPairs} from './connect.ts';
import {type EqualRecords, numberEquals} from './equal-records.ts';
import type {Json} from './event.ts';
import type {Client} from './http/client.ts';
import type {Answer, ReadPage} from './operators/paginate.ts';
import {parseAnswer, type ParsedAnswer, readRecords} from './records.ts';
import type {Scan} from './scan.ts';
import type {SourceDefinition, SourceOptions, Window} from './source.ts';
import {readTimePage, type TimeCursor} from './time-paging.ts';

/** How an API's pages are read: by its cursor, by its cursor with equal records counted, or by time. */
interface Paging {
	window(window: Window, cursor: Json | undefined): Window;
	turn<T>(answer: Answer<T>, envelope: unknown, cursor: Json | undefined): Answer<T>;
}

/** Reads one page of a pass: asks for it, takes its records apart, and says where the next one begins. */
export function createReader<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	client: Client,
	options: SourceOptions<Shape>,
	overlapMs: number,
): ReadPage<T> {
	const paging = definition.more
		? byTime(definition)
		: definition.id
			? byCursor(definition)
			: byCountedCursor(definition);
	const {maxEventBytes} = options as unknown as {maxEventBytes: number};
	return async (scan, signal) => {
		const window = paging.window(windowOf(definition.order, scan, overlapMs), scan.cursor);
		const {query = {}, body, method = 'GET', path} = definition.request(options, window);
		const {content, bytes} = await client(
			{
				method,
				path,
				query: queryPairs(query),
				...(body === undefined ? {} : {body: JSON.stringify(body)}),
				repeatable: true,
				parse: body => parseAnswer(body, definition.records),
			},
			signal,
		);
		const parsed = content as ParsedAnswer;
		const listedAtMs = definition.order === 'none' ? scan.untilMs - 1 : undefined;
		const answer = {...readRecords(definition, parsed, maxEventBytes, listedAtMs), bytes};
		return paging.turn(answer as Answer<T>, parsed.envelope, scan.cursor);
	};
}

function windowOf(order: string, scan: Scan, overlapMs: number): Window {
	const {sinceMs, untilMs, cursor, edgeMs} = scan;
	const fromMs = order === 'oldest-first' && edgeMs !== undefined ? Math.max(sinceMs, edgeMs - overlapMs) : sinceMs;
	const toMs = order === 'newest-first' && edgeMs !== undefined ? Math.min(untilMs, edgeMs) : untilMs;
	return {fromMs, toMs, start: 0, ...(cursor === undefined ? {} : {cursor})};
}

type Facts = Pick<SourceDefinition<z.ZodRawShape, never>, 'next' | 'more' | 'id'>;

function byCursor({next}: Facts): Paging {
	return {
		window: window => window,
		turn: (answer, envelope) => ({...answer, next: next?.(envelope)}),
	};
}

/** The API's cursor, and what is needed to go on counting equal records behind it. */
type CountedCursor = {readonly at: Json; readonly equals?: EqualRecords};

function byCountedCursor({next}: Facts): Paging {
	return {
		window(window, cursor) {
			return cursor === undefined ? window : {...window, cursor: (cursor as unknown as CountedCursor).at};
		},
		turn(answer, envelope, cursor) {
			const {records, last} = numberEquals(answer.records, (cursor as unknown as CountedCursor | undefined)?.equals);
			const at = next?.(envelope);
			if (at === undefined) return {...answer, records};
			const counted: CountedCursor = {at, ...(last ? {equals: last} : {})};
			return {...answer, records, next: counted as unknown as Json, nextKey: JSON.stringify(at)};
		},
	};
}

function byTime({more, id}: Facts): Paging {
	return {
		window(window, cursor) {
			const {toMs, start, anchor} = (cursor ?? {start: 0}) as Partial<TimeCursor> & {start: number};
			return {
				fromMs: window.fromMs,
				toMs: Math.min(window.toMs, toMs ?? window.toMs),
				start: anchor === undefined ? start : start - 1,
			};
		},
		turn(answer, envelope, cursor) {
			const rows = answer.records.length + (answer.rejected?.length ?? 0);
			const isMore = more!(envelope, rows);
			const page = readTimePage(answer.records, cursor as unknown as TimeCursor | undefined, isMore, id === undefined);
			return {
				...answer,
				records: page.records,
				events: page.kept.map(index => answer.events[index]!),
				next: page.next as unknown as Json | undefined,
			};
		},
	};
}
