import {Budget} from '../model/budget.ts';
import {ConfigError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Meter} from '../model/meter.ts';
import type {KeepIdentities, Start} from '../model/start.ts';
import type {Checkpoint, StateStore} from '../state/state.ts';

/** The `start` of a run: what its builder gets, and what the run learns from it. */
export class RunStart implements Start {
	readonly budget = new Budget();
	readonly signal: AbortSignal;
	readonly meter: Meter;
	readonly snapshots: Readonly<Record<string, Json>>;
	identities: Uint8Array = new Uint8Array();
	/** True when a source ended because of the signal, before its end. */
	interrupted = false;
	/** What the state must be bound to, as the sources say. */
	readonly binding: Record<string, string> = {};
	/** Where each source begins. */
	readonly positions: Record<string, Json> = {};
	keep: KeepIdentities | undefined;
	/** What the first gap of this run was left for. */
	failure: unknown;
	readonly #checkpoint: Checkpoint | undefined;
	#sealed = false;

	constructor(checkpoint: Checkpoint | undefined, signal: AbortSignal, meter: Meter) {
		this.#checkpoint = checkpoint;
		this.signal = signal;
		this.meter = meter;
		this.snapshots = checkpoint?.snapshots ?? {};
	}

	floorMs(key: string): number | undefined {
		const floors = Object.entries(this.snapshots)
			.filter(([name]) => name.endsWith(`:${key}`))
			.map(([, snapshot]) => (snapshot as {floorMs?: number} | null)?.floorMs)
			.filter(floor => floor !== undefined);
		return floors.length > 0 ? Math.max(...floors) : undefined;
	}

	get hasSources(): boolean {
		return Object.keys(this.positions).length > 0;
	}

	/** Their names. */
	get sources(): string[] {
		return Object.keys(this.positions).map(key => key.slice(0, key.indexOf(':')));
	}

	async loadIdentities(state: StateStore | undefined): Promise<void> {
		const mark = this.#checkpoint?.journal;
		if (mark === undefined) return;
		this.identities = state?.journal ? await state.journal.read(mark) : Buffer.from(mark as string, 'base64');
	}

	/** From here on the state is what the sources so far have said: it was checked by that, and begins with it. */
	seal(): void {
		if (!this.hasSources) {
			throw new ConfigError('run: a state needs sources that go on where it left off, but none took the start');
		}
		this.#sealed = true;
	}

	openSource(key: string, binding: Readonly<Record<string, string>>): Json | undefined {
		if (this.#sealed) {
			throw new ConfigError(`run: the source ${key} came too late for the state; make it before the builder returns`);
		}
		if (Object.hasOwn(this.positions, key)) {
			throw new ConfigError(`run: the source ${key} takes part twice; give each tenant one source`);
		}
		for (const [name, value] of Object.entries(binding)) this.binding[`${key} ${name}`] = value;
		return this.#checkpoint?.sources[key];
	}

	begin(key: string, position: Json): void {
		this.positions[key] = position;
	}

	leaveGap(error: unknown): boolean {
		this.failure ??= error;
		return true;
	}

	keepIdentities(keep: KeepIdentities): void {
		this.keep = keep;
	}
}
