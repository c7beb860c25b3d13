import {type Observable, Subject, type Subscription} from 'rxjs';
import {toBatch} from './batch.ts';
import {Committer} from './committer.ts';
import {AuditError, ConfigError} from './errors.ts';
import {unsettledPages} from './forgotten-pages.ts';
import {reportIdle} from './idle.ts';
import {Meter, type Progress} from './meter.ts';
import type {Page, Rejected} from './page.ts';
import {PageOrder} from './page-order.ts';
import {RunStart} from './run-start.ts';
import type {CommitSize, Sink} from './sink.ts';
import type {Start} from './start.ts';
import type {StateStore} from './state.ts';

export interface RunOptions {
	/** Where checkpoints live. Without one, a run begins at the beginning. */
	readonly state?: StateStore;
	/** Asks the run to stop: no new request; what was fetched is written and committed; the report says `stopped`. */
	readonly signal?: AbortSignal;
	/** Ends the run at once, without writing what was fetched. */
	readonly forceSignal?: AbortSignal;
	/** How long a run that was asked to stop may take to write what was fetched. Default: 30,000. */
	readonly graceMs?: number;
	/** Called with the numbers so far, after each page and at each wait. */
	readonly onProgress?: (progress: Progress) => void;
	/** Where events go that cannot be processed; without it the first one ends the run (`POISON_EVENT`). */
	readonly deadLetters?: Sink;
	/** What may be written before a commit; default: what the sinks like, else 64 pages, 8 MiB or 5,000 ms. */
	readonly commitSize?: Partial<CommitSize>;
	/** What else the state belongs to, for example `{format: 'audit'}`. A run with another value is refused. */
	readonly binding?: Readonly<Record<string, string>>;
}

/** What a run did. */
export interface Report extends Progress {
	readonly seconds: number;
	/** True when it ended because it was asked to, before the source had come to its end. */
	readonly stopped: boolean;
}

/** The report, when it is there, and the progress until then. */
export type Run = Promise<Report> & {readonly progress: Observable<Progress>};

/** Makes the stream of pages from where the run starts. */
export type Build = (start: Start) => Observable<Page>;

/**
 * Drives pages into sinks and resolves with a report when all is durable. Pages are written one after the other, each
 * to every sink; a checkpoint is committed only behind what all sinks have flushed, and the pages are acknowledged
 * then. When the source fails, what it gave before is committed first. A builder gets the `start` that makes sources
 * and stateful operators go on where the state left off; a plain stream always begins anew, so it takes no state.
 *
 * ```ts
 * const report = await run(
 * 	start => orgEvents({orgId, token, since: '30d'}, start).pipe(dedupe(start), normalize()),
 * 	filesystem({dir: './backup'}),
 * 	{state: fileState('./rxaudit.state.json')},
 * );
 * ```
 */
export function run(build: Build | Observable<Page>, sinks: Sink | readonly Sink[], options: RunOptions = {}): Run {
	const meter = new Meter();
	const progress = new Subject<Progress>();
	meter.onChange = () => {
		options.onProgress?.(meter);
		if (progress.observed) progress.next(meter.snapshot());
	};
	const list = Array.isArray(sinks) ? (sinks as readonly Sink[]) : [sinks as Sink];
	const report = execute(build, list, options, meter).finally(() => progress.complete());
	return Object.assign(report, {progress: progress.asObservable()});
}

async function execute(
	build: Build | Observable<Page>,
	sinks: readonly Sink[],
	options: RunOptions,
	meter: Meter,
): Promise<Report> {
	if (sinks.length === 0) throw new ConfigError('run: expected at least one sink, got none');
	if (options.state && typeof build !== 'function') {
		throw new ConfigError('run: a state needs a function that makes the pages: run(start => source(options, start), …)');
	}
	const began = performance.now();
	const stop = new AbortController();
	const abort = new AbortController();
	let committer: Committer | undefined;
	try {
		const stored = await options.state?.load();
		const start = new RunStart(stored?.checkpoint, stop.signal, meter);
		await start.loadIdentities(options.state);
		const pages = typeof build === 'function' ? build(start) : build;
		committer = new Committer({
			sinks,
			deadLetters: options.deadLetters,
			state: options.state,
			stored,
			start,
			meter,
			binding: options.binding ?? {},
			signal: abort.signal,
		});
		await committer.open();
		await new Drive(pages, committer, start, options, stop, abort).done;
		await committer.close();
		const stopped = start.interrupted || (typeof build !== 'function' && stop.signal.aborted);
		return {...meter.snapshot(), seconds: (performance.now() - began) / 1000, stopped};
	} catch (error) {
		abort.abort(error);
		await committer?.close().catch(() => {});
		throw error;
	} finally {
		await options.state?.close?.();
	}
}

/** Takes pages out of the stream, one at a time and in order, and decides when to commit. */
class Drive {
	readonly done: Promise<void>;
	readonly #committer: Committer;
	readonly #start: RunStart;
	readonly #stopOnPoison: boolean;
	readonly #size: CommitSize;
	readonly #order = new PageOrder();
	readonly #queue: Page[] = [];
	readonly #finish: {resolve: () => void; reject: (reason: unknown) => void};
	readonly #subscription: Subscription;
	#working = false;
	#ended: {error?: unknown} | undefined;
	#commitDue = false;
	#commitTimer: NodeJS.Timeout | undefined;
	#over = false;

	constructor(
		pages: Observable<Page>,
		committer: Committer,
		start: RunStart,
		options: RunOptions,
		stop: AbortController,
		abort: AbortController,
	) {
		this.#committer = committer;
		this.#start = start;
		this.#stopOnPoison = options.deadLetters === undefined;
		this.#size = committer.commitSize(options.commitSize ?? {});
		const {promise, resolve, reject} = withResolvers();
		this.#finish = {resolve, reject};

		const {signal, forceSignal, graceMs = 30_000} = options;
		let grace: NodeJS.Timeout | undefined;
		const force = () => {
			const reason = forceSignal?.aborted ? forceSignal.reason : signal?.reason;
			abort.abort(reason);
			this.#settle(() => reject(reason));
		};
		const onStop = () => {
			grace = setTimeout(force, graceMs);
			stop.abort(signal?.reason);
			if (!start.hasSources) {
				this.#subscription.unsubscribe();
				this.#end({});
			}
		};
		const idle = reportIdle(() => this.#settle(() => reject(unsettledPages('nothing is pending any more'))));
		this.done = promise.finally(() => {
			clearTimeout(grace);
			clearTimeout(this.#commitTimer);
			idle.stop();
			signal?.removeEventListener('abort', onStop);
			forceSignal?.removeEventListener('abort', force);
			this.#subscription.unsubscribe();
		});

		this.#subscription = pages.subscribe({
			next: page => this.#take(page),
			error: (error: unknown) => this.#end({error}),
			complete: () => this.#end({}),
		});
		if (signal?.aborted) onStop();
		else signal?.addEventListener('abort', onStop, {once: true});
		if (forceSignal?.aborted) force();
		else forceSignal?.addEventListener('abort', force, {once: true});
	}

	#take(page: Page): void {
		this.#queue.push(...this.#order.next(page));
		this.#work();
	}

	#end(ended: {error?: unknown}): void {
		this.#ended ??= ended;
		this.#work();
	}

	#settle(how: () => void): void {
		this.#over = true;
		how();
	}

	#work(): void {
		if (this.#working || this.#over) return;
		this.#working = true;
		this.#workAll().then(
			() => {
				this.#working = false;
			},
			(error: unknown) => {
				for (const page of this.#queue) page.nack(error);
				this.#settle(() => this.#finish.reject(error));
			},
		);
	}

	async #workAll(): Promise<void> {
		for (let page = this.#queue.shift(); page || this.#commitDue; page = this.#queue.shift()) {
			if (this.#over) return;
			if (page) await this.#write(page);
			if (this.#commitDue || this.#committer.exceeds(this.#size)) await this.#commit();
			this.#scheduleCommit();
		}
		if (this.#ended) await this.#conclude(this.#ended);
	}

	async #conclude(ended: {error?: unknown}): Promise<void> {
		await this.#commit();
		if ('error' in ended) throw ended.error;
		const missing = this.#order.missing();
		if (missing !== undefined) throw unsettledPages(`page ${missing} never arrived, later ones did`);
		if (this.#start.budget.pages > 0) throw unsettledPages('the source is done, but not all of its pages arrived');
		this.#settle(this.#finish.resolve);
	}

	async #write(page: Page): Promise<void> {
		const {batch, rejected} = toBatch(page);
		const poison: Rejected[] = [...page.rejected, ...rejected, ...(await this.#committer.write(batch))];
		if (poison.length > 0) {
			if (this.#stopOnPoison) throw poisoned(page, poison[0]!);
			await this.#committer.writeDeadLetters(page, poison);
		}
		page.taken();
		this.#committer.written(page, batch, poison.length);
	}

	async #commit(): Promise<void> {
		this.#commitDue = false;
		clearTimeout(this.#commitTimer);
		this.#commitTimer = undefined;
		await this.#committer.commit();
	}

	#scheduleCommit(): void {
		if (this.#commitTimer || !this.#committer.hasUncommitted) return;
		this.#commitTimer = setTimeout(() => {
			this.#commitTimer = undefined;
			this.#commitDue = true;
			this.#work();
		}, this.#size.ageMs);
	}
}

function poisoned(page: Page, {id, reason}: Rejected): AuditError {
	return new AuditError(
		'POISON_EVENT',
		`${page.source.name}: event ${id ?? 'without id'}: ${reason}; give a place for dead letters to go on without it`,
	);
}

function withResolvers() {
	let resolve!: () => void;
	let reject!: (reason: unknown) => void;
	const promise = new Promise<void>((yes, no) => {
		resolve = yes;
		reject = no;
	});
	return {promise, resolve, reject};
}
