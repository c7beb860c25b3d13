import {ConfigError, StateError} from './errors.ts';
import type {Json} from './event.ts';
import {entryBytes} from './identity-set.ts';
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
/** What is left of a page between its write and its commit: never its events. */
interface Written extends Pick<Page, 'position' | 'snapshots' | 'ack'> {
	readonly key: string;
	readonly identities: Uint8Array | undefined;
}

const deadLetterKey = 'dead letters';
/** The journal is thinned out when it is this large, and as soon as it is twice what was needed then. */
const minJournalCompaction = 4 * 1024 * 1024;

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
	#uncommitted: Written[] = [];
	#uncommittedBytes = 0;
	#mark: Json | undefined;
	#journalBytes: number;
	#compactAt: number;

	constructor(options: CommitterOptions) {
		const {start, stored} = options;
		this.#options = options;
		this.#positions = {...stored?.checkpoint.sources, ...start.positions};
		this.#snapshots = stored?.checkpoint.snapshots ?? {};
		this.#sinkStates = {...stored?.checkpoint.sinks};
		this.#version = stored?.version ?? 0;
		this.#mark = stored?.checkpoint.journal;
		this.#journalBytes = start.identities.length;
		this.#compactAt = Math.max(minJournalCompaction, this.#journalBytes * 2);
	}

	/** Checks that the state is this pipeline's, opens the sinks, and commits the first checkpoint. */
	async open(): Promise<void> {
		const {sinks, stored, state, deadLetters} = this.#options;
		const binding = this.#binding();
		if (stored) checkBinding(stored.checkpoint.binding, binding);
		for (const sink of sinks) await this.#openSink(keyOf(sink), sink);
		if (deadLetters && this.#sinkStates[deadLetterKey] !== undefined) await this.#openSink(deadLetterKey, deadLetters);
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
		const rejected = await Promise.all(sinks.map(sink => sink.write(batch)));
		return rejected.flatMap(some => some ?? []);
	}

	async writeDeadLetters(page: Page, rejected: readonly Rejected[]): Promise<void> {
		const sink = this.#open.get(deadLetterKey) ?? (await this.#openDeadLetters());
		const {name, tenant, ids} = page.source;
		const texts = rejected.map(({id, reason, text}) =>
			JSON.stringify({reason, source: name, tenant, id, record: Buffer.from(text).toString('utf8')}),
		);
		const ends = new Uint32Array(texts.length);
		let bytes = 0;
		for (const [index, text] of texts.entries()) ends[index] = bytes += Buffer.byteLength(text) + 1;
		const lines = Buffer.from(texts.map(text => `${text}\n`).join(''));
		await sink.write({events: rejected, records: [], lines, ends, source: {name, tenant, ids}});
	}

	/** Counts a page that every sink has taken. */
	written(page: Page, batch: Batch, deadLetters: number): void {
		const {meter} = this.#options;
		const {source, position, snapshots, identities, ack} = page;
		this.#uncommitted.push({key: `${source.name}:${source.tenant}`, position, snapshots, identities, ack});
		this.#uncommittedBytes += batch.lines.length;
		meter.pages++;
		meter.events += batch.events.length;
		meter.duplicates += page.duplicates;
		meter.deadLetters += deadLetters;
		const last = page.records.at(-1);
		if (last) meter.positionMs = last.orderMs;
		meter.changed();
	}

	/** Makes all that was written durable, then the checkpoint, then acknowledges the pages. */
	async commit(): Promise<void> {
		const {state} = this.#options;
		const pages = this.#uncommitted;
		if (pages.length === 0 && this.#version > 0 && state) return;
		await this.#flush();
		for (const page of pages) {
			this.#positions[page.key] = page.position;
			this.#snapshots = {...this.#snapshots, ...page.snapshots};
		}
		if (state) {
			await this.#appendIdentities(state, pages);
			this.#version = await state.commit(this.#checkpoint(), this.#version);
		}
		this.#uncommitted = [];
		this.#uncommittedBytes = 0;
		for (const page of pages) page.ack();
	}

	async close(): Promise<void> {
		const open = [...this.#open.values()];
		this.#open.clear();
		for (const sink of open) await sink.close();
	}

	async #openSink(key: string, sink: Sink): Promise<OpenSink> {
		if (this.#open.has(key)) throw new ConfigError(`run: the target ${key} is given twice`);
		const {meter, signal} = this.#options;
		const open = await sink.open({
			resume: this.#sinkStates[key],
			signal,
			warn: message => meter.warn(message),
		});
		this.#open.set(key, open);
		return open;
	}

	/** The state knows where they begin before the first is written: after a kill they are cut, not written twice. */
	async #openDeadLetters(): Promise<OpenSink> {
		const {deadLetters, state} = this.#options;
		const open = await this.#openSink(deadLetterKey, deadLetters!);
		this.#sinkStates[deadLetterKey] = await open.flush();
		if (state) this.#version = await state.commit(this.#checkpoint(), this.#version);
		return open;
	}

	async #flush(): Promise<void> {
		await Promise.all(
			[...this.#open].map(async ([key, sink]) => {
				this.#sinkStates[key] = await sink.flush();
			}),
		);
	}

	async #appendIdentities({journal}: StateStore, pages: readonly Written[]): Promise<void> {
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
		const before = await this.#readIdentities(journal);
		const all = concat([before, added]);
		const needed = bytes > this.#compactAt && start.keep ? start.keep(all, this.#snapshots) : all;
		this.#mark = journal ? await journal.rewrite(needed) : Buffer.from(needed).toString('base64');
		this.#journalBytes = needed.length;
		this.#compactAt = Math.max(minJournalCompaction, needed.length * 2 - (needed.length % entryBytes));
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

function checkBinding(stored: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>): void {
	for (const name of new Set([...Object.keys(stored), ...Object.keys(given)])) {
		if (stored[name] === given[name]) continue;
		throw new StateError(
			'STATE_FOREIGN',
			`the state belongs to another pipeline: ${name}: expected ${stored[name] ?? 'nothing'}, got ${given[name] ?? 'nothing'}; use the options it was made with, or another state file`,
		);
	}
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
	return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

