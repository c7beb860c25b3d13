import type {Observable} from 'rxjs';
import {AuditError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';
import type {Start} from '../model/start.ts';
import type {Batch, Sink} from '../sink/sink.ts';
import {checkRunArguments} from './run-arguments.ts';
import type {RunOptions} from './run-options.ts';
import {run} from './run.ts';

/** The events of one page, as a loop takes them; `lines` is valid until the page is acknowledged. */
export interface PulledPage<T = unknown> extends Batch {
	readonly events: readonly T[];
	/** Acknowledges the page now; resolves when that is durable in the state, where there is one. */
	commit(): Promise<void>;
}

/** What `run()` takes; a page is a commit here. */
export type PullOptions = Omit<RunOptions, 'commitSize'>;

/** Pages, or what makes them from a run's start. */
export type Pages<P extends Page = Page> = Observable<P> | ((start: Start) => Observable<P>);

/** The events of these pages; of several sources merged, those of each. */
export type EventOf<P extends Page> = P extends Page<infer T> ? T : never;

/**
 * The pages, for a loop that sets the pace: a page is acknowledged, and committed to the `state`, when the loop asks for
 * the one behind it, or before by `await page.commit()`. A page in whose body the loop was left, by `break` or by an
 * error, comes again with the next run, unless it was committed. Each loop is a run of its own, with the options of `run()`.
 *
 * ```ts
 * for await (const {events} of toAsyncIterable(orgEvents({orgId, token}), {state: fileState('./audit.state')})) {
 * 	await table.insert(events);
 * }
 * ```
 */
export function toAsyncIterable<P extends Page>(
	pages: Pages<P>,
	options: PullOptions = {},
): AsyncIterable<PulledPage<EventOf<P>>> {
	checkRunArguments(pages, [{open() {}}], options);
	return {[Symbol.asyncIterator]: () => new Pull(pages, options)};
}

/** An iterator that may be left while it waits, other than that of an async generator. */
export interface Puller<T> extends AsyncIterator<T, undefined> {
	return(): Promise<IteratorReturnResult<undefined>>;
}

interface Deferred<T> {
	readonly promise: Promise<T>;
	resolve(value: T | PromiseLike<T>): void;
	reject(reason: unknown): void;
}

/** A page that the run has handed over. */
interface Handed<T> {
	readonly page: PulledPage<T>;
	/** Whether the consumer has it. */
	isAsked: boolean;
	/** Settles when the consumer is done with it, or the run gives up. */
	readonly taken: Deferred<void>;
	readonly committed: Deferred<void>;
}

const done = {done: true, value: undefined} as const;

/** A run whose sink is the consumer. */
class Pull<T> implements Puller<PulledPage<T>> {
	readonly #pages: Pages;
	readonly #options: PullOptions;
	readonly #left = new AbortController();
	/** The calls of `next()` that have no answer yet. */
	readonly #asked: Deferred<IteratorResult<PulledPage<T>, undefined>>[] = [];
	#handed: Handed<T> | undefined;
	#run: Promise<void> | undefined;
	#ended: {error?: unknown} | undefined;

	constructor(pages: Pages, options: PullOptions) {
		this.#pages = pages;
		this.#options = options;
	}

	next(): Promise<IteratorResult<PulledPage<T>, undefined>> {
		const answer = defer<IteratorResult<PulledPage<T>, undefined>>();
		this.#asked.push(answer);
		this.#run ??= this.#start();
		this.#answer();
		return answer.promise;
	}

	async return(): Promise<IteratorReturnResult<undefined>> {
		this.#ended ??= {};
		this.#left.abort(new AuditError('ABORTED', 'toAsyncIterable: the loop was left'));
		this.#answer();
		await this.#run;
		return done;
	}

	/** Resolves when the run is over, however it ends: the consumer hears of it. */
	async #start(): Promise<void> {
		const {signal, forceSignal} = this.#options;
		const left = (asked?: AbortSignal) => AbortSignal.any([this.#left.signal, ...(asked ? [asked] : [])]);
		const stops = {signal: left(signal), forceSignal: left(forceSignal)};
		try {
			await run(this.#pages, this.#sink(), {...this.#options, ...stops, commitSize: undefined});
			this.#ended ??= {};
		} catch (error) {
			this.#ended ??= {error};
			this.#handed?.committed.reject(error);
		}
		this.#answer();
	}

	#sink(): Sink {
		return {
			name: 'async-iterable',
			target: 'consumer',
			commitSize: {pages: 1},
			open: async ({signal}) => {
				signal.addEventListener('abort', () => this.#handed?.taken.reject(signal.reason), {once: true});
				return {
					write: async batch => this.#hand(batch),
					flush: async () => ({}),
					committed: () => this.#handed?.committed.resolve(),
					close: async () => {},
				};
			},
		};
	}

	/** Resolves when the consumer is done with the page; it is never asked about an empty one. */
	async #hand(batch: Batch): Promise<void> {
		if (batch.records.length === 0) return;
		const [taken, committed] = [defer<void>(), defer<void>()];
		const commit = () => {
			taken.resolve();
			return committed.promise;
		};
		this.#handed = {page: Object.assign(batch, {commit}) as PulledPage<T>, isAsked: false, taken, committed};
		this.#answer();
		await taken.promise;
	}

	/** Answers who has asked; whoever asks again is done with the page that he has. */
	#answer(): void {
		while (this.#asked.length > 0) {
			if (this.#handed?.isAsked) this.#handed.taken.resolve();
			const result = this.#result();
			if (!result) return;
			this.#asked.shift()!.resolve(result);
		}
	}

	#result(): Promise<never> | IteratorResult<PulledPage<T>, undefined> | undefined {
		if (this.#ended) {
			const ended = this.#ended;
			this.#ended = {};
			return 'error' in ended ? Promise.reject(ended.error) : done;
		}
		if (!this.#handed || this.#handed.isAsked) return undefined;
		this.#handed.isAsked = true;
		return {done: false, value: this.#handed.page};
	}
}

/** A promise from outside; that nobody waits for it is no error. */
function defer<V>(): Deferred<V> {
	let settle!: Pick<Deferred<V>, 'resolve' | 'reject'>;
	const promise = new Promise<V>((resolve, reject) => (settle = {resolve, reject}));
	promise.catch(() => {});
	return {promise, ...settle};
}
