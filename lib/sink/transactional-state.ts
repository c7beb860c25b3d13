import {ConfigError, StateError} from '../model/errors.ts';
import type {AuditEvent, Json} from '../model/event.ts';
import type {Checkpoint, StateStore, StoredCheckpoint} from '../state/state.ts';
import type {Sink} from './sink.ts';

/** What one commit of a run adds: all of it belongs into one transaction. */
export interface Transaction<T = AuditEvent> {
	/** The version that must be stored (0: none yet); where another one is, another run is at work. */
	readonly expectedVersion: number;
	/** The version that takes its place. */
	readonly version: number;
	readonly checkpoint: Checkpoint;
	/** The rows, in order. */
	readonly events: readonly T[];
	/** What `dedupe` remembers: belongs behind the bytes that are stored, or in their place. */
	readonly identities: {readonly bytes: Uint8Array; readonly replaces: boolean};
}

type Identities = Transaction['identities'];

export interface TransactionalStateOptions<T = AuditEvent> {
	/** Names the sink, for example `postgres`. */
	readonly name: string;
	/** Where the rows go, for people and for the state: a table, say, and never a secret. */
	readonly target: string;
	/** Resolves with what was committed last (version 0: nothing yet); its identities in the order of their versions. */
	load(): Promise<(StoredCheckpoint & {readonly identities: readonly Uint8Array[]}) | undefined>;
	/** Resolves when the transaction is durable. Rejects, with nothing written, where another version is stored. */
	commit(transaction: Transaction<T>): Promise<void>;
	/** Lets go of what `load()` has locked, say. */
	close?(): Promise<unknown>;
}

const nothing: Identities = {bytes: Buffer.alloc(0), replaces: false};

/**
 * A sink, and the state of the same run, for a database that keeps both: the events of a commit and its checkpoint come
 * in one call, so that one transaction holds them and each event is a row once, whatever is killed. The run needs both
 * of them. Events wait in memory for their commit, 8 MiB of them unless `commitSize` says otherwise.
 *
 * ```ts
 * const {sink, state} = transactionalState({name: 'postgres', target: 'audit_events', load, commit});
 * await run(orgEvents({orgId, token}).pipe(normalize()), sink, {state});
 * ```
 */
export function transactionalState<T = AuditEvent>(
	options: TransactionalStateOptions<T>,
): {readonly sink: Sink; readonly state: StateStore} {
	const {name, target, close} = options;
	let isLoaded = false;
	let isOpen = false;
	/** The identities of the stored version, and what the next one adds. */
	let stored: readonly Uint8Array[] = [];
	let identities = nothing;
	/** What the sink has taken, and what of it the next checkpoint tells of. */
	let taken: T[] = [];
	let flushed: T[] = [];

	const forget = () => {
		taken = [];
		flushed = [];
		identities = nothing;
	};
	const misused = (found: string) =>
		new ConfigError(
			`${name}:${target}: expected its sink and its state in one run, run(pages, sink, {state}), ${found}`,
		);

	const sink: Sink = {
		name,
		target,
		async open({resume}) {
			if (!isLoaded) throw misused('got the sink alone');
			if (isOpen) throw misused('got them in a run that has not ended');
			isOpen = true;
			forget();
			let commits = (resume as {readonly commits: number} | undefined)?.commits ?? 0;
			return {
				async write({events}) {
					for (const event of events) taken.push(event as T);
				},
				async flush() {
					flushed = [...flushed, ...taken];
					taken = [];
					return {commits: ++commits};
				},
				async close() {
					isOpen = false;
				},
			};
		},
		// what a pending checkpoint promises is written with the one behind it, or not at all
		holds: async () => false,
	};

	const add = (added: Identities): Json => {
		identities = added.replaces ? added : {...identities, bytes: Buffer.concat([identities.bytes, added.bytes])};
		return {bytes: sizeOf(behind(stored, identities))};
	};

	const state: StateStore = {
		async load() {
			if (isOpen) throw misused('got them in a run that has not ended');
			const found = await options.load();
			isLoaded = true;
			forget();
			stored = found?.identities ?? [];
			return found && found.version > 0 ? {checkpoint: found.checkpoint, version: found.version} : undefined;
		},
		async commit(checkpoint, expectedVersion) {
			if (!isOpen) throw misused('got the state alone');
			const version = expectedVersion + 1;
			const transaction = {expectedVersion, version, checkpoint};
			if (checkpoint.pending) {
				await options.commit({...transaction, events: [], identities: nothing});
				return version;
			}
			await options.commit({...transaction, events: flushed, identities});
			stored = behind(stored, identities);
			flushed = [];
			identities = nothing;
			return version;
		},
		journal: {
			async read(mark) {
				const {bytes} = mark as {readonly bytes: number};
				const found = sizeOf(stored);
				if (bytes === found) return Buffer.concat(stored);
				throw new StateError(
					'STATE_DAMAGED',
					`${name}:${target}: expected ${bytes} bytes of identities in the state, got ${found}; nothing was changed`,
				);
			},
			append: async bytes => add({bytes, replaces: false}),
			rewrite: async bytes => add({bytes, replaces: true}),
		},
		async close() {
			if (isOpen) return; // who has come second lets go of nothing
			isLoaded = false;
			await close?.call(options);
		},
	};
	return {sink, state};
}

function behind(stored: readonly Uint8Array[], {bytes, replaces}: Identities): readonly Uint8Array[] {
	return replaces ? [bytes] : [...stored, bytes];
}

function sizeOf(parts: readonly Uint8Array[]): number {
	return parts.reduce((sum, {length}) => sum + length, 0);
}
