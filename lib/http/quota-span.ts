import type {Attempt, Attempts} from './attempts.ts';

/** Spans that quotas have. */
export const usualSpansMs = [1000, 10_000, 60_000];
/** A span that was right so often is right, and only a request was late. */
const provenHits = 3;
const lateShare = 1.02;

/**
 * How long the span of a quota is. A server that says how many are left counts the requests of a span: as many of ours
 * are in it as are used, so that it is longer than the age of the oldest of these, and no longer than that of the one
 * before. A usual span between the two is the one.
 */
export class QuotaSpan {
	readonly #attempts: Attempts;
	#fromMs = 0;
	#toMs = Infinity;
	#hits = 0;
	/** What the server says itself. */
	saidMs: number | undefined;

	constructor(attempts: Attempts) {
		this.#attempts = attempts;
	}

	/** Infinity where nobody knows. */
	get ms(): number {
		if (this.saidMs !== undefined) return this.saidMs > this.#fromMs ? this.saidMs : Infinity;
		if (this.isAllAtOnce) return usualSpansMs.find(spanMs => spanMs > this.#fromMs) ?? Infinity;
		return usualSpansMs.findLast(spanMs => spanMs > this.#fromMs && spanMs <= this.#toMs) ?? this.#toMs;
	}

	/** Whether all of the quota comes back at once: what looks like a span is shorter then than what is in it. */
	get isAllAtOnce(): boolean {
		return this.#toMs <= this.#fromMs;
	}

	/** It is no longer than that, if it is one; Infinity where nobody knows. */
	get longestMs(): number {
		return this.saidMs ?? this.#toMs;
	}

	/**
	 * `used` of all requests are in the span, this one included; the server may not have counted `uncounted` of ours. Where
	 * others send too, what is in the span is not only ours.
	 */
	observe(attempt: Attempt, nowMs: number, used: number, uncounted: number, isAlone: boolean): void {
		const {startMs, throughBefore} = attempt;
		const outside = this.#attempts.at(throughBefore - used);
		if (outside) this.#toMs = Math.min(this.#toMs, nowMs - outside.startMs);
		const ours = used - 1 - uncounted;
		const inside = ours > 0 && isAlone ? this.#attempts.at(throughBefore - ours) : undefined;
		if (inside) this.#fromMs = Math.max(this.#fromMs, startMs - inside.endMs);
	}

	/** One that was sent when one of ours had fallen out of the span was let through. */
	hit(): void {
		this.#hits++;
	}

	/** It was refused. */
	missed(): void {
		if (this.#hits >= provenHits) this.#toMs *= lateShare;
		else this.#fromMs = Math.max(this.#fromMs, this.ms);
		this.#hits = 0;
	}
}
