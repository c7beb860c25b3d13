import type {Clock} from '../../lib/model/clock.ts';

interface Sleeper {
	readonly untilMs: number;
	wake(): void;
}

/**
 * A clock that stands still while anything works. Time moves by `advance()`, and under `run()` by itself: as soon as
 * all tasks that run are asleep, to the first one's waking.
 */
export class VirtualClock implements Clock {
	/** What `now()` counts from: half a minute past, so that whole minutes differ from "in a minute". */
	readonly #epochMs = Date.UTC(2026, 10, 21, 20, 40, 30);
	readonly #sleepers = new Set<Sleeper>();
	#elapsedMs = 0;
	#tasks = 0;

	/** A function of its own, to be handed to an emulator. */
	readonly now = (): number => this.#epochMs + this.#elapsedMs;

	monotonic(): number {
		return this.#elapsedMs;
	}

	sleep(ms: number, signal?: AbortSignal): Promise<void> {
		if (ms <= 0) return Promise.resolve();
		return new Promise((resolve, reject) => {
			const leave = (then: () => void) => () => {
				this.#sleepers.delete(sleeper);
				signal?.removeEventListener('abort', onAbort);
				then();
			};
			const onAbort = leave(() => reject(signal?.reason as Error));
			const sleeper = {untilMs: this.#elapsedMs + ms, wake: leave(resolve)};
			if (signal?.aborted) return onAbort();
			signal?.addEventListener('abort', onAbort);
			this.#sleepers.add(sleeper);
			this.#skipSleep();
		});
	}

	/** How many are asleep. */
	get asleep(): number {
		return this.#sleepers.size;
	}

	/** Runs a task to its end, however long it sleeps. Every task must be awake or asleep itself, not wait for another. */
	async run<T>(task: () => Promise<T>): Promise<T> {
		this.#tasks++;
		try {
			return await task();
		} finally {
			this.#tasks--;
			this.#skipSleep();
		}
	}

	advance(ms: number): void {
		this.#elapsedMs += ms;
		for (const sleeper of this.#sleepers) if (sleeper.untilMs <= this.#elapsedMs) sleeper.wake();
	}

	/** Runs tasks that wait for one another, and for nothing but this clock, to their ends. */
	async runAll(tasks: readonly (() => Promise<void>)[]): Promise<void> {
		let isOver = false;
		const all = Promise.all(tasks.map(task => task())).finally(() => (isOver = true));
		for (;;) {
			await new Promise(setImmediate);
			if (isOver) return void (await all);
			this.#skip();
		}
	}

	#skipSleep(): void {
		if (this.#tasks > 0 && this.#sleepers.size >= this.#tasks) this.#skip();
	}

	#skip(): void {
		const first = Math.min(...Array.from(this.#sleepers, ({untilMs}) => untilMs));
		this.advance(Math.max(0, first - this.#elapsedMs));
	}
}
