import {isAbsolute} from 'node:path';
import {checkAccepts} from '../sink/accepts.ts';
import {AuditError, ConfigError, reasonOf} from '../model/errors.ts';
import {letterLine} from '../source/letters.ts';
import type {Json} from '../model/event.ts';
import type {Fence} from './fence.ts';
import type {Meter} from '../model/meter.ts';
import type {Page, Rejected} from '../model/page.ts';
import type {Asked} from '../sink/asked.ts';
import type {Batch, OpenSink, Sink, SinkContext} from '../sink/sink.ts';
import {placeOf, placeOfOpen} from '../sink/target-place.ts';
import {withoutLacks} from './asked-ledger.ts';
import {TimeSpan} from './time-span.ts';
import type {Lack} from '../state/state.ts';

interface OpenSinksOptions {
	readonly sinks: readonly Sink[];
	readonly deadLetters: Sink | undefined;
	readonly meter: Meter;
	readonly signal: AbortSignal;
	readonly sign: SinkContext['sign'];
	readonly fence: Fence;
	/** What each sink returned as of the checkpoint, by {@link keyOf}. */
	readonly states: Readonly<Record<string, Json>> | undefined;
	/** What was going to be committed when the last run died, and when a sink failed that is best-effort. */
	readonly prepared: Readonly<Record<string, Json>> | undefined;
	/** What sinks did not get in runs before, by key: it is not said to be in them. */
	readonly lacks: Readonly<Record<string, readonly Lack[]>>;
}

const standardOutput = 1;

/** The name of a sink in the state. */
export function keyOf(sink: Sink): string {
	return `${sink.name}:${sink.target}`;
}

/** The sinks of a run while it lasts: what one is asked all are asked, and a best-effort one that fails is left out. */
export class OpenSinks {
	readonly #options: OpenSinksOptions;
	readonly #open = new Map<string, OpenSink>();
	readonly #optional: ReadonlySet<string>;
	/** What each sink returned last, and what it had returned as of the last commit. */
	#states: Readonly<Record<string, Json>>;
	#committed: Readonly<Record<string, Json>>;
	/** What sinks had prepared and may have written in part. */
	#prepared: Readonly<Record<string, Json>>;
	/** What was written since the last commit: a sink that fails now does not hold it. */
	#uncommitted = new TimeSpan();
	readonly #missed = new Map<string, {readonly span: TimeSpan; readonly reason: string}>();
	/** Settles when the sinks are done with what they were asked for. */
	#busy: Promise<unknown> = Promise.resolve();

	constructor(options: OpenSinksOptions) {
		this.#options = options;
		this.#states = options.states ?? {};
		this.#committed = this.#states;
		this.#prepared = options.prepared ?? {};
		this.#optional = new Set(options.sinks.filter(sink => sink.delivery === 'best-effort').map(keyOf));
	}

	/** The position of each sink as of its last `flush()` or `prepare()`; of one that is left out, as of its last commit. */
	get states(): Readonly<Record<string, Json>> {
		return this.#states;
	}

	/** What sinks that were left out, in this run or before, had prepared and have not committed since. */
	get prepared(): Readonly<Record<string, Json>> {
		return without(this.#prepared, key => this.#open.has(key));
	}

	/** What the sinks that were left out have not got, by key. */
	get lacks(): Readonly<Record<string, Lack>> {
		return Object.fromEntries(
			[...this.#missed]
				.filter(([, {span}]) => span.events > 0)
				.map(([key, {span, reason}]) => [key, span.lack(reason)]),
		);
	}

	async open(): Promise<void> {
		const {sinks, deadLetters} = this.#options;
		checkTargets(deadLetters ? [...sinks, deadLetters] : sinks);
		for (const sink of sinks) await this.#openSink(keyOf(sink), sink);
		if (deadLetters && Object.hasOwn(this.#states, deadLetterKey(deadLetters))) {
			await this.#openSink(deadLetterKey(deadLetters), deadLetters);
		}
	}

	/** Hands a batch to every sink; resolves when all have taken its bytes, with what they could not write. */
	async write(batch: Batch): Promise<readonly Rejected[]> {
		this.#uncommitted.add(batch.records);
		for (const {span} of this.#missed.values()) span.add(batch.records);
		const letters = this.#options.deadLetters && deadLetterKey(this.#options.deadLetters);
		const sinks = [...this.#open].filter(([key]) => key !== letters);
		for (const sink of this.#options.sinks) {
			if (sink.accepts) checkAccepts(sink, batch.source.name, isRaw(batch) ? 'raw' : undefined);
		}
		const rejected = await this.#ask(sinks, sink => sink.write(batch));
		return rejected.flatMap(some => some ?? []);
	}

	/** Opens the place for dead letters when it is needed first; true if it was now, so that the state learns of it. */
	async openDeadLetters(): Promise<boolean> {
		const {deadLetters} = this.#options;
		const key = deadLetterKey(deadLetters!);
		if (this.#open.has(key)) return false;
		await this.#openSink(key, deadLetters!);
		await this.#learn([[key, this.#open.get(key)!]], sink => sink.flush());
		return true;
	}

	async writeDeadLetters({source: {name, tenant, ...source}}: Page, rejected: readonly Rejected[]): Promise<void> {
		const texts = rejected.map(letter => letterLine(letter, {name, tenant}));
		const ends = new Uint32Array(texts.length);
		let bytes = 0;
		for (const [index, text] of texts.entries()) ends[index] = bytes += Buffer.byteLength(text) + 1;
		const lines = Buffer.from(texts.map(text => `${text}\n`).join(''));
		const batch: Batch = {events: rejected, records: [], lines, ends, source: {name, tenant, ...source}};
		const key = deadLetterKey(this.#options.deadLetters!);
		await this.#ask([[key, this.#open.get(key)!]], sink => sink.write(batch));
	}

	/**
	 * Flushes the sinks that can be cut and asks the others what they are going to write (`prepare()`); true where
	 * there are others. `asked`: what was read for it.
	 */
	async prepare(asked?: Asked): Promise<boolean> {
		const askedOf = (key: string) => asked && withoutLacks(asked, this.#options.lacks[key] ?? []);
		await this.#learn(
			[...this.#open].filter(([, sink]) => !sink.prepare),
			(sink, key) => sink.flush(askedOf(key)),
		);
		const others = this.#uncuttable();
		await this.#learn(others, (sink, key) => sink.prepare!(askedOf(key)));
		return others.length > 0;
	}

	/** Makes durable what was only prepared. */
	async flush(): Promise<void> {
		await this.#learn(this.#uncuttable(), sink => sink.flush());
	}

	/** What the sinks returned last is committed now. */
	committed(): void {
		this.#committed = this.#states;
		this.#uncommitted = new TimeSpan();
		for (const sink of this.#open.values()) sink.committed?.();
	}

	/**
	 * Closes every sink behind its last write, also when another fails to close. The run's signal has ended the writes;
	 * a sink that ignores it is waited for no longer than `maxWaitMs`.
	 */
	async close(maxWaitMs: number): Promise<void> {
		await atMost(maxWaitMs, this.#busy);
		await this.#options.fence.assertHeld().catch(() => {}); // so that no sink cuts what another run has written
		const open = [...this.#open];
		this.#open.clear();
		const closed = await Promise.allSettled(open.map(async ([, sink]) => sink.close()));
		const failed = closed.flatMap((result, index) => {
			return result.status === 'rejected' ? [{key: open[index]![0], reason: result.reason as unknown}] : [];
		});
		const fatal = failed.find(({key}) => !this.#optional.has(key));
		if (fatal) throw fatal.reason;
		for (const {key, reason} of failed) this.#options.meter.warn(`${key} could not be closed: ${reasonOf(reason)}`);
	}

	async #openSink(key: string, sink: Sink): Promise<void> {
		const {meter, signal, sign, fence} = this.#options;
		const context: SinkContext = {
			resume: this.#states[key],
			prepared: this.#prepared[key],
			sign,
			signal,
			isFenced: () => fence.isLost,
			warn: message => meter.warn(message),
			note: message => meter.note(message),
		};
		await this.#ask([[key, sink]], async () => {
			const open = await sink.open(context);
			this.#open.set(key, open);
			if (open.prepare && !sink.holds) throw new ConfigError(`${sink.name}: a sink with prepare() needs holds() too`);
		});
	}

	#uncuttable(): [string, OpenSink][] {
		return [...this.#open].filter(([, sink]) => sink.prepare);
	}

	async #learn(
		sinks: readonly [string, OpenSink][],
		call: (sink: OpenSink, key: string) => Promise<Json>,
	): Promise<void> {
		const states = await this.#ask(sinks, call);
		const learned = sinks.map(([key], index) => [key, states[index]] as const).filter(([key]) => this.#open.has(key));
		this.#states = {...this.#states, ...Object.fromEntries(learned)} as Record<string, Json>;
	}

	/** Asks sinks for something, unless the run has been given up (they are being closed then) or lost its state. */
	async #ask<S, T>(
		sinks: readonly (readonly [string, S])[],
		call: (sink: S, key: string) => Promise<T>,
	): Promise<(T | undefined)[]> {
		const {signal, fence, meter} = this.#options;
		signal.throwIfAborted();
		await fence.assertHeld();
		signal.throwIfAborted();
		const answers = sinks.map(async ([key, sink]) => {
			try {
				return await meter.during(key, () => call(sink, key));
			} catch (error) {
				if (!this.#optional.has(key) || signal.aborted || isMistake(error)) throw error;
				return this.#leaveOut(key, error);
			}
		});
		this.#busy = Promise.allSettled(answers);
		return Promise.all(answers);
	}

	async #leaveOut(key: string, error: unknown): Promise<undefined> {
		const sink = this.#open.get(key);
		this.#open.delete(key);
		const [state, committed] = [this.#states[key], this.#committed[key]];
		if (sink?.prepare && state !== undefined && state !== committed) this.#prepared = {...this.#prepared, [key]: state};
		this.#states = without(this.#states, name => name === key);
		if (committed !== undefined) this.#states = {...this.#states, [key]: committed};
		const reason = reasonOf(error);
		this.#missed.set(key, {span: this.#uncommitted.copy(), reason});
		this.#options.meter.warn(`${key} is left out from here on, since it failed: ${reason}`);
		await sink?.close().catch(() => {});
		if (this.#missed.size === this.#options.sinks.length) throw error;
	}
}

/** All events of a page are of one kind. */
function isRaw({events, records}: Batch): boolean {
	return events.length > 0 && events[0] === records[0]?.value;
}

function without<T>(record: Readonly<Record<string, T>>, leaveOut: (key: string) => boolean): Record<string, T> {
	return Object.fromEntries(Object.entries(record).filter(([key]) => !leaveOut(key)));
}

/** A target that cannot be right is for the user to mend, however little it matters. */
function isMistake(error: unknown): boolean {
	return error instanceof AuditError && (error.code === 'CONFIG' || error.code === 'TARGET_REFUSED');
}

function deadLetterKey(sink: Sink): string {
	return `dead letters ${keyOf(sink)}`;
}

/** Two writers would spoil one target, also where they are two kinds of sink or use two names for it. */
function checkTargets(sinks: readonly Sink[]): void {
	const places = sinks.map(({name, target}) => {
		if (target === '-') return placeOfOpen(standardOutput) ?? target;
		return isAbsolute(target) ? placeOf(target) : `${name}:${target}`;
	});
	const index = places.findIndex((place, at) => places.indexOf(place) !== at);
	if (index < 0) return;
	const [first, second] = [sinks[places.indexOf(places[index]!)]!, sinks[index]!];
	const same = keyOf(first) === keyOf(second) ? '' : `: ${keyOf(first)} leads to the same file`;
	throw new ConfigError(`run: the target ${keyOf(second)} is given twice${same}`);
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const over = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)));
	await Promise.race([promise, over]);
	clearTimeout(timer);
}
