import {isUtf8} from 'node:buffer';
import {contentId} from './content-id.ts';
import {reasonOf} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {assertUtf8} from '../http/charset.ts';
import {parseJson} from '../http/client.ts';
import {onOneLine, sliceRecords} from '../http/slice-records.ts';
import {BodyTooLarge, OtherAnswer, UnreadableBody} from '../http/unreadable.ts';
import {OwnRecord} from '../model/own-record.ts';
import type {Rejected, SourceRecord} from '../model/page.ts';
import {excerpt} from '../http/secrets.ts';
import {type RecordTime, recordTime} from '../options/time.ts';

/** Where an API keeps its records, and what tells one from another. */
export interface RecordFacts<T> {
	readonly name: string;
	/** The member of the answer that holds the records; absent where the answer itself is their list. */
	readonly records?: string;
	/** The record's own id. An API without ids states `identity` instead. */
	id?(record: T): unknown;
	/** What identifies a record without an id: ids, keys and values; no localised text, no display name, no address. */
	identity?(record: T): Json;
	/** When it occurred, as the API writes it: ISO 8601 or epoch milliseconds. Absent in a listing. */
	time?(record: T): unknown;
	/** What the API sorts by, where that is not the time. */
	sortTime?(record: T): unknown;
	/** The record as the API gives it, where its text may have another form: a log file's. */
	asGiven?(value: object): unknown;
}

/** An answer parsed: each record with its own text, and the rest of the answer with an empty list in their place. */
export interface ParsedAnswer {
	readonly envelope: unknown;
	readonly records: readonly (ParsedRecord | FlawedRecord)[];
}

export interface ParsedRecord {
	readonly text: Buffer;
	readonly raw: string;
	readonly value: unknown;
}

/** A record that cannot be parsed: its bytes as they came, and why. */
interface FlawedRecord {
	readonly text: Buffer;
	readonly flaw: string;
}

interface AnswerLimits {
	/** The largest record that is let through, in bytes. Default: any. */
	readonly maxEventBytes?: number;
	/** False where nothing says what the answer is written in: then all of it must be UTF-8. Default: true. */
	readonly isAnnounced?: boolean;
}

/** Since 1973; as milliseconds they would be days of 1970 to 1973, when nobody kept an audit log with an API. */
const asSeconds = {from: 1e8, to: 1e11};
/** What an answer holds beside its records is small; so much is parsed at once. */
const maxEnvelopeBytes = 4 * 1024 * 1024;
/** Each costs the time of a hundred others; an answer with more of them is no list of records. */
const maxFlawed = 1000;

/**
 * Parses an answer record by record; one that is not JSON does no harm to the others. Throws where the rest of the
 * answer is not JSON, and OtherAnswer where it has no such list, or is none.
 */
export function parseAnswer(body: Buffer, member?: string, limits: AnswerLimits = {}): ParsedAnswer {
	const {maxEventBytes = Infinity, isAnnounced = true} = limits;
	if (!isAnnounced) assertUtf8(body);
	const sliced = sliceRecords(body, member);
	if (!sliced) {
		const list = member === undefined ? 'list' : `list "${member}"`;
		if (body.length > maxEnvelopeBytes) throw new UnreadableBody(`no ${list} could be found in the body`);
		throw new OtherAnswer(`without the ${list}: ${wordsOf(parseJson(body))}`);
	}
	const {texts, tooDeep, envelope} = sliced;
	if (envelope.length > maxEnvelopeBytes) {
		throw new BodyTooLarge(`the answer has more than ${maxEnvelopeBytes} bytes beside its records`);
	}
	const rest = parseJson(envelope);
	if (hasErrors(rest)) throw new OtherAnswer(`with errors beside the list "${member}": ${wordsOf(rest)}`);
	let flawed = 0;
	return {
		envelope: rest,
		records: texts.map(text => {
			const record = tooDeep.has(text)
				? {text, flaw: 'the record is nested too deeply'}
				: parseOrSayWhy(text, maxEventBytes);
			if ('flaw' in record && ++flawed > maxFlawed) {
				throw new UnreadableBody(
					`more than ${maxFlawed} of its records cannot be parsed, the last one so: ${record.flaw}`,
				);
			}
			return record;
		}),
	};
}

/** What an API says beside its records when it could not give all of them. */
function hasErrors(envelope: unknown): boolean {
	const {errors, errorMessages} = (typeof envelope === 'object' && envelope !== null ? envelope : {}) as {
		readonly errors?: unknown;
		readonly errorMessages?: unknown;
	};
	return [errors, errorMessages].some(one => typeof one === 'object' && one !== null && Object.keys(one).length > 0);
}

/** One record from its own text. Throws where JSON.parse throws, where it is not UTF-8, and where it is too large. */
export function parseRecord(text: Buffer, maxEventBytes = Infinity): ParsedRecord {
	if (text.length > maxEventBytes) {
		throw new Error(`the record has ${text.length} bytes, more than maxEventBytes (${maxEventBytes})`);
	}
	if (!isUtf8(text)) throw new Error('the record is not UTF-8');
	const raw = text.toString('utf8');
	const value = jsonOf(raw);
	const line = onOneLine(text);
	return {text: line, raw: line === text ? raw : line.toString('utf8'), value};
}

function parseOrSayWhy(text: Buffer, maxEventBytes: number): ParsedRecord | FlawedRecord {
	try {
		return parseRecord(text, maxEventBytes);
	} catch (error) {
		return {text, flaw: reasonOf(error)};
	}
}

function jsonOf(raw: string): unknown {
	try {
		return JSON.parse(raw);
	} catch (error) {
		// without the piece of the record that the message quotes
		const why = reasonOf(error).replace(/,? (?:\.\.\.)?".*is not valid JSON$/s, '');
		throw new Error(`the record is not JSON: ${excerpt(why)}`);
	}
}

/** Where an API puts what went wrong, when it says so with a status that does not. */
const errorMembers = ['errorMessages', 'errors', 'error', 'error_description', 'message', 'detail', 'title', 'reason'];

/** What an answer says instead, in its own words where it has any. */
function wordsOf(envelope: unknown): string {
	if (typeof envelope !== 'object' || envelope === null)
		return `it is ${envelope === null ? 'null' : `a ${typeof envelope}`}`;
	if (Array.isArray(envelope)) return 'it is a list';
	const members = envelope as Readonly<Record<string, unknown>>;
	const words = errorMembers.flatMap(member => textsIn(members[member]));
	if (words.length > 0) return `the API says "${[...new Set(words)].join('; ')}"`;
	return `it has the members ${Object.keys(members).slice(0, 20).join(', ')}`;
}

function textsIn(value: unknown, depth = 0): string[] {
	if (typeof value === 'string') return value === '' ? [] : [value];
	if (typeof value !== 'object' || value === null || depth > 2) return [];
	return Object.values(value)
		.slice(0, 20)
		.flatMap(item => textsIn(item, depth + 1));
}

/** The records of one answer. One without id or time is rejected, the others pass. */
export function readRecords<T>(facts: RecordFacts<T>, parsed: ParsedAnswer['records'], listedAtMs?: number) {
	const records: SourceRecord[] = [];
	const rejected: Rejected[] = [];
	for (const record of parsed) {
		try {
			if ('flaw' in record) throw new Error(record.flaw);
			records.push(readRecord(facts, record, listedAtMs));
		} catch (error) {
			rejected.push({text: record.text, reason: reasonOf(error)});
		}
	}
	return {records, rejected};
}

/** What the record says of itself. Throws where it lacks id or time. */
export function readRecord<T>(
	facts: RecordFacts<T>,
	{text, raw, value: parsed}: ParsedRecord,
	listedAtMs: number | undefined,
): SourceRecord {
	if (typeof parsed !== 'object' || parsed === null) throw new Error('the record is not an object');
	const {asGiven} = facts;
	const value = asGiven ? asGiven(parsed) : parsed;
	const id = idOf(facts, value as T);
	if (listedAtMs !== undefined) {
		const [timeMs, orderMs] = [listedAtMs, listedAtMs];
		return new OwnRecord({id, identity: `${listedAtMs} ${id}`, timeMs, orderMs, wholeSecond: false, text}, asGiven, {
			raw,
			value,
		});
	}
	const {timeMs, wholeSecond} = readTime(facts.time?.(value as T));
	const order = facts.sortTime ? readTime(facts.sortTime(value as T)) : {timeMs, wholeSecond};
	return new OwnRecord({id, timeMs, orderMs: order.timeMs, wholeSecond: order.wholeSecond, text}, asGiven, {
		raw,
		value,
	});
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
	if (typeof time === 'number' && Math.abs(time) <= 8.64e15) {
		// seconds taken for milliseconds lie in 1970, outside of every span that anybody asks for
		if (time >= asSeconds.from && time < asSeconds.to) {
			throw new Error(`the record's time is seconds, not milliseconds: ${time}`);
		}
		return {timeMs: Math.trunc(time), wholeSecond: false};
	}
	const parsed = typeof time === 'string' ? recordTime(time) : undefined;
	if (!parsed) throw new Error(`the record's time cannot be read: ${JSON.stringify(time)}`);
	return parsed;
}
