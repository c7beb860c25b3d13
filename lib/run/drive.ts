import {type Observable, Subscription} from 'rxjs';
import {toBatch} from './batch.ts';
import type {Committer} from './committer.ts';
import {systemClock} from '../model/clock.ts';
import {AuditError} from '../model/errors.ts';
import {unsettledPages} from '../model/lost-pages.ts';
import type {Page, Rejected} from '../model/page.ts';
import {PageOrder, repeatedPage} from './page-order.ts';
import {misuseOf} from './run-arguments.ts';
import type {RunOptions} from './run-options.ts';
import type {RunStart} from './run-start.ts';
import type {CommitSize} from '../sink/sink.ts';
import {inRun} from '../model/start.ts';

/** Takes pages out of the stream, one at a time and in order, and decides when to commit. */
export class Drive {
	readonly done: Promise<void>;
	/** True when the stream was left before its end, since its sources do not hear that the run is to stop. */
	cut = false;
	#committer: Committer | undefined;
	readonly #start: RunStart;
	readonly #options: RunOptions;
	#size!: CommitSize;
	readonly #order = new PageOrder();
	readonly #queue: Page[] = [];
	readonly #pages = new Subscription();
	readonly #listeners = new Subscription();
	#settle!: {resolve: () => void; reject: (reason: unknown) => void};
	#writing: Page | undefined;
	#working = false;
	#ended: {error?: unknown} | undefined;
	#commitDue = false;
	#commitTimer: NodeJS.Timeout | undefined;
	#over = false;

	constructor(start: RunStart, options: RunOptions, stop: AbortSignal, abort: AbortSignal) {
		this.#start = start;
		this.#options = options;
		this.done = new Promise<void>((resolve, reject) => {
			this.#settle = {resolve, reject};
		});
		this.done.catch(() => {});
		const onAbort = () => this.#fail(abort.reason);
		const onStop = () => this.#leave();
		stop.addEventListener('abort', onStop);
		abort.addEventListener('abort', onAbort);
		this.#listeners.add(() => {
			stop.removeEventListener('abort', onStop);
			abort.removeEventListener('abort', onAbort);
		});
	}

	subscribe(pages: Observable<Page>): void {
		const subscription = inRun(this.#start, () =>
			pages.subscribe({
				next: page => this.#take(page),
				error: (error: unknown) => this.#end({error}),
				complete: () => this.#end({}),
			}),
		);
		this.#pages.add(subscription);
		if (this.#ended && 'error' in this.#ended && this.#queue.length === 0) throw this.#ended.error;
	}

	/** Sources may send requests, and pages are written, from now on. */
	begin(committer: Committer): void {
		this.#committer = committer;
		this.#size = committer.commitSize(this.#options.commitSize ?? {});
		this.#start.isReady();
		if (this.#start.signal.aborted) this.#leave();
		this.#work();
	}

	release(): void {
		clearTimeout(this.#commitTimer);
		this.#listeners.unsubscribe();
		this.#pages.unsubscribe();
	}

	/** Asked to stop, sources complete by themselves; a stream that none of them feeds is left. */
	#leave(): void {
		if (this.#start.hasSources || this.#ended) return;
		this.cut = true;
		this.#pages.unsubscribe();
		this.#end({});
	}

	#take(page: Page): void {
		if (this.#ended) return;
		const misuse = misuseOf(page, this.#start);
		if (misuse) return this.#end({error: misuse});
		if (page.stream) page.stream.onAck = () => this.#queueUp(this.#order.afterAcks());
		const next = this.#order.next(page);
		if (!next) return this.#end({error: repeatedPage(page)});
		this.#queueUp(next);
	}

	#queueUp(pages: readonly Page[]): void {
		this.#queue.push(...pages);
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
		this.#pages.unsubscribe();
		for (const page of [this.#writing, ...this.#queue, ...this.#order.held()]) page?.nack(reason);
		this.#settle.reject(reason);
	}

	#work(): void {
		if (this.#working || this.#over || !this.#committer) return;
		this.#working = true;
		this.#workAll().catch((error: unknown) => this.#fail(error));
	}

	async #workAll(): Promise<void> {
		for (let page = this.#queue.shift(); page || this.#commitDue; page = this.#queue.shift()) {
			if (page) await this.#write(page);
			if (this.#over) return;
			if (this.#committer!.isDue(this.#size, this.#commitDue)) await this.#commit();
			this.#commitDue = false;
			this.#scheduleCommit();
		}
		if (this.#ended) return this.#conclude(this.#ended);
		// at once, with the queue just seen empty: a page that came a microtask later would be left lying
		this.#working = false;
	}

	async #conclude(ended: {error?: unknown}): Promise<void> {
		const isStopped = this.cut || this.#start.interrupted;
		const fails = 'error' in ended || this.#start.failure !== undefined || this.#missing() !== undefined;
		const succeeds = !fails && !isStopped;
		await this.#commit(succeeds);
		if ('error' in ended) throw ended.error;
		const missing = this.#missing();
		if (missing) throw unsettledPages(missing);
		if (this.#start.failure !== undefined) throw this.#start.failure;
		// an operator settled its last page during the commit
		if (!succeeds && !isStopped) await this.#commit(true);
		if (!isStopped) {
			this.#start.meter.rounds++;
			this.#start.meter.succeededMs = systemClock.now();
		}
		this.#over = true;
		this.#settle.resolve();
	}

	/** Who was asked to stop reads what did not arrive again. */
	#missing(): string | undefined {
		return this.cut ? undefined : this.#order.missing(this.#start.interrupted ? [] : this.#start.streams);
	}

	async #write(page: Page): Promise<void> {
		this.#writing = page;
		const {batch, rejected} = toBatch(page);
		const refused = await this.#committer!.write(batch);
		const poison: Rejected[] = [...page.rejected, ...rejected, ...refused];
		if (poison.length > 0) {
			if (!this.#options.deadLetters) throw poisoned(page, poison[0]!);
			await this.#committer!.writeDeadLetters(page, poison);
		}
		if (this.#over) return;
		page.taken();
		this.#writing = undefined;
		// several sinks may have refused the same event
		const left = new Set(refused.map(({id, text}) => id ?? text)).size;
		this.#committer!.written(page, {
			events: batch.records.length - left,
			bytes: batch.lines.length,
			deadLetters: page.rejected.length + rejected.length + left,
		});
	}

	async #commit(succeeds = false): Promise<void> {
		this.#commitDue = false;
		clearTimeout(this.#commitTimer);
		this.#commitTimer = undefined;
		await this.#committer!.commit(succeeds);
	}

	#scheduleCommit(): void {
		if (this.#commitTimer || !this.#committer!.hasUncommitted) return;
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
