import type {Writable} from 'node:stream';
import type {Json} from '../model/event.ts';
import type {Asked} from './asked.ts';
import type {Sign} from './manifest.ts';
import type {Rejected, SourceFacts, SourceRecord} from '../model/page.ts';

/**
 * What a sink takes: the events of one page, already written as text, in order.
 *
 * `lines` is NDJSON. Event i is `events[i]`, came from `records[i]`, and its text without the line break is
 * `lines.subarray(i === 0 ? 0 : ends[i - 1]! , ends[i]! - 1)`; `ends[i]` is the offset behind its line break.
 * A batch may be empty. Its bytes are those of all sinks: they must not be changed, nor kept after `write()` has resolved.
 */
export interface Batch {
	readonly events: readonly unknown[];
	readonly records: readonly SourceRecord[];
	readonly lines: Uint8Array;
	readonly ends: Uint32Array;
	/**
	 * Name and tenant are for layouts; `ids` tells whether ids are unique everywhere, `unorderedLists` whether a record
	 * that comes again has its lists in another order.
	 */
	readonly source: Pick<SourceFacts, 'name' | 'tenant' | 'ids' | 'unorderedLists'>;
}

/** How much may be written before a commit, whichever comes first. */
export interface CommitSize {
	readonly pages: number;
	readonly events: number;
	/** Of NDJSON, before any compression. */
	readonly bytes: number;
	readonly ageMs: number;
}

/** A destination, as options describe it. It holds nothing open, so that it can be used for several runs. */
export interface Sink {
	/** The kebab-case name, for example `ndjson`. */
	readonly name: string;
	/** Where it writes, for people and for the state: never a secret. */
	readonly target: string;
	/** What else the state is bound to, for example `{layout: '…'}`. */
	readonly layout?: Readonly<Record<string, string>>;
	/** The events that it can take, one of these; others are refused before anything is opened. Default: any. */
	readonly accepts?: readonly Accepted[];
	/** The commit size that suits this sink; of several sinks the largest wins. */
	readonly commitSize?: Partial<CommitSize>;
	/**
	 * True of a single file: no other pipeline may write to it at the same time. `source`: one may, but not one of the
	 * same source and tenant, whose events would be refused.
	 */
	readonly exclusive?: boolean | 'source';
	/** `best-effort`: the run goes on when the sink fails, and reports what the sink lacks. Default: `required`. */
	readonly delivery?: Delivery;
	/** Packages that are installed apart, for example `@aws-sdk/client-s3`: without them `open()` rejects. */
	readonly needs?: readonly string[];
	/** True where `open()` changes nothing at the target, so that `rxaudit check` tries it. Default: false. */
	readonly opensUnchanged?: boolean;
	open(context: SinkContext): Promise<OpenSink>;
	/**
	 * Whether all that a `prepare()` promised in this state is in the target, if need be after small repairs. Asked
	 * when a run died behind `prepare()`: if so, the next one goes on behind it; if not, it writes the same pages again.
	 */
	holds?(prepared: Json, run?: Pick<SinkContext, 'signal' | 'warn'>): Promise<boolean>;
}

export type Delivery = 'required' | 'best-effort';

/** Events of a source, in a format; what is absent may be any. */
export interface Accepted {
	/** The name of the source. */
	readonly source?: string;
	readonly format?: EventFormat;
}

/**
 * `audit`: the common record; `raw`: the record as its API gave it; `ecs`, `ocsf`: the common record in that schema;
 * `selected`: some members of one of these.
 */
export type EventFormat = 'audit' | 'raw' | 'ecs' | 'ocsf' | 'selected';

export interface SinkContext {
	/** What the last committed `flush()` returned, or undefined for a new target. */
	readonly resume: Json | undefined;
	/** What `-` writes to. Default: the process's own. */
	readonly stdout?: Writable;
	/** What `prepare()` had returned when a run died behind it: parts of it may be in the target. */
	readonly prepared?: Json | undefined;
	/** Signs the entries of a manifest, where the user gave a key. */
	readonly sign?: Sign | undefined;
	/** Aborted when the run gives up: a write that is waiting (for space, for a slow reader) rejects. */
	readonly signal: AbortSignal;
	/** True when another run has taken over: nothing may be written or cut any more, not even by `close()`. */
	isFenced?(): boolean;
	/** Tells the user something that does not stop the run. */
	warn(message: string): void;
	/** Tells the user what was done, where nothing is wrong with it. */
	note(message: string): void;
}

export interface OpenSink {
	/**
	 * Takes a batch; resolves when its bytes are out of memory (on disk, in a spool, with the reader), not
	 * necessarily durable. Calls come one at a time. Returns the events that could not be written, if any.
	 */
	write(batch: Batch): Promise<readonly Rejected[] | undefined | void>;
	/**
	 * For a target that cannot be cut, like a bucket: resolves, before anything of it is there, with what the `flush()`
	 * that follows is going to return, names of the new objects included. It is durable in the state before `flush()`.
	 * `asked` as for `flush()`, which does not get it then.
	 */
	prepare?(asked?: Asked): Promise<Json>;
	/**
	 * Resolves when all that was taken is durable, with what `open()` needs to go on exactly there. `asked` says what was
	 * read for it, for those who keep a manifest; without any event, too, where time was read that has none.
	 */
	flush(asked?: Asked): Promise<Json>;
	/** Called when what `flush()` returned is durable in the state, where there is one. */
	committed?(): void;
	/** Lets go of the target. What was not flushed may be lost. A second call does nothing. */
	close(): Promise<void>;
}
