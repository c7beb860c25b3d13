import {type Observable, Subject, Subscription} from 'rxjs';
import {checkAccepts} from '../sink/accepts.ts';
import {toBatch} from './batch.ts';
import {Committer, settlePending} from './committer.ts';
import {AuditError} from '../model/errors.ts';
import {Fence} from './fence.ts';
import {reportIdle, unsettledPages} from '../model/lost-pages.ts';
import {Meter, type Progress} from '../model/meter.ts';
import {dedupe} from '../operators/dedupe.ts';
import type {Page, Rejected} from '../model/page.ts';
import {PageOrder, repeatedPage} from './page-order.ts';
import {builtPages, checkRunArguments, misuseOf} from './run-arguments.ts';
import type {Report} from '../model/report.ts';
import type {RunOptions} from './run-options.ts';
import {RunStart} from './run-start.ts';
import type {CommitSize, Sink} from '../sink/sink.ts';
import type {Start} from '../model/start.ts';
import {listenForStop, type Stopping} from './stopping.ts';

export type {Report, RunOptions};

/** The report, when it is there, and the progress until then. */
export type Run = Promise<Report> & {readonly progress: Observable<Progress>};

/** Makes the stream of pages from where the run starts. */
export type Build = (start: Start) => Observable<Page>;

/**
 * Drives pages into sinks and resolves with a report when all is durable. Pages are written one after the other, each
 * to every sink; a checkpoint is committed only behind what all sinks have flushed, and the pages are acknowledged
 * then. When the source fails, what it gave before is committed first; one that leaves a gap goes on, and the run
 * rejects when all else is committed. A builder gets the `start` that makes sources and operators go on where the state
 * left off, and with a state nothing comes twice; a plain stream always begins anew, so it takes no state.
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
		const now = meter.snapshot();
		options?.onProgress?.(now);
		progress.next(now);
	};
	meter.onNote = options?.onNote;
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
	checkRunArguments(build, sinks, options);
	const began = performance.now();
	const stopping = listenForStop(options, {
		waitingFor: () => meter.pending() ?? 'an answer of the source',
		warn: message => meter.warn(message),
	});
	const ran: {committer?: Committer} = {};
	const reportNow = (stopped: boolean): Report => ({
		...meter.snapshot(),
		seconds: (performance.now() - began) / 1000,
		lacks: ran.committer?.lacks ?? {},
		stopped,
	});
	try {
		stopping.abort.signal.throwIfAborted();
		return reportNow(await stopping.atMost(drive(build, sinks, options, meter, stopping, ran)));
	} catch (error) {
		if (error instanceof AuditError) error.report = reportNow(stopping.stop.aborted);
		throw error;
	} finally {
		stopping.release();
	}
}

/** Runs it from the loaded state to its end, and says whether it was stopped before that of the source. */
async function drive(
	build: Build | Observable<Page>,
	sinks: readonly Sink[],
	options: RunOptions,
	meter: Meter,
	{stop, abort}: Stopping,
	ran: {committer?: Committer},
): Promise<boolean> {
	const {state, deadLetters, binding = {}, sign} = options;
	const fence = new Fence(state);
	let committer: Committer | undefined;
	let stopped: boolean;
	try {
		const {signal} = abort;
		const run = {signal, warn: (message: string) => meter.warn(message)};
		const stored = await settlePending(await fence.load({stop, abort}, meter), sinks, run);
		const start = new RunStart(stored?.checkpoint, stop, meter);
		await start.loadIdentities(state);
		const built = builtPages(typeof build === 'function' ? build(start) : build);
		// a state makes the next run read the overlap again
		const pages = state && !start.keep ? built.pipe(dedupe(start)) : built;
		if (state) start.seal();
		for (const sink of sinks) for (const source of start.sources) checkAccepts(sink, source);
		ran.committer = committer = new Committer({
			sinks,
			deadLetters,
			state,
			stored,
			start,
			meter,
			binding,
			signal,
			sign,
			fence,
		});
		await committer.open();
		signal.throwIfAborted();
		const driven = new Drive(pages, committer, start, options, stop, signal);
		await driven.done;
		stopped = start.interrupted || driven.cut;
		await committer.close();
	} catch (error) {
		abort.abort(error);
		committer?.nack(error);
		await committer?.close().catch(() => {});
		await state?.close?.().catch(() => {});
		throw error;
	}
	await state?.close?.();
	return stopped;
}

/** Takes pages out of the stream, one at a time and in order, and decides when to commit. */
class Drive {
	readonly done: Promise<void>;
	/** True when the stream was left before its end, since its sources do not hear that the run is to stop. */
	cut = false;
	readonly #committer: Committer;
	readonly #start: RunStart;
	readonly #stopOnPoison: boolean;
	readonly #size: CommitSize;
	readonly #order = new PageOrder();
	readonly #queue: Page[] = [];
	readonly #subscription = new Subscription();
	#settle!: {resolve: () => void; reject: (reason: unknown) => void};
	#writing: Page | undefined;
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
		stop: AbortSignal,
		abort: AbortSignal,
	) {
		this.#committer = committer;
		this.#start = start;
		this.#stopOnPoison = options.deadLetters === undefined;
		this.#size = committer.commitSize(options.commitSize ?? {});
		const onAbort = () => this.#fail(abort.reason);
		const onStop = () => this.#leave();
		const idle = reportIdle(() => this.#fail(unsettledPages('nothing is pending any more')));
		stop.addEventListener('abort', onStop);
		abort.addEventListener('abort', onAbort);
		this.done = new Promise<void>((resolve, reject) => {
			this.#settle = {resolve, reject};
		}).finally(() => {
			idle.stop();
			stop.removeEventListener('abort', onStop);
			abort.removeEventListener('abort', onAbort);
			clearTimeout(this.#commitTimer);
		});
		this.#subscription.add(
			pages.subscribe({
				next: page => this.#take(page),
				error: (error: unknown) => this.#end({error}),
				complete: () => this.#end({}),
			}),
		);
		if (stop.aborted) onStop();
	}

	/** Asked to stop, sources complete by themselves; a stream that none of them feeds is left. */
	#leave(): void {
		if (this.#start.hasSources || this.#ended) return;
		this.cut = true;
		this.#subscription.unsubscribe();
		this.#end({});
	}

	#take(page: Page): void {
		if (this.#ended) return;
		const misuse = misuseOf(page);
		if (misuse) return this.#end({error: misuse});
		if (this.#order.has(page)) return this.#end({error: repeatedPage(page)});
		this.#queue.push(...this.#order.next(page));
		this.#work();
	}

	#end(ended: {error?: unknown}): void {
		this.#ended ??= ended;
		this.#work();
	}

	/** Whoever has a page is told that it will not be committed. */
	#fail(reason: unknown): void {
		if (this.#over) return;
		this.#over = true;
		this.#subscription.unsubscribe();
		for (const page of [this.#writing, ...this.#queue, ...this.#order.held()]) page?.nack(reason);
		this.#settle.reject(reason);
	}

	#work(): void {
		if (this.#working || this.#over) return;
		this.#working = true;
		this.#workAll().catch((error: unknown) => this.#fail(error));
	}

	async #workAll(): Promise<void> {
		for (let page = this.#queue.shift(); page || this.#commitDue; page = this.#queue.shift()) {
			if (page) await this.#write(page);
			if (this.#over) return;
			if (this.#committer.isDue(this.#size, this.#commitDue)) await this.#commit();
			this.#commitDue = false;
			this.#scheduleCommit();
		}
		if (this.#ended) return this.#conclude(this.#ended);
		// at once, with the queue just seen empty: a page that came a microtask later would be left lying
		this.#working = false;
	}

	async #conclude(ended: {error?: unknown}): Promise<void> {
		await this.#commit();
		if ('error' in ended) throw ended.error;
		const missing = this.cut ? undefined : this.#order.missing();
		if (missing !== undefined) throw unsettledPages(`page ${missing} never arrived, later ones did`);
		if (this.#start.budget.fetched > 0) throw unsettledPages('the source is done, but not all of its pages arrived');
		if (this.#start.failure !== undefined) throw this.#start.failure;
		this.#over = true;
		this.#settle.resolve();
	}

	async #write(page: Page): Promise<void> {
		this.#writing = page;
		const {batch, rejected} = toBatch(page);
		const refused = await this.#committer.write(batch);
		const poison: Rejected[] = [...page.rejected, ...rejected, ...refused];
		if (poison.length > 0) {
			if (this.#stopOnPoison) throw poisoned(page, poison[0]!);
			await this.#committer.writeDeadLetters(page, poison);
		}
		if (this.#over) return;
		page.taken();
		this.#writing = undefined;
		// several sinks may have refused the same event
		const left = new Set(refused.map(({id, text}) => id ?? text)).size;
		this.#committer.written(page, {
			events: batch.events.length - left,
			bytes: batch.lines.length,
			deadLetters: page.rejected.length + rejected.length + left,
		});
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
	const what = `${page.source.name}: event ${id ?? 'without id'}: ${reason}`;
	const wayOut = 'gives such events a place, and the run goes on without them';
	return new AuditError('POISON_EVENT', spell => `${what}; ${spell('deadLetters')} ${wayOut}`);
}
