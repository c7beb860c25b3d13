import type {Meter} from '../model/meter.ts';
import type {StateStore, StoredCheckpoint} from '../state/state.ts';
import type {Stopping} from './stopping.ts';

/** Whether a run still owns its state: a run that lost it to another writes nothing more, to no target. */
export class Fence {
	readonly #state: StateStore | undefined;
	#reason: unknown;
	#isLost = false;

	constructor(state: StateStore | undefined) {
		this.#state = state;
	}

	/** True when the state was lost, or nobody knows whether it was. */
	get isLost(): boolean {
		return this.#isLost;
	}

	/** Loads the state. When it is lost later, the run ends. */
	async load({stop, abort}: Pick<Stopping, 'stop' | 'abort'>, meter: Meter): Promise<StoredCheckpoint | undefined> {
		return this.#state?.load({
			signal: AbortSignal.any([stop, abort.signal]),
			note: message => meter.note(message),
			lost: error => {
				this.#lose(error);
				abort.abort(error);
			},
		});
	}

	/** Asked before anything is written. Once lost, it is for good. */
	async assertHeld(): Promise<void> {
		if (this.#isLost) throw this.#reason;
		try {
			await this.#state?.assertHeld?.();
		} catch (error) {
			this.#lose(error);
			throw error;
		}
	}

	#lose(reason: unknown): void {
		this.#isLost = true;
		this.#reason ??= reason;
	}
}
