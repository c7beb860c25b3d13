import {StateError} from '../model/errors.ts';
import type {StateStore, StoredCheckpoint} from './state.ts';

/** Keeps checkpoints for as long as the process lives. */
export function memoryState(): StateStore {
	let stored: StoredCheckpoint | undefined;
	return {
		load: async () => stored,
		async commit(checkpoint, expectedVersion) {
			if ((stored?.version ?? 0) !== expectedVersion) {
				throw new StateError('STATE_CONFLICT', `the state in memory is not written: it is of another version`);
			}
			stored = {checkpoint, version: expectedVersion + 1};
			return stored.version;
		},
	};
}
