import type {Observable} from 'rxjs';
import {checkAccepts} from '../sink/accepts.ts';
import {Committer, settlePending} from './committer.ts';
import {Drive} from './drive.ts';
import {Fence} from './fence.ts';
import {reportIdle, unsettledPages} from '../model/lost-pages.ts';
import type {Meter} from '../model/meter.ts';
import {dedupe} from '../operators/dedupe.ts';
import type {Page} from '../model/page.ts';
import {builtPages} from './run-arguments.ts';
import type {Checkpoint, Lack} from '../state/state.ts';
import type {RunOptions} from './run-options.ts';
import {RunStart} from './run-start.ts';
import type {Sink} from '../sink/sink.ts';
import {reached} from '../source/reached.ts';
import {inRun, type Start} from '../model/start.ts';
import {listenForStop} from './stopping.ts';

/** Makes the stream of pages from where the run starts. */
export type Build = (start: Start) => Observable<Page>;

/** What is made a round of. */
export interface Pipeline {
	readonly build: Build | Observable<Page>;
	readonly sinks: readonly Sink[];
	readonly options: RunOptions;
	readonly meter: Meter;
}

/** One way from the loaded state to the end of the source. */
export class Round {
	readonly #pipeline: Pipeline;
	readonly #stopping: ReturnType<typeof listenForStop>;
	#committer: Committer | undefined;
	#start: RunStart | undefined;

	constructor(pipeline: Pipeline) {
		const {options, meter} = pipeline;
		this.#pipeline = pipeline;
		this.#stopping = listenForStop(options, {
			waitingFor: () => meter.pending() ?? 'an answer of the source',
			warn: message => meter.warn(message),
		});
	}

	/** Aborted when it is given up: nobody is told anything any more. */
	get isGivenUp(): boolean {
		return this.#stopping.abort.signal.aborted;
	}

	/** What the best-effort sinks that failed have not got, by `name:target`. */
	get lacks(): Readonly<Record<string, Lack>> {
		return this.#committer?.lacks ?? {};
	}

	/** Gives it up at once. */
	fail(error: unknown): void {
		this.#stopping.fail(error);
	}

	/** Makes it, and says whether it was stopped before the end of the source. */
	async make(): Promise<boolean> {
		const {meter} = this.#pipeline;
		const {abort, atMost, fail, release} = this.#stopping;
		const idle = reportIdle(() => {
			const waits = `nothing is pending any more, and the run waits for ${meter.pending() ?? 'a page'}`;
			fail(unsettledPages(this.#start?.budget.held ?? waits));
		});
		try {
			abort.signal.throwIfAborted();
			return await atMost(this.#drive());
		} finally {
			release();
			idle.stop();
		}
	}

	/** Drives it from the loaded state to its end. */
	async #drive(): Promise<boolean> {
		const {build, sinks, options, meter} = this.#pipeline;
		const {stop, abort} = this.#stopping;
		const {state, deadLetters, binding = {}, sign} = options;
		const fence = new Fence(state);
		let committer: Committer | undefined;
		let stopped: boolean;
		try {
			const {signal} = abort;
			const run = {signal, warn: (message: string) => meter.warn(message)};
			const stored = await settlePending(await fence.load({stop, abort}, meter), sinks, run);
			const start = (this.#start = new RunStart(stored?.checkpoint, stop, meter, options.budget));
			if (stored) recall(stored.checkpoint, meter);
			await start.loadIdentities(state);
			const built = builtPages(typeof build === 'function' ? inRun(start, () => build(start)) : build);
			const pages = state && options.dedupe !== false ? built.pipe(dedupe()) : built;
			const driven = new Drive(start, options, stop, signal);
			try {
				// sources say here what the state must be bound to, and ask for nothing before the run is ready
				driven.subscribe(pages);
				if (state) start.seal();
				for (const sink of sinks) for (const source of start.sources) checkAccepts(sink, source);
				const follows = options.follow !== undefined;
				const given = {sinks, deadLetters, state, stored, start, meter, binding, signal, sign, fence, follows};
				this.#committer = committer = new Committer(given);
				await committer.open();
				signal.throwIfAborted();
				driven.begin(committer);
				await driven.done;
			} finally {
				driven.release();
			}
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
}

/** What is known of earlier runs is known from the beginning. */
function recall({succeededMs, sources}: Checkpoint, meter: Meter): void {
	if (succeededMs !== undefined) meter.succeededMs = succeededMs;
	Object.assign(meter, reached(Object.values(sources)));
}
