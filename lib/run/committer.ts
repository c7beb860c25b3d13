import {isDeepStrictEqual} from 'node:util';
import {AskedLedger} from './asked-ledger.ts';
import {keepNeeded} from '../operators/dedupe.ts';
import {anyKey, checkBinding} from './binding.ts';
import {systemClock} from '../model/clock.ts';
import type {Json} from '../model/event.ts';
import type {Fence} from './fence.ts';
import {IdentityJournal} from './identity-journal.ts';
import type {Meter} from '../model/meter.ts';
import {keyOf, OpenSinks} from './open-sinks.ts';
import type {Page, Rejected} from '../model/page.ts';
import {reached} from '../source/reached.ts';
import type {RunStart} from './run-start.ts';
import type {Asked} from '../sink/asked.ts';
import type {Batch, CommitSize, Sink, SinkContext} from '../sink/sink.ts';
import type {Checkpoint, Lack, StateStore, StoredCheckpoint} from '../state/state.ts';

export interface CommitterOptions {
	readonly sinks: readonly Sink[];
	readonly deadLetters: Sink | undefined;
	readonly state: StateStore | undefined;
	readonly stored: StoredCheckpoint | undefined;
	readonly start: RunStart;
	readonly meter: Meter;
	readonly binding: Readonly<Record<string, string>>;
	readonly signal: AbortSignal;
	readonly sign: SinkContext['sign'];
	readonly fence: Fence;
	/** Whether other rounds come behind this one. */
	readonly follows: boolean;
}

const defaultCommitSize: CommitSize = {pages: 64, events: Infinity, bytes: 8 * 1024 * 1024, ageMs: 5_000};

/** A page that every sink has taken, without its events, and its source in the checkpoint. */
interface Uncommitted {
	readonly key: string;
	readonly page: Page;
}

/** What became of a page's events. */
interface Written {
	/** Those that every sink has taken. */
	readonly events: number;
	readonly bytes: number;
	readonly deadLetters: number;
}

/**
 * Makes checkpoints: the only place that commits. A checkpoint is one consistent cut, since pages are written one at a
 * time and all sinks are flushed between two of them.
 */
export class Committer {
	readonly #options: CommitterOptions;
	readonly #sinks: OpenSinks;
	readonly #journal: IdentityJournal;
	readonly #ledger: AskedLedger;
	#positions: Readonly<Record<string, Json>>;
	#snapshots: Readonly<Record<string, Json>>;
	/** What there is to say of sinks that were left out, as of the last commit. */
	#leftOut: Pick<Checkpoint, 'lacks' | 'prepared'>;
	/** When a run before this one came to its end. */
	readonly #succeededMs: number | undefined;
	#version: number;
	/**
	 * How many pages the commit that the last run died in holds: this run commits behind exactly as many, so that its
	 * sinks write the same bytes.
	 */
	#replayed: number | undefined;
	#uncommitted: Uncommitted[] = [];
	#uncommittedEvents = 0;
	#uncommittedBytes = 0;

	constructor(options: CommitterOptions) {
		const {start, stored, state, sinks, deadLetters, meter, signal, sign, fence} = options;
		const {sources, snapshots, pending, journal, sinks: states} = stored?.checkpoint ?? {};
		this.#options = options;
		this.#ledger = new AskedLedger(stored?.checkpoint.untold, options);
		this.#sinks = new OpenSinks({
			sinks,
			deadLetters,
			meter,
			signal,
			sign,
			fence,
			states,
			lacks: stored?.checkpoint.lacks ?? {},
			prepared: {...stored?.checkpoint.prepared, ...promisedBy(stored?.checkpoint)},
		});
		this.#positions = {...sources, ...start.positions};
		this.#snapshots = snapshots ?? {};
		this.#leftOut = {lacks: stored?.checkpoint.lacks ?? {}, prepared: stored?.checkpoint.prepared ?? {}};
		this.#succeededMs = stored?.checkpoint.succeededMs;
		this.#version = stored?.version ?? 0;
		this.#replayed = pending?.pages;
		this.#journal = new IdentityJournal(state?.journal, journal, start.identities.length, pending !== undefined);
	}

	/** Checks that the state is this pipeline's, opens the sinks, and commits the first checkpoint. */
	async open(): Promise<void> {
		const {stored, state} = this.#options;
		if (stored) checkBinding(stored.checkpoint.binding, this.#binding());
		await this.#sinks.open();
		this.#sayWhatIsLacking();
		if (state) await this.commit();
	}

	/** What the run asks for, else the largest of what its sinks like. */
	commitSize(asked: Partial<CommitSize>): CommitSize {
		const size = (key: keyof CommitSize) => {
			const liked = this.#options.sinks.flatMap(sink => sink.commitSize?.[key] ?? []);
			return asked[key] ?? (liked.length > 0 ? Math.max(...liked) : defaultCommitSize[key]);
		};
		return {pages: size('pages'), events: size('events'), bytes: size('bytes'), ageMs: size('ageMs')};
	}

	get hasUncommitted(): boolean {
		return this.#uncommitted.length > 0;
	}

	/** Whether it is time to commit: `due` says that the oldest page has waited long enough. */
	isDue(size: CommitSize, due: boolean): boolean {
		const pages = this.#uncommitted.length;
		if (this.#replayed !== undefined) return pages >= this.#replayed;
		return due || pages >= size.pages || this.#uncommittedEvents >= size.events || this.#uncommittedBytes >= size.bytes;
	}

	/** What the sinks that were left out have not got, by `name:target`. */
	get lacks(): Readonly<Record<string, Lack>> {
		return this.#sinks.lacks;
	}

	/** Hands a batch to every sink; resolves when all have taken its bytes, with what they could not write. */
	async write(batch: Batch): Promise<readonly Rejected[]> {
		return this.#sinks.write(batch);
	}

	/** The state knows where they begin before the first is written: after a kill they are cut, not written twice. */
	async writeDeadLetters(page: Page, rejected: readonly Rejected[]): Promise<void> {
		const {state, stored} = this.#options;
		if ((await this.#sinks.openDeadLetters()) && state) {
			const pending = this.#replayed === undefined ? undefined : stored?.checkpoint.pending;
			await this.#save(state, {...this.#checkpoint(), ...(pending ? {pending} : {})});
		}
		await this.#sinks.writeDeadLetters(page, rejected);
	}

	/** Counts a page that every sink has taken. */
	written(page: Page, {events, bytes, deadLetters}: Written): void {
		const {meter} = this.#options;
		const {stream, source} = page;
		const key = stream?.key ?? `${source.name}:${source.tenant}`;
		// nothing of its events is kept
		const before = this.#uncommitted.findLast(one => one.key === key)?.page.position ?? this.#positions[key];
		this.#uncommitted.push({key, page: page.with({entries: [], rejected: []})});
		if (this.#options.state) this.#options.start.written(key, page.position);
		this.#uncommittedEvents += events;
		this.#uncommittedBytes += bytes;
		meter.written(page, events, deadLetters);
		this.#ledger.read(key, page, before);
	}

	/**
	 * Makes all that was written durable, then the checkpoint, then acknowledges the pages. Where sinks cannot be cut,
	 * the checkpoint is saved before them too, as pending: it names what is going to be in their targets. `succeeds`: it
	 * is the last one of a run that came to its end, and says so; a kill before it leaves the time of an earlier run.
	 */
	async commit(succeeds = false): Promise<void> {
		const {state, stored, signal, fence, meter} = this.#options;
		const pages = this.#uncommitted;
		const isTold = this.#replayed !== undefined || !this.#ledger.isDue(false, succeeds);
		if (pages.length === 0 && this.#version > 0 && state && isTold) {
			if (succeeds && this.#replayed === undefined) await this.#save(state, this.#checkpoint(systemClock.now()));
			return;
		}
		const before = this.#checkpoint();
		// a commit that comes again is to hold the same bytes
		const again = this.#replayed === undefined ? undefined : (stored?.checkpoint.pending?.asked as Asked | undefined);
		const isDue = this.#ledger.isDue(this.#uncommittedEvents > 0, succeeds);
		if (again) this.#ledger.repeat(again);
		const asked = again ?? (isDue ? this.#ledger.take() : undefined);
		const uploads = await this.#sinks.prepare(asked);
		signal.throwIfAborted();
		const positions: Record<string, Json> = {...this.#positions};
		let snapshots = this.#snapshots;
		for (const {key, page} of pages) {
			positions[key] = page.position;
			snapshots = {...snapshots, ...page.snapshots};
		}
		this.#positions = positions;
		this.#snapshots = snapshots;
		if (state) {
			await fence.assertHeld();
			const identities = pages.flatMap(({page}) => page.identities ?? []);
			await this.#journal.append(identities, keepNeeded, snapshots);
			if (uploads && (pages.length > 0 || asked)) {
				const checkpoint = this.#checkpoint(undefined, this.#leftOutNow());
				const pending = {pages: pages.length, checkpoint, ...(asked ? {asked} : {})};
				await this.#save(state, {...before, pending});
			}
		}
		if (uploads) await this.#sinks.flush();
		signal.throwIfAborted();
		this.#leftOut = this.#leftOutNow();
		if (state) await this.#save(state, this.#checkpoint(succeeds ? systemClock.now() : undefined));
		Object.assign(meter, reached(Object.values(positions)));
		this.#sinks.committed();
		this.#replayed = undefined;
		this.#uncommitted = [];
		this.#uncommittedEvents = 0;
		this.#uncommittedBytes = 0;
		for (const {page} of pages) page.ack();
	}

	/** Settles what was written and will not be committed. */
	nack(reason: unknown): void {
		for (const {page} of this.#uncommitted) page.nack(reason);
	}

	/** Closes every sink; one that does not hear that its run is over is waited for no longer than this. */
	async close(maxWaitMs = 5_000): Promise<void> {
		await this.#sinks.close(maxWaitMs);
	}

	async #save(state: StateStore, checkpoint: Checkpoint): Promise<void> {
		const {fence, meter, signal} = this.#options;
		this.#version = await meter.during('the state', () => fence.commit(state, checkpoint, this.#version, signal));
	}

	#checkpoint(succeededMs = this.#succeededMs, leftOut = this.#leftOut): Checkpoint {
		const {mark} = this.#journal;
		const filled = Object.entries(leftOut).filter(([, record]) => Object.keys(record).length > 0);
		return {
			binding: this.#binding(),
			sources: this.#positions,
			snapshots: this.#snapshots,
			sinks: this.#sinks.states,
			...(mark === undefined ? {} : {journal: mark}),
			...(succeededMs === undefined ? {} : {succeededMs}),
			...(this.#ledger.untold ? {untold: this.#ledger.untold} : {}),
			...Object.fromEntries(filled),
		};
	}

	/** The same with what was written since the last commit. */
	#leftOutNow(): Pick<Checkpoint, 'lacks' | 'prepared'> {
		const earlier = this.#options.stored?.checkpoint.lacks ?? {};
		const now = Object.entries(this.lacks).map(([key, lack]) => [key, [...(earlier[key] ?? []), lack]] as const);
		return {lacks: {...earlier, ...Object.fromEntries(now)}, prepared: this.#sinks.prepared};
	}

	/** Sinks that failed in an earlier run go on, but not behind themselves. */
	#sayWhatIsLacking(): void {
		for (const [key, lacks] of Object.entries(this.#options.stored?.checkpoint.lacks ?? {})) {
			const spans = lacks.map(({from, to, events}) => `${events} from ${from} to ${to}`).join(', ');
			this.#options.meter.warn(`${key} still lacks events of earlier runs: ${spans}`);
		}
	}

	#binding(): Record<string, string> {
		const {sinks, start, binding, sign} = this.#options;
		const targets = sinks.flatMap(sink => [
			[`sink ${keyOf(sink)}`, sink.target],
			...Object.entries(sink.layout ?? {}).map(([name, value]) => [`sink ${keyOf(sink)} ${name}`, value]),
		]);
		// one entry without a signature, or with one of another key, and the chain is never whole again
		const signed = sign ? {signed: sign.key ?? anyKey} : {};
		return {...binding, ...start.binding, ...signed, ...Object.fromEntries(targets)};
	}
}

/**
 * The checkpoint to go on from, when a run died while it wrote sinks that cannot be cut: the pending one if they hold
 * all of it, else the one before, with the pending one beside it.
 */
export async function settlePending(
	stored: StoredCheckpoint | undefined,
	sinks: readonly Sink[],
	run: Pick<SinkContext, 'signal' | 'warn'>,
): Promise<StoredCheckpoint | undefined> {
	const pending = stored?.checkpoint.pending;
	if (!stored || !pending) return stored;
	const promised = promisedBy(stored.checkpoint);
	for (const sink of sinks) {
		const prepared = promised[keyOf(sink)];
		if (!sink.holds || prepared === undefined) continue;
		const held = sink.holds(prepared, run);
		if (!(await (sink.delivery === 'best-effort' ? held.catch(() => false) : held))) return stored;
	}
	return {checkpoint: pending.checkpoint, version: stored.version};
}

/** The states of the sinks in the pending checkpoint; a sink that was left out stays where it was. */
function promisedBy(checkpoint: Checkpoint | undefined): Record<string, Json> {
	const promised = Object.entries(checkpoint?.pending?.checkpoint.sinks ?? {});
	return Object.fromEntries(promised.filter(([key, state]) => !isDeepStrictEqual(state, checkpoint?.sinks[key])));
}
