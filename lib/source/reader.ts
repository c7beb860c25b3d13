import {hash} from 'node:crypto';
import type {z} from 'zod';
import type {Row} from './anchors.ts';
import {type EqualRecords, numberEquals} from './equal-records.ts';
import {AuditError, reasonOf, SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Client, ClientAnswer} from '../http/client.ts';
import type {Fetched, ReadPage} from './paginate.ts';
import {parseAnswer, type ParsedAnswer, readRecords} from './records.ts';
import type {Scan} from './scan.ts';
import type {PageAnswer, SourceDefinition, SourceOptions, Window} from './definition.ts';
import {clientRequest} from './request.ts';
import {firstOffsetCursor, type OffsetCursor, readOffsetPage, windowAt} from './offset-paging.ts';

/** What an answer holds, taken apart, and its headers. */
type Parsed = ParsedAnswer & Pick<ClientAnswer, 'headers'>;

/** How an API's pages are read: by its cursor, by its cursor with equal records counted, or by offset. */
interface Paging {
	window(window: Window, cursor: Json | undefined): Window;
	turn<T>(answer: Fetched<T>, parsed: Parsed, window: Window, cursor: Json | undefined): Fetched<T>;
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
		const {content, bytes, headers} = await client(
			{
				...clientRequest(definition.name, () => definition.request(options, window)),
				repeatable: true,
				parse: (body, isAnnounced) => parseAnswer(body, definition.records, {maxEventBytes, isAnnounced}),
			},
			signal,
		);
		const parsed = content as ParsedAnswer;
		const listedAtMs = definition.order === 'none' ? scan.untilMs - 1 : undefined;
		const answer = {...readRecords(definition, parsed.records, listedAtMs), bytes};
		return paging.turn(answer as Fetched<T>, {...parsed, headers}, bounds, scan.cursor);
	};
}

function windowOf(order: string, scan: Scan, overlapMs: number): Window {
	const {sinceMs, untilMs, cursor, edgeMs} = scan;
	const fromMs = order === 'oldest-first' && edgeMs !== undefined ? Math.max(sinceMs, edgeMs - overlapMs) : sinceMs;
	const toMs = order === 'newest-first' && edgeMs !== undefined ? Math.min(untilMs, edgeMs) : untilMs;
	return {fromMs, toMs, start: 0, ...(cursor === undefined ? {} : {cursor})};
}

type Facts = Pick<SourceDefinition<z.ZodRawShape, never>, 'name' | 'next' | 'isLast' | 'id'>;

/** What a source says of an answer. Throws a SourceError where it cannot tell. */
function told<V>(
	name: string,
	tell: ((answer: PageAnswer<never>) => V) | undefined,
	{records, rejected = []}: Fetched<unknown>,
	{envelope, headers}: Parsed,
	cursor: Json | undefined,
): V | undefined {
	const rows = records.length + rejected.length;
	const answer: PageAnswer<never> = {
		envelope,
		rows,
		headers,
		get last() {
			if (rows > 0 && records.length === 0) throw new Error('none of its records can be read');
			return records.at(-1)?.value as never;
		},
		...(cursor === undefined ? {} : {cursor}),
	};
	try {
		const said = tell?.(answer);
		// what no state can hold, a promise above all
		if (said !== undefined && JSON.stringify(said) === undefined) throw new Error(`got a ${typeof said}`);
		if (said instanceof Promise || said instanceof Map) throw new Error('got a promise or a Map');
		return said ?? undefined;
	} catch (error) {
		if (error instanceof AuditError) throw error;
		throw new SourceError('BAD_BODY', `${name}: where the next page begins cannot be told: ${reasonOf(error)}`);
	}
}

function byCursor({name, next}: Facts): Paging {
	return {
		window: window => window,
		turn: (answer, parsed, _, cursor) => ({...answer, next: told(name, next, answer, parsed, cursor)}),
	};
}

/** The API's cursor, and what is needed to go on counting equal records behind it. */
type CountedCursor = {readonly at: Json; readonly equals?: EqualRecords};

function byCountedCursor({name, next}: Facts): Paging {
	return {
		window(window, cursor) {
			return cursor === undefined ? window : {...window, cursor: (cursor as unknown as CountedCursor).at};
		},
		turn(answer, parsed, _, cursor) {
			const before = cursor as unknown as CountedCursor | undefined;
			const {records, last} = numberEquals(answer.records, before?.equals);
			const at = told(name, next, answer, parsed, before?.at);
			if (at === undefined) return {...answer, records};
			const counted: CountedCursor = {at, ...(last ? {equals: last} : {})};
			return {...answer, records, next: counted as unknown as Json, nextKey: JSON.stringify(at)};
		},
	};
}

function byOffset({name, isLast, id}: Facts, pageSize: number | undefined): Paging {
	const cursorOf = ({toMs}: Window, cursor: Json | undefined) =>
		(cursor as unknown as OffsetCursor | undefined) ?? firstOffsetCursor(toMs);
	return {
		window: (window, given) => windowAt(cursorOf(window, given), window.fromMs, pageSize),
		turn(answer, whole, window, given) {
			const {records: parsed} = whole;
			const {records, rejected = []} = answer;
			const places = new Map(records.map(({text}, place) => [text, place]));
			const rows = parsed.map(({text}): Row => records[places.get(text)!] ?? hash('sha256', text, 'hex'));
			const {fresh, next, stuck} = readOffsetPage(rows, cursorOf(window, given), {
				twins: id === undefined,
				pageSize,
				isLast: told(name, isLast, answer, whole, undefined) === true,
			});
			if (stuck) throw new SourceError('PAGING_NO_PROGRESS', `${name}: paging makes no progress: ${stuck}`);
			const isFresh = new Set([...fresh.keys()].map(index => parsed[index]!.text as Uint8Array));
			return {
				...answer,
				records: [...fresh.values()].filter(row => typeof row !== 'string'),
				rejected: rejected.filter(({text}) => isFresh.has(text)),
				rows: rows.length,
				next: next as unknown as Json | undefined,
			};
		},
	};
}
