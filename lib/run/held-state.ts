import type {StateStore, StoreContext, StoredCheckpoint} from '../state/state.ts';

/** A state that stays with its run from one round to the next. */
export interface HeldState {
	/** Loaded and closed by each round, as any state. */
	readonly store: StateStore;
	/** Lets go of it; the next round loads it anew. */
	letGo(): Promise<void>;
}

/**
 * Holds a state between rounds, so that nobody else takes it meanwhile: closing it does nothing before `letGo()`. A round
 * finds what the one before has committed.
 */
export function holdState(state: StateStore): HeldState {
	let stored: StoredCheckpoint | undefined;
	let isHeld = false;
	let loss: Error | undefined;
	let run: StoreContext | undefined;
	const store: StateStore = {
		async load(context) {
			run = context;
			if (loss) throw loss;
			// as it would come from a file: nothing of the round before is shared
			if (isHeld) return stored && (JSON.parse(JSON.stringify(stored)) as StoredCheckpoint);
			stored = await state.load(context && {...context, lost: lose});
			isHeld = true;
			return stored;
		},
		async commit(checkpoint, expectedVersion) {
			const version = await state.commit(checkpoint, expectedVersion);
			stored = {checkpoint, version};
			return version;
		},
		assertHeld: async () => state.assertHeld?.(),
		...(state.journal ? {journal: state.journal} : {}),
	};
	const lose = (error: Error) => {
		loss = error;
		run?.lost(error);
	};
	return {
		store,
		async letGo() {
			isHeld = false;
			await state.close?.();
		},
	};
}
