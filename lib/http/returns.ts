import type {Attempt, Attempts} from './attempts.ts';
import type {Rate} from './limiter.ts';
import {usualSpansMs} from './quota-span.ts';

/** When requests were let through again after a refusal, and how many had been before. */
interface Return {
	readonly atMs: number;
	/** Not before that. */
	readonly fromMs: number;
	/** When the first of them was sent. */
	readonly startMs: number;
	readonly through: number;
}

/** A rate that was measured over a shorter span, or with fewer requests, is measured again. */
const preciseMs = 30_000;
const fewest = 5;
/** For so long a rate is kept that nobody refuses. */
const keptMs = 600_000;
/** So much of the span is used for its requests, so that others on the same quota have their turns. */
const evenness = 0.8;
const clockDrift = 1.001;

/**
 * Learns a rate from refusals alone. From one moment when a server begins to let requests through again to the next
 * such moment it lets through what it allows, whether it counts by minutes, over a sliding span, or fills a bucket; and
 * it does so again in the next such span when the requests come in the same rhythm.
 */
export class Returns {
	readonly #attempts: Attempts;
	#returns: Return[] = [];
	#refusal: {lastMs: number; untilMs?: number} | undefined;
	#rate: Rate | undefined;
	#keptUntilMs = 0;
	/** How many went through before the last refusal. */
	#run = 0;

	constructor(attempts: Attempts) {
		this.#attempts = attempts;
	}

	/** Forgets: the client did not ask for more, so that its number says nothing. */
	idle(): void {
		this.#returns = [];
		this.#run = 0;
	}

	/** `untilMs` where the server said until when. */
	refused(nowMs: number, untilMs: number | undefined): void {
		if (!this.#refusal) this.#run = this.#attempts.through - (this.#returns.at(-1)?.through ?? 0);
		this.#refusal = {lastMs: nowMs, ...(untilMs === undefined ? {} : {untilMs})};
	}

	/** Takes note of one that was let through. */
	letThrough({startMs, throughBefore}: Attempt): void {
		if (!this.#refusal || startMs <= this.#refusal.lastMs) return;
		const {lastMs, untilMs} = this.#refusal;
		this.#refusal = undefined;
		const fromMs = untilMs === undefined ? lastMs : untilMs - 1000;
		const next = {atMs: untilMs ?? startMs, fromMs, startMs, through: throughBefore};
		const base = this.#returns.findLast(({atMs}) => atMs <= next.atMs - preciseMs) ?? this.#returns[0];
		this.#returns = [...this.#returns.slice(-9), next];
		if (!base || next.through <= base.through) return;
		const usual = usualSpansMs.find(spanMs => spanMs > fromMs - base.startMs && spanMs < next.atMs - base.fromMs);
		this.#rate = {requests: next.through - base.through, perMs: usual ?? next.atMs - base.atMs};
		const {requests, perMs} = this.#rate;
		const isPrecise = perMs >= preciseMs || (usual !== undefined && requests >= fewest);
		this.#keptUntilMs = startMs + (isPrecise ? keptMs : preciseMs);
	}

	/** When the next attempt may be sent; Infinity: when one that is running has ended. */
	readyAt(nowMs: number): number {
		const {through, running} = this.#attempts;
		// who asks whether the quota is back asks alone
		if (this.#refusal && running > 0) return Infinity;
		if (this.#rate) {
			const {requests, perMs} = this.#rate;
			if (nowMs > this.#keptUntilMs) this.#rate = undefined;
			const before = through + running - requests;
			const back = before < through ? (this.#attempts.at(before)?.seenMs ?? -Infinity) + perMs * clockDrift : Infinity;
			return Math.max(back, this.#attempts.lastStartMs + (perMs / requests) * evenness);
		}
		const last = this.#returns.at(-1);
		// beyond what went through before, one at a time: what is in flight at a refusal is refused too
		return last && through + running - last.through >= this.#run && running > 0 ? Infinity : 0;
	}
}
