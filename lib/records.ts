import {contentId} from './content-id.ts';
import {SourceError, reasonOf} from './errors.ts';
import type {Json} from './event.ts';
import {parseJson} from './http/client.ts';
import {onOneLine, sliceRecords} from './http/slice-records.ts';
import type {Rejected, SourceRecord} from './page.ts';
import {type RecordTime, recordTime} from './time.ts';

/** Where an API keeps its records, and what tells one from another. */
export interface RecordFacts<T> {
	readonly name: string;
	/** The member of the answer that holds the records. */
	readonly records: string;
	/** The record's own id. An API without ids states `identity` instead. */
	id?(record: T): unknown;
	/** What identifies a record without an id: ids, keys and values; no localised text, no display name, no address. */
	identity?(record: T): Json;
	/** When it occurred, as the API writes it: ISO 8601 or epoch milliseconds. Absent in a listing. */
	time?(record: T): unknown;
	/** What the API sorts by, where that is not the time. */
	sortTime?(record: T): unknown;
}

/** An answer parsed: each record with its own text, and the rest of the answer with an empty list in their place. */
export interface ParsedAnswer {
	readonly envelope: unknown;
	/** Absent where the answer has no such list. */
	readonly records?: readonly ParsedRecord[];
}

export interface ParsedRecord {
	readonly text: Buffer;
	readonly raw: string;
	readonly value: unknown;
}

/** Parses an answer record by record. Throws where JSON.parse would throw for the whole. */
export function parseAnswer(body: Buffer, member: string): ParsedAnswer {
	const sliced = sliceRecords(body, member);
	if (!sliced) return {envelope: parseJson(body)};
	return {
		envelope: parseJson(sliced.envelope),
		records: sliced.texts.map(parseRecord),
	};
}

/** One record from its own text. Throws where JSON.parse throws. */
export function parseRecord(text: Buffer): ParsedRecord {
	const raw = text.toString('utf8');
	const value = JSON.parse(raw) as unknown;
	const line = onOneLine(text);
	return {text: line, raw: line === text ? raw : line.toString('utf8'), value};
}

/** The records of one answer. One without id or time is rejected, the others pass. */
export function readRecords<T>(
	facts: RecordFacts<T>,
	{envelope, records: parsed}: ParsedAnswer,
	maxEventBytes: number,
	listedAtMs?: number,
) {
	if (!parsed) {
		const isObject = typeof envelope === 'object' && envelope !== null;
		const got = isObject ? `the members ${Object.keys(envelope).join(', ')}` : typeof envelope;
		throw new SourceError('BAD_BODY', `${facts.name}: expected an answer with a list "${facts.records}", got ${got}`);
	}
	const events: T[] = [];
	const records: SourceRecord[] = [];
	const rejected: Rejected[] = [];
	for (const record of parsed) {
		try {
			records.push(readRecord(facts, record, maxEventBytes, listedAtMs));
			events.push(record.value as T);
		} catch (error) {
			rejected.push({text: record.text, reason: reasonOf(error)});
		}
	}
	return {events, records, rejected};
}

/** What the record says of itself. Throws where it lacks id or time. */
export function readRecord<T>(
	facts: RecordFacts<T>,
	{text, raw, value}: ParsedRecord,
	maxEventBytes: number,
	listedAtMs: number | undefined,
): SourceRecord {
	if (text.length > maxEventBytes) {
		throw new Error(`the record has ${text.length} bytes, more than maxEventBytes (${maxEventBytes})`);
	}
	if (typeof value !== 'object' || value === null) throw new Error('the record is not an object');
	const id = idOf(facts, value as T);
	if (listedAtMs !== undefined) {
		return {
			id,
			identity: `${listedAtMs} ${id}`,
			timeMs: listedAtMs,
			orderMs: listedAtMs,
			wholeSecond: false,
			text,
			raw,
			value,
		};
	}
	const {timeMs, wholeSecond} = readTime(facts.time?.(value as T));
	const order = facts.sortTime ? readTime(facts.sortTime(value as T)) : {timeMs, wholeSecond};
	return {id, timeMs, orderMs: order.timeMs, wholeSecond: order.wholeSecond, text, raw, value};
}

function idOf<T>(facts: RecordFacts<T>, value: T): string {
	if (!facts.id) return contentId(facts.identity!(value));
	const id = facts.id(value);
	if ((typeof id !== 'string' && typeof id !== 'number') || id === '') throw new Error('the record has no id');
	if (typeof id === 'number' && Math.abs(id) > Number.MAX_SAFE_INTEGER) {
		throw new Error(`the record's id is a number beyond 2^53, so that others look the same: ${id}`);
	}
	return String(id);
}

function readTime(time: unknown): RecordTime {
	if (typeof time === 'number' && Math.abs(time) <= 8.64e15) return {timeMs: Math.trunc(time), wholeSecond: false};
	const parsed = typeof time === 'string' ? recordTime(time) : undefined;
	if (!parsed) throw new Error(`the record's time cannot be read: ${JSON.stringify(time)}`);
	return parsed;
}
