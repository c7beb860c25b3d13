import {Budget} from './budget.ts';
import type {Json} from './event.ts';
import {Meter} from './meter.ts';

/** From all entries of the journal to those still needed as of these snapshots. */
export type KeepIdentities = (entries: Uint8Array, snapshots: Readonly<Record<string, Json>>) => Uint8Array;

/** Where a source begins, and what it shares with the rest of its run. `run()` hands one to its builder. */
export interface Start {
	/** Aborted when the run is asked to stop: no new request, and the stream of pages completes. */
	readonly signal: AbortSignal;
	readonly budget: Budget;
	readonly meter: Meter;
	/** The snapshots of stateful operators as of the checkpoint, by name. */
	readonly snapshots: Readonly<Record<string, Json>>;
	/** The time from which on all identities of a source are remembered; what is older must not be read again. */
	floorMs(key: string): number | undefined;
	/** The identities of the journal as of the checkpoint: entries of 20 bytes. */
	readonly identities: Uint8Array;
	/**
	 * Says that a source takes part, under a key of its own, and what its state is bound to. Returns its position as of
	 * the checkpoint.
	 */
	openSource(key: string, binding: Readonly<Record<string, string>>): Json | undefined;
	/** Says where the source begins: durable before its first request. */
	begin(key: string, position: Json): void;
	/** Set by a source that ends because of the signal, before its end. */
	interrupted: boolean;
	/**
	 * Whether the run ends with this error by itself when all sources are over, so that the others go on; else the stream
	 * of pages does.
	 */
	leaveGap(error: unknown): boolean;
	/** Says how the journal of identities is thinned out. */
	keepIdentities(keep: KeepIdentities): void;
}

/** A start for a source that is used without `run()`: nothing saved, nothing shared. */
export function freshStart(): Start {
	return {
		signal: new AbortController().signal,
		budget: new Budget(),
		meter: new Meter(),
		snapshots: {},
		floorMs: () => undefined,
		identities: new Uint8Array(),
		openSource: () => undefined,
		begin: () => {},
		interrupted: false,
		leaveGap: () => false,
		keepIdentities: () => {},
	};
}
