import {ConfigError, StateError} from './errors.ts';
import type {Json} from './event.ts';
import type {Meter} from './meter.ts';
import type {Page, Rejected} from './page.ts';
import type {RunStart} from './run-start.ts';
import type {Batch, CommitSize, OpenSink, Sink} from './sink.ts';
import type {Checkpoint, StateStore, StoredCheckpoint} from './state.ts';

export interface CommitterOptions {
	readonly sinks: readonly Sink[];
	readonly deadLetters: Sink | undefined;
	readonly state: StateStore | undefined;
	readonly stored: StoredCheckpoint | undefined;
	readonly start: RunStart;
	readonly meter: Meter;
	readonly binding: Readonly<Record<string, string>>;
	readonly signal: AbortSignal;
}

const defaultCommitSize: CommitSize = {pages: 64, bytes: 8 * 1024 * 1024, ageMs: 5_000};
/** The journal is thinned out when it is this large, and as soon as it is twice what was needed then. */
const minJournalCompaction = 4 * 1024 * 1024;

/** What is left of a page between its write and its commit: never its events. */
interface Uncommitted extends Pick<Page, 'position' | 'snapshots' | 'ack' | 'nack'> {
	readonly key: string;
	readonly identities: Uint8Array | undefined;
}

/** What became of a page's events. */
export interface Written {
	/** Those that every sink has taken. */
	readonly events: number;
	readonly bytes: number;
	readonly deadLetters: number;
}

/**
 * Holds the open sinks and makes checkpoints: the only place that commits. A checkpoint is one consistent cut, since
 * pages are written one at a time and all sinks are flushed between two of them.
 */
export class Committer {
	readonly #options: CommitterOptions;
	readonly #open = new Map<string, OpenSink>();
	readonly #sinkStates: Record<string, Json>;
	readonly #positions: Record<string, Json>;
	#snapshots: Readonly<Record<string, Json>>;
	#version: number;
	#uncommitted: Uncommitted[] = [];
	#uncommittedBytes = 0;
	#mark: Json | undefined;
	#journalBytes: number;
	/** Of each run anew: else a journal would only grow when every run adds less than there was. */
	#compactAt = minJournalCompaction;
	/** Settles when the sinks are done with what they were asked for. */
	#busy: Promise<unknown> = Promise.resolve();

	constructor(options: CommitterOptions) {
		const {start, stored} = options;
		this.#options = options;
		this.#positions = {...stored?.checkpoint.sources, ...start.positions};
		this.#snapshots = stored?.checkpoint.snapshots ?? {};
		this.#sinkStates = {...stored?.checkpoint.sinks};
		this.#version = stored?.version ?? 0;
		this.#mark = stored?.checkpoint.journal;
		this.#journalBytes = start.identities.length;
	}

	/** Checks that the state is this pipeline's, opens the sinks, and commits the first checkpoint. */
	async open(): Promise<void> {
		const {sinks, stored, state, deadLetters} = this.#options;
		const binding = this.#binding();
		if (stored) checkBinding(stored.checkpoint.binding, binding);
		checkTargets(deadLetters ? [...sinks, deadLetters] : sinks);
		for (const sink of sinks) await this.#openSink(keyOf(sink), sink);
		if (deadLetters && Object.hasOwn(this.#sinkStates, deadLetterKey(deadLetters))) {
			await this.#openSink(deadLetterKey(deadLetters), deadLetters);
		}
		if (state) await this.commit();
	}

	/** What the run asks for, else the smallest of what its sinks like. */
	commitSize(asked: Partial<CommitSize>): CommitSize {
		const size = (key: keyof CommitSize) =>
			asked[key] ?? Math.min(...this.#options.sinks.map(sink => sink.commitSize?.[key] ?? defaultCommitSize[key]));
		return {pages: size('pages'), bytes: size('bytes'), ageMs: size('ageMs')};
	}

	get hasUncommitted(): boolean {
		return this.#uncommitted.length > 0;
	}

	exceeds(size: CommitSize): boolean {
		return this.#uncommitted.length >= size.pages || this.#uncommittedBytes >= size.bytes;
	}

	/** Hands a batch to every sink; resolves when all have taken its bytes, with what they could not write. */
	async write(batch: Batch): Promise<readonly Rejected[]> {
		const sinks = this.#options.sinks.map(sink => this.#open.get(keyOf(sink))!);
		const rejected = await this.#ask(sinks, sink => sink.write(batch));
		return rejected.flatMap(some => some ?? []);
	}

	async writeDeadLetters(page: Page, rejected: readonly Rejected[]): Promise<void> {
		const deadLetters = this.#options.deadLetters!;
		const sink = this.#open.get(deadLetterKey(deadLetters)) ?? (await this.#openDeadLetters(deadLetters));
		const {name, tenant, ids} = page.source;
		const texts = rejected.map(({id, reason, text}) =>
			JSON.stringify({reason, source: name, tenant, id, record: Buffer.from(text).toString('utf8')}),
		);
		const ends = new Uint32Array(texts.length);
		let bytes = 0;
		for (const [index, text] of texts.entries()) ends[index] = bytes += Buffer.byteLength(text) + 1;
		const lines = Buffer.from(texts.map(text => `${text}\n`).join(''));
		const batch: Batch = {events: rejected, records: [], lines, ends, source: {name, tenant, ids}};
		await this.#ask([sink], open => open.write(batch));
	}

	/** Counts a page that every sink has taken. */
	written(page: Page, {events, bytes, deadLetters}: Written): void {
		const {meter} = this.#options;
		const {source, position, snapshots, identities, ack, nack} = page;
		this.#uncommitted.push({key: `${source.name}:${source.tenant}`, position, snapshots, identities, ack, nack});
		this.#uncommittedBytes += bytes;
		meter.pages++;
		meter.events += events;
		meter.duplicates += page.duplicates;
		meter.deadLetters += deadLetters;
		const last = page.records.at(-1);
		if (last) meter.positionMs = last.orderMs;
		meter.changed();
	}

	/** Makes all that was written durable, then the checkpoint, then acknowledges the pages. */
	async commit(): Promise<void> {
		const {state, signal} = this.#options;
		const pages = this.#uncommitted;
		if (pages.length === 0 && this.#version > 0 && state) return;
		await this.#flush();
		signal.throwIfAborted();
		for (const page of pages) {
			this.#positions[page.key] = page.position;
			this.#snapshots = {...this.#snapshots, ...page.snapshots};
		}
		if (state) {
			await this.#appendIdentities(state, pages);
			await this.#save(state);
		}
		this.#uncommitted = [];
		this.#uncommittedBytes = 0;
		for (const page of pages) page.ack();
	}

	/** Settles what was written and will not be committed. */
	nack(reason: unknown): void {
		for (const page of this.#uncommitted) page.nack(reason);
	}

	/**
	 * Closes every sink, whatever becomes of the others: not under a write, since the run's signal has ended those, but
	 * a sink that does not hear it is waited for no longer than this.
	 */
	async close(maxWaitMs = 5_000): Promise<void> {
		await atMost(maxWaitMs, this.#busy);
		const open = [...this.#open.values()];
		this.#open.clear();
		const closed = await Promise.allSettled(open.map(async sink => sink.close()));
		const failed = closed.find(({status}) => status === 'rejected');
		if (failed) throw (failed as PromiseRejectedResult).reason;
	}

	async #openSink(key: string, sink: Sink): Promise<OpenSink> {
		const {meter, signal} = this.#options;
		const context = {resume: this.#sinkStates[key], signal, warn: (message: string) => meter.warn(message)};
		const [open] = await this.#ask([sink], async () => {
			const opened = await sink.open(context);
			this.#open.set(key, opened);
			return opened;
		});
		return open!;
	}

	/** The state knows where they begin before the first is written: after a kill they are cut, not written twice. */
	async #openDeadLetters(sink: Sink): Promise<OpenSink> {
		const {state} = this.#options;
		const key = deadLetterKey(sink);
		const open = await this.#openSink(key, sink);
		const [begin] = await this.#ask([open], opened => opened.flush());
		this.#sinkStates[key] = begin!;
		if (state) await this.#save(state);
		return open;
	}

	async #flush(): Promise<void> {
		const open = [...this.#open];
		const states = await this.#ask(open, ([, sink]) => sink.flush());
		for (const [index, [key]] of open.entries()) this.#sinkStates[key] = states[index]!;
	}

	/** Asks sinks for something, unless the run has been given up: then they are being closed. */
	async #ask<S, T>(sinks: readonly S[], call: (sink: S) => Promise<T>): Promise<T[]> {
		this.#options.signal.throwIfAborted();
		const answers = sinks.map(async sink => call(sink));
		this.#busy = Promise.allSettled(answers);
		return Promise.all(answers);
	}

	async #save(state: StateStore): Promise<void> {
		this.#options.signal.throwIfAborted();
		this.#version = await state.commit(this.#checkpoint(), this.#version);
	}

	async #appendIdentities({journal}: StateStore, pages: readonly Uncommitted[]): Promise<void> {
		const added = concat(pages.map(page => page.identities ?? new Uint8Array()));
		const {start} = this.#options;
		if (added.length === 0 && this.#mark !== undefined) return;
		if (added.length === 0 && !start.keep) return;
		const bytes = this.#journalBytes + added.length;
		if (bytes <= this.#compactAt && journal && this.#mark !== undefined) {
			this.#mark = await journal.append(added);
			this.#journalBytes = bytes;
			return;
		}
		const all = concat([await this.#readIdentities(journal), added]);
		const thinned = bytes > this.#compactAt;
		const needed = thinned && start.keep ? start.keep(all, this.#snapshots) : all;
		this.#mark = journal ? await journal.rewrite(needed) : Buffer.from(needed).toString('base64');
		this.#journalBytes = needed.length;
		if (thinned) this.#compactAt = Math.max(minJournalCompaction, needed.length * 2);
	}

	async #readIdentities(journal: StateStore['journal']): Promise<Uint8Array> {
		if (this.#mark === undefined) return new Uint8Array();
		return journal ? journal.read(this.#mark) : Buffer.from(this.#mark as string, 'base64');
	}

	#checkpoint(): Checkpoint {
		return {
			binding: this.#binding(),
			sources: {...this.#positions},
			snapshots: this.#snapshots,
			sinks: {...this.#sinkStates},
			...(this.#mark === undefined ? {} : {journal: this.#mark}),
		};
	}

	#binding(): Record<string, string> {
		const {sinks, start, binding} = this.#options;
		const targets = sinks.flatMap(sink => [
			[`sink ${keyOf(sink)}`, sink.target],
			...Object.entries(sink.layout ?? {}).map(([name, value]) => [`sink ${keyOf(sink)} ${name}`, value]),
		]);
		return {...binding, ...start.binding, ...Object.fromEntries(targets)};
	}
}

function keyOf(sink: Sink): string {
	return `${sink.name}:${sink.target}`;
}

function deadLetterKey(sink: Sink): string {
	return `dead letters ${keyOf(sink)}`;
}

/** Two writers of one target would spoil it. */
function checkTargets(sinks: readonly Sink[]): void {
	const keys = sinks.map(keyOf);
	const twice = keys.find((key, index) => keys.indexOf(key) !== index);
	if (twice !== undefined) throw new ConfigError(`run: the target ${twice} is given twice`);
}

function checkBinding(stored: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>): void {
	for (const name of new Set([...Object.keys(stored), ...Object.keys(given)])) {
		if (stored[name] === given[name]) continue;
		throw new StateError(
			'STATE_FOREIGN',
			`the state belongs to another pipeline: ${name}: expected ${stored[name] ?? 'nothing'}, got ${given[name] ?? 'nothing'}; use the options it was made with, or another state file`,
		);
	}
}

async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const over = new Promise<void>(resolve => (timer = setTimeout(resolve, ms)));
	await Promise.race([promise, over]);
	clearTimeout(timer);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
	return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
