/** One attempt, as of its beginning. */
export interface Attempt {
	readonly startMs: number;
	/** How many had ended, and how many of them had been let through. */
	readonly endedBefore: number;
	readonly throughBefore: number;
}

/** One that the server let through. */
interface Let {
	readonly startMs: number;
	readonly endMs: number;
	/**
	 * When the server saw it, later by the same span for all: what it took longer than the shortest one may have passed
	 * before it was seen.
	 */
	readonly seenMs: number;
}

/** So many are remembered. */
const maxKept = 10_000;

/** The attempts on one API: how many are running, and when the server saw those that it let through. */
export class Attempts {
	running = 0;
	ended = 0;
	lastStartMs = -Infinity;
	/** How many were let through, those that are no longer remembered included. */
	through = 0;
	/** How many were refused one after another since one was let through; those that ran side by side count once. */
	refusals = 0;
	#refusedMs = -Infinity;
	readonly #let: Let[] = [];
	#shortestMs = Infinity;

	begin(nowMs: number): Attempt {
		this.running++;
		this.lastStartMs = nowMs;
		return {startMs: nowMs, endedBefore: this.ended, throughBefore: this.through};
	}

	end({startMs}: Attempt, nowMs: number, isThrough: boolean): void {
		this.running--;
		this.ended++;
		this.#shortestMs = Math.min(this.#shortestMs, nowMs - startMs);
		if (!isThrough) {
			if (startMs >= this.#refusedMs) this.refusals++;
			this.#refusedMs = nowMs;
			return;
		}
		if (startMs >= this.#refusedMs) this.refusals = 0;
		this.through++;
		this.#let.push({startMs, endMs: nowMs, seenMs: nowMs - this.#shortestMs});
		if (this.#let.length > maxKept) this.#let.shift();
	}

	/** The n-th that was let through, counted from 0; undefined where nobody remembers. */
	at(n: number): Let | undefined {
		return n < 0 ? undefined : this.#let[n - this.through + this.#let.length];
	}

	/** The first that was seen after a time. */
	firstAfter(timeMs: number): number | undefined {
		return this.#let.find(({seenMs}) => seenMs > timeMs)?.seenMs;
	}
}
