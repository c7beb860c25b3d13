import type {Json} from '../model/event.ts';
import type {Lack} from '../model/report.ts';

export type {Lack} from '../model/report.ts';

/** One consistent cut through a pipeline: every position, snapshot and sink as of the same page. Plain JSON. */
export interface Checkpoint {
	/** What this state belongs to; a run with another binding is refused. */
	readonly binding: Readonly<Record<string, string>>;
	/** The position of each source, by `name:tenant`. */
	readonly sources: Readonly<Record<string, Json>>;
	/** The snapshot of each stateful operator, by name. */
	readonly snapshots: Readonly<Record<string, Json>>;
	/** What each sink needs to go on, by `name:target`. */
	readonly sinks: Readonly<Record<string, Json>>;
	/** Where the journal of identities ends, or the identities themselves (base64) where the store has no journal. */
	readonly journal?: Json;
	/** What best-effort sinks had prepared when they failed: parts of it may be in their targets. By `name:target`. */
	readonly prepared?: Readonly<Record<string, Json>>;
	/** What best-effort sinks did not get, by `name:target`. */
	readonly lacks?: Readonly<Record<string, readonly Lack[]>>;
	/** When a run last came to its end: all of its source read, no gap left. Absent: none has, or not since it is noted. */
	readonly succeededMs?: number;
	/** What was read and the manifests do not say yet. */
	readonly untold?: Json;
	/** The next checkpoint, while sinks that cannot be cut are being written. */
	readonly pending?: PendingCheckpoint;
}

interface PendingCheckpoint {
	/** How many pages this checkpoint is ahead of the one that holds it. */
	readonly pages: number;
	readonly checkpoint: Checkpoint;
	/** What its sinks are told that was read: if need be, again. Plain JSON, as the manifest has it. */
	readonly asked?: object;
}

export interface StoredCheckpoint {
	readonly checkpoint: Checkpoint;
	readonly version: number;
}

/** What a store shares with the run that loads it. */
export interface StoreContext {
	/** Ends its waiting. */
	readonly signal: AbortSignal;
	/** Tells the user what it waits for, say. */
	note(message: string): void;
	/** The store was taken over, and noticed it by itself: the run ends at once and writes nothing more. */
	lost(error: Error): void;
}

/**
 * Where checkpoints live. `commit` is a compare-and-set: it rejects with a StateError `STATE_CONFLICT` when the
 * stored version is not `expectedVersion` (0: nothing stored yet), so that a host can own it (a database row, say).
 */
export interface StateStore {
	/** `run` is there where a run loads it. */
	load(run?: StoreContext): Promise<StoredCheckpoint | undefined>;
	/** Resolves with the new version when the checkpoint is durable. */
	commit(checkpoint: Checkpoint, expectedVersion: number): Promise<number>;
	/** An append-only store beside the checkpoints. Without one, identities travel inside the checkpoint. */
	readonly journal?: Journal;
	/**
	 * For a store that another process may take over: rejects with `STATE_CONFLICT` when that has happened. Asked before
	 * anything is written to a target, for each page and each commit, so it must be quick.
	 */
	assertHeld?(): Promise<void>;
	/** Lets go of the store (its lock, say). */
	close?(): Promise<void>;
}

/**
 * An append-only file of bytes. A mark says where it ends as of a checkpoint; what lies behind the mark that was read
 * last stays until the next `append()` writes over it.
 */
export interface Journal {
	/** The bytes up to the mark. Rejects with `STATE_DAMAGED` when they are not what was committed. */
	read(mark: Json): Promise<Uint8Array>;
	/** Appends durably behind the last mark; resolves with the new mark. */
	append(bytes: Uint8Array): Promise<Json>;
	/** Starts a new journal with these bytes; the one before is kept as long as a stored checkpoint names it. */
	rewrite(bytes: Uint8Array): Promise<Json>;
}
