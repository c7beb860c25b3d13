import {StateError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Checkpoint, Journal, StateStore, StoredCheckpoint} from '../state/state.ts';
import type {Step} from './memory-sink.ts';

export interface MemoryStore extends StateStore {
	/** What is stored; a test may put another version in its place. */
	stored: StoredCheckpoint | undefined;
	/** Each checkpoint that was committed, oldest first. */
	readonly history: Checkpoint[];
	/** The identities as of the stored checkpoint. */
	identities(): Buffer;
}

/**
 * A store as a host would own it. It hears of `load`, `commit`, `committed` and `close state`; with a journal of
 * `append`, `appended`, `rewrite` and `rewritten` too.
 */
export function memoryStore({step = () => {}, journal = true}: {step?: Step; journal?: boolean} = {}): MemoryStore {
	const generations: Buffer[] = [];
	let end: Mark | undefined;
	const store: MemoryStore = {
		stored: undefined,
		history: [],
		async load() {
			await step('load');
			return structuredClone(store.stored);
		},
		async commit(checkpoint, expectedVersion) {
			await step('commit');
			const version = store.stored?.version ?? 0;
			if (version !== expectedVersion) throw new StateError('STATE_CONFLICT', 'somebody else wrote it');
			const copy = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
			store.stored = {checkpoint: copy, version: version + 1};
			store.history.push(copy);
			await step('committed');
			return version + 1;
		},
		async close() {
			await step('close state');
		},
		identities() {
			const mark = store.stored?.checkpoint.journal;
			if (mark === undefined) return Buffer.alloc(0);
			return journal ? upTo(mark as Mark) : Buffer.from(mark as string, 'base64');
		},
	};
	const upTo = ({generation, bytes}: Mark) => generations[generation]!.subarray(0, bytes);
	const rewrite = (bytes: Uint8Array): Json => {
		generations.push(Buffer.from(bytes));
		end = {generation: generations.length - 1, bytes: bytes.length};
		return end;
	};
	const appendOnly: Journal = {
		async read(mark) {
			end = mark as Mark;
			return Buffer.from(upTo(end));
		},
		async append(bytes) {
			await step('append');
			if (end === undefined) rewrite(bytes);
			else {
				generations[end.generation] = Buffer.concat([upTo(end), bytes]);
				end = {...end, bytes: end.bytes + bytes.length};
			}
			await step('appended');
			return end!;
		},
		async rewrite(bytes) {
			await step('rewrite');
			const mark = rewrite(bytes);
			await step('rewritten');
			return mark;
		},
	};
	return journal ? Object.assign(store, {journal: appendOnly}) : store;
}

type Mark = {readonly generation: number; readonly bytes: number};
