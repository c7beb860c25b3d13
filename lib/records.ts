import {SourceError, reasonOf} from './errors.ts';
import type {ClientAnswer} from './http/client.ts';
import {sliceRecords} from './http/slice-records.ts';
import type {Rejected, SourceRecord} from './page.ts';
import {recordTime} from './time.ts';

/** Where an API keeps its records, and what tells one from another. */
export interface RecordFacts<T> {
	readonly name: string;
	/** The member of the answer that holds the records. */
	readonly records: string;
	/** The record's own id. */
	id(record: T): unknown;
	/** When it occurred, as the API writes it. */
	time(record: T): unknown;
}

/** The records of one answer, each with its own text. One without id or time is rejected, the others pass. */
export function readRecords<T>(facts: RecordFacts<T>, {json, body}: ClientAnswer, maxEventBytes: number) {
	const values = (json as Record<string, unknown> | null)?.[facts.records];
	const texts = sliceRecords(body, facts.records);
	if (!Array.isArray(values) || !texts || texts.length !== values.length) {
		const got =
			json === null || typeof json !== 'object' ? String(json) : `the members ${Object.keys(json).join(', ')}`;
		throw new SourceError('BAD_BODY', `${facts.name}: expected an answer with a list "${facts.records}", got ${got}`);
	}
	const events: T[] = [];
	const records: SourceRecord[] = [];
	const rejected: Rejected[] = [];
	for (const [index, value] of values.entries()) {
		const text = texts[index]!;
		try {
			records.push(readRecord(facts, value as T, text, maxEventBytes));
			events.push(value as T);
		} catch (error) {
			rejected.push({text, reason: reasonOf(error)});
		}
	}
	return {events, records, rejected, bytes: body.length};
}

function readRecord<T>(facts: RecordFacts<T>, value: T, text: Uint8Array, maxEventBytes: number): SourceRecord {
	if (text.length > maxEventBytes) {
		throw new Error(`the record has ${text.length} bytes, more than maxEventBytes (${maxEventBytes})`);
	}
	if (typeof value !== 'object' || value === null) throw new Error('the record is not an object');
	const id = facts.id(value);
	if ((typeof id !== 'string' && typeof id !== 'number') || id === '') throw new Error('the record has no id');
	if (typeof id === 'number' && Math.abs(id) > Number.MAX_SAFE_INTEGER) {
		throw new Error(`the record's id ${id} is a number beyond 2^53, so it may have lost digits`);
	}
	const time = facts.time(value);
	const parsed = typeof time === 'string' ? recordTime(time) : undefined;
	if (!parsed) throw new Error(`the record's time cannot be read: ${JSON.stringify(time)}`);
	const {timeMs, wholeSecond} = parsed;
	return {id: String(id), timeMs, orderMs: timeMs, wholeSecond, text, value};
}
