import type {Json} from './event.ts';
import type {Rejected, SourceRecord} from './page.ts';

/**
 * What a sink takes: the events of one page, already written as text, in order.
 *
 * `lines` is NDJSON. Event i is `events[i]`, came from `records[i]`, and its text without the line break is
 * `lines.subarray(i === 0 ? 0 : ends[i - 1]! , ends[i]! - 1)`; `ends[i]` is the offset behind its line break.
 * A batch may be empty. Its bytes must not be kept after `write()` has resolved.
 */
export interface Batch {
	readonly events: readonly unknown[];
	readonly records: readonly SourceRecord[];
	readonly lines: Uint8Array;
	readonly ends: Uint32Array;
	/** The name and tenant of the source, for layouts; `ids` tells whether its ids are unique everywhere. */
	readonly source: {readonly name: string; readonly tenant: string; readonly ids: 'global' | 'tenant'};
}

/** How much may be written before a commit, whichever comes first. */
export interface CommitSize {
	readonly pages: number;
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
	/** The commit size that suits this sink; the smallest of all sinks wins. */
	readonly commitSize?: Partial<CommitSize>;
	/** `ids` of the source is known before anything is opened. */
	open(context: SinkContext): Promise<OpenSink>;
}

export interface SinkContext {
	/** What the last committed `flush()` returned, or undefined for a new target. */
	readonly resume: Json | undefined;
	/** Aborted when the run gives up: a write that is waiting (for space, for a slow reader) rejects. */
	readonly signal: AbortSignal;
	/** Tells the user something that does not stop the run. */
	warn(message: string): void;
}

export interface OpenSink {
	/**
	 * Takes a batch; resolves when its bytes are out of memory (on disk, in a spool, with the reader), not
	 * necessarily durable. Calls come one at a time. Returns the events that could not be written, if any.
	 */
	write(batch: Batch): Promise<readonly Rejected[] | undefined | void>;
	/** Resolves when all that was taken is durable, with what `open()` needs to go on exactly there. */
	flush(): Promise<Json>;
	/** Lets go of the target. What was not flushed may be lost. A second call does nothing. */
	close(): Promise<void>;
}
