import {type Attempt, Attempts} from './attempts.ts';
import {type Ground, Remaining} from './remaining.ts';
import {Returns} from './returns.ts';
import {readQuota} from './said-quota.ts';

/** What came of an attempt, as far as the quota is concerned. */
export interface PacedAnswer {
	/** By lower-case name. */
	readonly headers: Readonly<Record<string, string>>;
	/** Whether it was refused for now. */
	readonly isRefused: boolean;
}

/** A client that asks for nothing so long is not held up by the quota. */
const idleMs = 5000;

/** An attempt, and what made it go. */
export type PacedAttempt = Attempt & {readonly ground: Ground};

/**
 * Learns what one API allows, from its answers, so that requests neither run into refusals nor wait for nothing:
 *
 * - What the server says is left is what may be sent, as long as it proves right (`Remaining`). At its end the next one
 *   goes when the server says, or when the first of the last span falls out of it, whichever is earlier (`QuotaSpan`).
 * - A server that says nothing, or that nobody believes, is learned by its refusals: what it let through from one
 *   moment at which it began anew to the next, it lets through again (`Returns`).
 * - Where others take from the same quota requests are spread, so that all have their turns.
 */
export class Pacing {
	/** Whether it learns; without that it only counts refusals. */
	learns = false;
	readonly #attempts = new Attempts();
	readonly #remaining = new Remaining(this.#attempts);
	readonly #returns = new Returns(this.#attempts);
	#isUnexplained = false;
	#lastEndMs = -Infinity;

	/** How many were refused in a row. */
	get refusals(): number {
		return this.#attempts.refusals;
	}

	/** When the next attempt may be sent; Infinity: when one that is running has ended. */
	readyAt(nowMs: number): number {
		return this.learns ? Math.max(this.#remaining.readyAt(), this.#returns.readyAt(nowMs)) : 0;
	}

	/** `hasWaited`: whether it would have been sent earlier, had it been allowed to. */
	begin(nowMs: number, hasWaited: boolean): PacedAttempt {
		if (!hasWaited && this.#attempts.running === 0 && nowMs - this.#lastEndMs > idleMs) this.#returns.idle();
		return {...this.#attempts.begin(nowMs), ground: this.#remaining.begin(nowMs)};
	}

	/** `wallMs`: the time as the server tells it. */
	end(attempt: PacedAttempt, nowMs: number, wallMs: number, answer?: PacedAnswer): void {
		this.#lastEndMs = nowMs;
		const isRefused = answer?.isRefused ?? false;
		this.#attempts.end(attempt, nowMs, !isRefused);
		if (isRefused) {
			this.#isUnexplained = !this.#remaining.isUsedUp || (attempt.ground === 'test' && !this.#remaining.isShared);
			this.#remaining.refused(attempt.ground, nowMs);
			if (this.#isUnexplained) this.#returns.refused(nowMs, undefined);
		} else {
			this.#returns.letThrough(attempt);
			if (answer) this.#remaining.answered(attempt, nowMs, readQuota(answer.headers, wallMs));
		}
	}

	/** Says until when the server asked to wait, after a refusal. */
	asked(nowMs: number, untilMs: number): void {
		this.#remaining.asked(untilMs);
		if (this.#isUnexplained) this.#returns.refused(nowMs, untilMs);
	}
}
