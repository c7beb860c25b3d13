import {Budget, type BudgetLimits} from '../model/budget.ts';
import {ConfigError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Meter} from '../model/meter.ts';
import type {SourcePlace, Start} from '../model/start.ts';
import {PageStream} from '../model/stream.ts';
import type {Checkpoint, StateStore} from '../state/state.ts';

/** The `start` of a run: what its builder gets, and what the run learns from it. */
export class RunStart implements Start {
	readonly budget: Budget;
	readonly ready: Promise<void>;
	/** Called when the run is ready for requests. */
	isReady!: () => void;
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
	/** Each subscription of a source. */
	readonly streams: PageStream[] = [];
	/** Where the last page of each source that was written ends. */
	readonly #written = new Map<string, Json>();
	readonly #places = new Map<string, {readonly binding: string; stream: PageStream | undefined}>();
	/** What the first gap of this run was left for. */
	failure: unknown;
	readonly #checkpoint: Checkpoint | undefined;
	#sealed = false;

	constructor(checkpoint: Checkpoint | undefined, signal: AbortSignal, meter: Meter, limits?: Partial<BudgetLimits>) {
		this.ready = new Promise(resolve => (this.isReady = resolve));
		this.budget = new Budget(limits);
		this.#checkpoint = checkpoint;
		this.signal = signal;
		this.meter = meter;
		meter.bytesInFlight = () => this.budget.bytes;
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
		return this.#places.size > 0;
	}

	/** Their names. */
	get sources(): string[] {
		return [...this.#places.keys()].map(key => key.slice(0, key.indexOf(':')));
	}

	async loadIdentities(state: StateStore | undefined): Promise<void> {
		const mark = this.#checkpoint?.journal;
		if (mark === undefined) return;
		this.identities = state?.journal ? await state.journal.read(mark) : Buffer.from(mark as string, 'base64');
	}

	/** From here on the state is bound to what the sources so far have declared. */
	seal(): void {
		if (!this.hasSources) {
			throw new ConfigError(
				'run: a state needs a source that goes on where it left off, but none takes part in the run',
			);
		}
		this.#sealed = true;
	}

	openSource(name: string, binding: Readonly<Record<string, string>>): SourcePlace {
		const text = JSON.stringify(binding);
		let key = name;
		for (let count = 2; this.#places.has(key); key = `${name}#${count++}`) {
			const {stream, binding: other} = this.#places.get(key)!;
			if (stream?.ended && other === text) break;
		}
		const place = {binding: text, stream: undefined as PageStream | undefined};
		if (this.#sealed && !this.#places.has(key)) {
			throw new ConfigError(
				`run: the source ${key} came too late for the state, since it is subscribed to after the others; make it with the start of the run: run(start => concat(one(options, start), other(options, start)), …)`,
			);
		}
		this.#places.set(key, place);
		const colon = name.indexOf(':');
		this.meter.addSource({name: name.slice(0, colon), tenant: name.slice(colon + 1)});
		for (const [option, value] of Object.entries(binding)) this.binding[`${key} ${option}`] = value;
		return {
			key,
			position: () => this.#written.get(key) ?? this.#checkpoint?.sources[key],
			begin: position => void (this.positions[key] = position),
			stream: () => {
				if (place.stream && !place.stream.ended) {
					throw new ConfigError(`run: the source ${key} is subscribed to twice; share() its pages, or make it twice`);
				}
				place.stream = new PageStream(key);
				this.streams.push(place.stream);
				return place.stream;
			},
		};
	}

	/** Says that a page is with the sinks: with a state, a later subscription of its source goes on behind it. */
	written(key: string, position: Json): void {
		this.#written.set(key, position);
	}

	leaveGap(error: unknown): boolean {
		this.failure ??= error;
		return true;
	}
}
