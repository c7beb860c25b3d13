import {ConfigError} from './errors.ts';
import type {Json} from './event.ts';
import {watchPage} from './lost-pages.ts';
import {named, OwnEntry} from './own-record.ts';
import {freshStart, type Start} from './start.ts';
import type {SourceFacts} from './source-facts.ts';
import type {PageStream} from './stream.ts';

export type {AskedFacts, Product, SourceFacts} from './source-facts.ts';

/** One record as the API gave it. */
export interface SourceRecord {
	/** The record's own id, or what stands for it: the same record has the same id in every run. */
	readonly id: string;
	/** The identity of this record for `dedupe`, where it is more than the id. Default: the id. */
	readonly identity?: string;
	/** When it occurred, epoch milliseconds. */
	readonly timeMs: number;
	/** What the API sorts by, epoch milliseconds: the time, for most. */
	readonly orderMs: number;
	/** True when the API gave whole seconds, so that the true time lies anywhere in that second. */
	readonly wholeSecond: boolean;
	/** The record's own text, UTF-8, on one line: the slice of the answer. */
	readonly text: Uint8Array;
	/** `text` as a string, where it is at hand. */
	readonly raw?: string;
	/** The parsed record that `text` is the text of. */
	readonly value: unknown;
}

/** The record's own text as a string. */
export function ownText({raw, text}: Pick<SourceRecord, 'raw' | 'text'>): string {
	return raw ?? Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8');
}

/** An event that cannot be processed: what is known of it, and why. */
export interface Rejected {
	readonly id?: string;
	/** What `dedupe` goes by where the text was left out. Default: the text. */
	readonly identity?: string;
	/** The record's own text. */
	readonly text: Uint8Array;
	readonly reason: string;
}

/** An event, and the record that it was made from. */
export interface Entry<T = unknown> {
	readonly event: T;
	readonly record: SourceRecord;
}

/** The operators whose order matters, as a page has passed them. */
export type Step = 'dedupe' | 'normalize' | 'enrich' | 'redact' | 'select' | 'ecs' | 'ocsf';

/** What a page is made from; everything else has a sensible beginning. */
interface PageContent<T> {
	/** `events[i]` was made from `records[i]`. Default: the value of each record. */
	readonly events?: readonly T[] | undefined;
	readonly records: readonly SourceRecord[];
	readonly source: SourceFacts;
	readonly sequence: number;
	readonly position: Json;
	readonly bytes: number;
	readonly rejected?: readonly Rejected[];
	readonly run?: Start;
	readonly stream?: PageStream | undefined;
}

interface PageSettlement {
	taken(): void;
	acked?(): void;
	nacked(reason: unknown): void;
}

const isPage = Symbol.for('rxaudit.Page');

/** What operators may change of a page. */
export type Changes<T = unknown> = Partial<
	Pick<
		Page<T>,
		| 'entries'
		| 'verbatim'
		| 'rejected'
		| 'snapshots'
		| 'identities'
		| 'duplicates'
		| 'unknownActions'
		| 'steps'
		| 'filtered'
	>
>;

type Facts = Required<Omit<PageContent<never>, 'events' | 'records' | 'stream'>> & {
	readonly stream: PageStream | undefined;
};

/**
 * The events of one API answer, the position to go on from, and an acknowledgement: the unit of fetching, of rate
 * limiting, of backpressure, of writing and of checkpointing.
 *
 * `map`, `filter` and `flatMap` make a new page from an old one, so that an event and its record stay together; a spread
 * is no page any more, and is refused. Whoever takes a page out of the stream must settle it with `ack()` or `nack()`.
 */
export class Page<T = unknown> {
	/** The events, each with the record that it was made from. */
	readonly entries: readonly Entry<T>[];
	readonly source: SourceFacts;
	/** What the page's source shares with the rest of its run. */
	readonly run: Start;
	readonly stream: PageStream | undefined;
	/** Counts from 0 within one subscription of a source. */
	readonly sequence: number;
	/** The source's checkpoint as of this page: what `start` needs to go on behind it. */
	readonly position: Json;
	/** What this page holds in memory, in bytes. */
	readonly bytes: number;
	/** True while the events are the parsed records, untouched: what is written is then each record's own text. */
	readonly verbatim: boolean = true;
	/** Events that were taken out because they cannot be processed. */
	readonly rejected: readonly Rejected[];
	/** The snapshots of stateful operators as of this page, by operator name. */
	readonly snapshots: Readonly<Record<string, Json>> = {};
	/** Identities that became known with this page, for the journal: entries of 20 bytes. */
	readonly identities: Uint8Array | undefined;
	/** Events that an operator dropped as already seen. */
	readonly duplicates: number = 0;
	/** How many events have an action that no rule of their source knows, by action. */
	readonly unknownActions: ReadonlyMap<string, number> | undefined;
	/** The operators that it has passed. */
	readonly steps: readonly Step[] = [];
	/** Whether an operator left out events that are neither duplicates nor dead letters. */
	readonly filtered: boolean = false;
	readonly #settlement: Settlement;

	private constructor(entries: readonly Entry<T>[], facts: Facts, settlement: Settlement, changes: Changes) {
		this.entries = Object.freeze(entries);
		this.source = facts.source;
		this.run = facts.run;
		this.stream = facts.stream;
		this.sequence = facts.sequence;
		this.position = facts.position;
		this.bytes = facts.bytes;
		this.rejected = facts.rejected;
		this.identities = undefined;
		this.unknownActions = undefined;
		Object.assign(this, changes);
		this.#settlement = settlement;
	}

	/** A page whose events are the parsed records themselves. */
	static of<T>({events, records, ...content}: PageContent<T>, settlement: PageSettlement): Page<T> {
		const {rejected = [], run = freshStart(), stream} = content;
		const facts = {...content, rejected, run, stream};
		const entries = records.map((record, index): Entry<T> => {
			return events ? {event: events[index]!, record} : new OwnEntry<T>(record);
		});
		return new Page(entries, facts, new Settlement(content.sequence, settlement), {});
	}

	/** Whether a value is a page, also one of another copy of this package, and not what a spread made of one. */
	static is(value: unknown): value is Page {
		return typeof value === 'object' && value !== null && (value as {[isPage]?: unknown})[isPage] === value;
	}

	/** Itself: what inherits from a page, or stands before one, is none. */
	get [isPage](): unknown {
		return #settlement in this ? this : undefined;
	}

	/** A view of the events. */
	get events(): readonly T[] {
		return this.entries.map(({event}) => event);
	}

	/** A view of the records. */
	get records(): readonly SourceRecord[] {
		return this.entries.map(({record}) => record);
	}

	/** Each event is what `project` made of it. What it throws is thrown; a promise is not awaited: see `mapEvents()`. */
	map<R>(project: (event: T, record: SourceRecord) => R): Page<R> {
		const entries = this.entries.map(({event, record}) => ({event: settledNow(project(event, record)), record}));
		return this.with({entries, verbatim: false});
	}

	/** Only those events for which `predicate` is true. */
	filter(predicate: (event: T, record: SourceRecord) => boolean): Page<T> {
		return this.with({entries: this.entries.filter(({event, record}) => settledNow(predicate(event, record)))});
	}

	/** All that `project` made of each event: none, one or several; the second one gets the id of the record and `-2`. */
	flatMap<R>(project: (event: T, record: SourceRecord) => readonly R[]): Page<R> {
		let {filtered} = this;
		const entries = this.entries.flatMap(({event, record}) => {
			const made: unknown = settledNow(project(event, record));
			if (!Array.isArray(made)) throw new TypeError('page.flatMap: expected a list of events, got something else');
			filtered ||= made.length === 0;
			return (made as readonly R[]).map((one, index) => ({event: one, record: withNumber(record, index + 1)}));
		});
		return this.with({entries, verbatim: false, filtered});
	}

	/** The same page but for this, for operators; position and acknowledgement stay. */
	with<R = T>({entries = this.entries as readonly Entry<never>[], ...changes}: Changes<R>): Page<R> {
		const {verbatim, rejected, snapshots, identities, duplicates, unknownActions, steps} = this;
		const own = {verbatim, rejected, snapshots, identities, duplicates, unknownActions, steps};
		const lost = this.entries.length - entries.length;
		const told =
			(changes.rejected ?? rejected).length - rejected.length + (changes.duplicates ?? duplicates) - duplicates;
		const kept = {...own, filtered: this.filtered || lost > told, ...changes};
		return new Page<R>(entries, this, this.#settlement, kept);
	}

	/** Gives the in-flight budget back: the bytes are out of memory. */
	taken(): void {
		this.#settlement.take();
	}

	/** All of it is durable, or not wanted. Implies `taken()`. */
	ack(): void {
		this.#settlement.ack();
	}

	/** It could not be processed: ends the source with this reason. */
	nack(reason: unknown): void {
		this.#settlement.nack(reason);
	}
}

/** What became of a page; all pages that were made from it share it. It settles once: later calls do nothing. */
class Settlement {
	readonly #watched: {settled: boolean};
	readonly #settlement: PageSettlement;
	#settled = false;

	constructor(sequence: number, settlement: PageSettlement) {
		this.#settlement = settlement;
		this.#watched = watchPage(this, sequence, reason => settlement.nacked(reason));
	}

	take(): void {
		if (this.#watched.settled) return;
		this.#watched.settled = true;
		this.#settlement.taken();
	}

	ack(): void {
		this.take();
		if (this.#settled) return;
		this.#settled = true;
		this.#settlement.acked?.();
	}

	nack(reason: unknown): void {
		this.take();
		if (this.#settled) return;
		this.#settled = true;
		this.#settlement.nacked(reason);
	}
}

function settledNow<V>(value: V): V {
	if (typeof (value as {then?: unknown} | null | undefined)?.then !== 'function') return value;
	throw new ConfigError(
		'page.map, page.filter and page.flatMap do not wait: expected a value, got a promise; use mapEvents() or filterEvents()',
	);
}

/** Further events of one record are told apart by a number behind its id. */
export function withNumber(record: SourceRecord, count: number): SourceRecord {
	if (count === 1) return record;
	const {id, identity} = record;
	return named(record, {id: `${id}-${count}`, ...(identity === undefined ? {} : {identity: `${identity}-${count}`})});
}
