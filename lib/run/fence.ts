import type {Meter} from '../model/meter.ts';
import {ConfigError} from '../model/errors.ts';
import type {Checkpoint, StateStore, StoredCheckpoint} from '../state/state.ts';
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
		const stored = await this.#state?.load({
			signal: AbortSignal.any([stop, abort.signal]),
			note: message => meter.note(message),
			lost: error => {
				this.#lose(error);
				abort.abort(error);
			},
		});
		if (stored === undefined || stored === null) return undefined;
		if (isCheckpoint(stored.checkpoint) && isVersion(stored.version)) return stored;
		throw ConfigError.of('run', [
			{option: 'state', expected: 'load() to resolve with {checkpoint, version}, or undefined', got: 'something else'},
		]);
	}

	/** Commits, and resolves with the new version. Once the state is lost, nothing is written. */
	async commit(state: StateStore, checkpoint: Checkpoint, version: number, signal: AbortSignal): Promise<number> {
		await this.assertHeld();
		signal.throwIfAborted();
		const next = await state.commit(checkpoint, version);
		if (isVersion(next)) return next;
		throw ConfigError.of('run', [
			{option: 'state', expected: 'commit() to resolve with the new version, a number', got: String(next)},
		]);
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

function isVersion(value: unknown): value is number {
	return typeof value === 'number' && Number.isFinite(value);
}

function isCheckpoint(value: unknown): value is Checkpoint {
	const {binding, sources, snapshots, sinks} = (value ?? {}) as Partial<Record<string, unknown>>;
	return [binding, sources, snapshots, sinks].every(part => typeof part === 'object' && part !== null);
}
