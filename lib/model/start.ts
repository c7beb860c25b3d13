import {AsyncLocalStorage} from 'node:async_hooks';
import {Budget} from './budget.ts';
import type {Json} from './event.ts';
import {Meter} from './meter.ts';
import {PageStream} from './stream.ts';

/** A source's place in a run. */
export interface SourcePlace {
	/** Its name in the checkpoint. */
	readonly key: string;
	/** Where it goes on: behind the last page that was written, at first as of the checkpoint. */
	position(): Json | undefined;
	/** Says where it begins: durable before its first request. */
	begin(position: Json): void;
	/** Called with each subscription. */
	stream(): PageStream;
}

/** What a run shares with its sources and operators. `run()` hands one to its builder; pages carry it. */
export interface Start {
	/** Aborted when the run is asked to stop: no new request, and the stream of pages completes. */
	readonly signal: AbortSignal;
	readonly budget: Budget;
	readonly meter: Meter;
	/** Resolves when the run is ready for requests: its sinks are open, and its first checkpoint is durable. */
	readonly ready: Promise<void>;
	/** The snapshots of stateful operators as of the checkpoint, by name. */
	readonly snapshots: Readonly<Record<string, Json>>;
	/** The time from which on all identities of a source are remembered; what is older must not be read again. */
	floorMs(key: string): number | undefined;
	/** The identities of the journal as of the checkpoint: entries of 20 bytes. */
	readonly identities: Uint8Array;
	/** Says that a source takes part, and what its state is bound to. */
	openSource(key: string, binding: Readonly<Record<string, string>>): SourcePlace;
	/** Set by a source that ends because of the signal, before its end. */
	interrupted: boolean;
	/**
	 * Whether the run ends with this error by itself when all sources are over, so that the others go on; else the stream
	 * of pages does.
	 */
	leaveGap(error: unknown): boolean;
	/** Set where one answer is all that is asked for: a page that fails is no gap to read around, but the end. */
	readonly asksOnce?: boolean;
}

/** One for all copies of this package in a process: a source may come from a package that has its own. */
const runs: AsyncLocalStorage<Start> = ((globalThis as Record<symbol, unknown>)[Symbol.for('rxaudit.runs')] ??=
	new AsyncLocalStorage<Start>()) as AsyncLocalStorage<Start>;

/** Calls `subscribe` so that each source that is subscribed to by it, now or later, takes part in this run. */
export function inRun<T>(start: Start, subscribe: () => T): T {
	return runs.run(start, subscribe);
}

/** The run that is subscribing to a source now; outside of one a start of its own: nothing saved, nothing shared. */
export function currentStart(): Start {
	return runs.getStore() ?? freshStart();
}

const ready = Promise.resolve();

/** A start for a source that is used without `run()`: nothing saved, nothing shared. */
export function freshStart(): Start {
	return {
		signal: new AbortController().signal,
		budget: new Budget(),
		meter: new Meter(),
		ready,
		snapshots: {},
		floorMs: () => undefined,
		identities: new Uint8Array(),
		openSource: key => ({key, position: () => undefined, begin: () => {}, stream: () => new PageStream(key)}),
		interrupted: false,
		leaveGap: () => false,
	};
}
