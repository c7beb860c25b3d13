import type {Attempt, Attempts} from './attempts.ts';
import {QuotaSpan} from './quota-span.ts';
import type {SaidQuota} from './said-quota.ts';

/** What made an attempt go: requests are left, the server's time has come, one of ours is out of its span, or a test. */
export type Ground = 'left' | 'said' | 'own' | 'test';

/** The last requests whose distances double until one is seen to come back, and how long that takes in all. */
const maxReserve = 6;
const reserveMs = 63_000;
/** So many answers that came beside another one are compared with it. */
const maxBeside = 64;
/** For so long others are thought to go on. */
const sharedMs = 120_000;
/** A later time of the reset is no mere rounding. */
const movesMs = 1500;
/** The distance of requests while nobody knows when one comes back. */
const unknownMs = 1000;
/** A longer wait must have been proven necessary. */
const believedMs = 120_000;
/** A wait as long as that is left to a refusal to ask for: it may be too long for the user. */
const longestMs = 3_600_000;
/** So many waits, and so many requests that come through although none are left, are believed. */
const maxUnprovenWaits = 3;
const maxDisproofs = 10;
/** So much longer than necessary a wait is. */
const gapShare = 0.007;
/** So much longer than known a span is taken to be, for clocks that differ. */
const clockDrift = 1.001;

/**
 * Holds requests back while an API says that none are left. It is believed once its number goes down with our requests,
 * until requests come through in spite of it. When more are there again is what it says, or earlier, when one of ours
 * falls out of the span of the quota.
 */
export class Remaining {
	readonly #attempts: Attempts;
	readonly #span: QuotaSpan;
	#limit: number | undefined;
	#left: number | undefined;
	/** Its last values. */
	#lefts: readonly number[] = [];
	/** So many may be sent, those counted that the server may not have seen yet. */
	#credit = 0;
	#isLive = false;
	/** Whether the number has gone up again, or a refusal has confirmed it. */
	#isProven = false;
	/** How many were let through in a row that had been sent to see whether nothing is left indeed. */
	#disproofs = 0;
	#unprovenWaits = 0;
	#lastMs = 0;
	#answeredMs = 0;
	/** When the server says that more are there; before the last answer: nothing. */
	#backMs = 0;
	/** Whether that may be rounded up. */
	#isRounded = true;
	/** Whether it goes on with every request, as the end of a span does that begins with the last one. */
	#isMoving = false;
	/** When others were last seen to take from the same quota. */
	#othersMs = -Infinity;
	/** When the number had last gone up. */
	#roseMs = Infinity;
	/** How many come back in a span. */
	#perSpan = 0;
	#ground: Ground = 'left';

	constructor(attempts: Attempts) {
		this.#attempts = attempts;
		this.#span = new QuotaSpan(attempts);
	}

	/** Whether the API's number is what holds requests back now. */
	get isUsedUp(): boolean {
		return this.#isBelieved() && this.#credit <= 0;
	}

	/** Whether others take from the same quota. */
	get isShared(): boolean {
		return this.#answeredMs - this.#othersMs < sharedMs;
	}

	begin(nowMs: number): Ground {
		this.#credit--;
		this.#lastMs = nowMs;
		return this.#ground;
	}

	/** Takes note of what came with an answer. */
	answered(attempt: Attempt & {readonly ground: Ground}, nowMs: number, said: SaidQuota): void {
		const {limit = this.#limit, left, rate} = said;
		this.#span.saidMs = rate?.perMs;
		this.#limit = limit;
		if (left === undefined || (limit !== undefined && left > limit)) return;
		const before = this.#left;
		this.#left = left;
		this.#answeredMs = nowMs;
		if (attempt.ground === 'own') this.#span.hit();
		this.#believe(attempt, nowMs, left, before);
		this.#noteReturn(said, nowMs, before !== undefined && left > before);
		const {running, ended} = this.#attempts;
		// those that ran beside this one may have been seen before it or after it
		const beside = ended - attempt.endedBefore - 1;
		this.#lefts = [...this.#lefts.slice(-maxBeside), left];
		const least = Math.min(...this.#lefts.slice(-beside - 1));
		this.#credit = Math.min(Math.max(this.#credit, least - running), left);
		if (limit === undefined) return;
		this.#perSpan = rate?.requests ?? limit;
		if (left > 0) this.#span.observe(attempt, nowMs, limit - left, running + beside, !this.isShared);
	}

	refused(ground: Ground, nowMs: number): void {
		if (this.isUsedUp) this.#isProven = true;
		this.#disproofs = 0;
		this.#unprovenWaits = 0;
		this.#credit = Math.min(this.#credit, 0);
		this.#answeredMs = nowMs;
		this.#backMs = 0;
		if (ground === 'said') this.#othersMs = nowMs;
		if (ground === 'own' && !this.isShared) this.#span.missed();
	}

	/** The server says, with a refusal, until when there are none. */
	asked(untilMs: number): void {
		this.#backMs = untilMs;
	}

	/** When the next attempt may be sent; Infinity: when one that is running has ended. */
	readyAt(): number {
		this.#ground = 'left';
		// the first answer says how many may follow
		if (this.#attempts.ended === 0 && this.#attempts.running > 0) return Infinity;
		if (!this.#isBelieved()) return 0;
		if (this.#credit > 0) return this.isShared ? this.#inTurn() : this.#sparing();
		if (this.#attempts.running > 0) return Infinity;
		const [own, said] = [this.#ownReturnMs(), this.#saidReturnMs()];
		const backMs = Math.min(own, said);
		// whoever takes each request in the moment when it is back never sees that others wait for one
		const gapMs = this.isShared ? this.#perRequestMs() : Math.max(0, backMs - this.#answeredMs) * gapShare;
		const atMs = backMs + (backMs < Infinity ? gapMs : 0);
		this.#ground = own <= said ? 'own' : 'said';
		const waitMs = atMs - this.#answeredMs;
		const isDoubted = waitMs > believedMs || this.#unprovenWaits >= maxUnprovenWaits;
		if (waitMs < longestMs && (this.#isProven || !isDoubted)) return atMs;
		this.#ground = 'test';
		return this.#isProven ? this.#lastMs + unknownMs : 0;
	}

	/** Some are left, and others want some of them. */
	#inTurn(): number {
		const tillBackMs = (this.#saidReturnMs() - this.#lastMs) / (this.#credit + 1);
		const apartMs = this.#isMoving ? Math.min(tillBackMs / 2, this.#span.longestMs / this.#perSpan) : tillBackMs;
		return this.#lastMs + (apartMs < Infinity ? apartMs : this.#perRequestMs());
	}

	/** While nobody knows the span the last ones are sent at doubling distances, to see one come back. */
	#sparing(): number {
		const reserve = Math.min(maxReserve, Math.floor((this.#limit ?? 0) / 2));
		if (this.#credit > reserve || !this.#isRounded || this.#span.longestMs < Infinity) return 0;
		const distanceMs = (reserveMs / (2 ** reserve - 1)) * 2 ** (reserve - this.#credit);
		return Math.min(this.#lastMs + distanceMs, this.#saidReturnMs());
	}

	#isBelieved(): boolean {
		return this.#isLive && (this.#isProven || this.#disproofs < maxDisproofs);
	}

	/** The time in which one request comes back, on average; 0 where nobody says. */
	#perRequestMs(): number {
		return this.#perSpan > 0 ? (this.#span.saidMs ?? 0) / this.#perSpan : 0;
	}

	#saidReturnMs(): number {
		return this.#backMs > this.#answeredMs ? this.#backMs : Infinity;
	}

	/** When one of ours falls out of the span. */
	#ownReturnMs(): number {
		const spanMs = this.#span.ms * clockDrift;
		if (spanMs === Infinity) return Infinity;
		if (this.#span.isAllAtOnce) return this.#roseMs + spanMs;
		const agoMs = this.#answeredMs - spanMs;
		const all = this.#attempts.at(this.#attempts.through - this.#perSpan);
		const first = all && all.endMs > agoMs ? all.seenMs : (this.#attempts.firstAfter(agoMs) ?? this.#answeredMs);
		// a bucket that holds more than comes back in a span may have been empty before
		const one = this.#perSpan < (this.#limit ?? 0) ? this.#answeredMs + this.#span.ms / this.#perSpan : 0;
		return Math.max(first + spanMs, one);
	}

	#believe(
		attempt: Attempt & {readonly ground: Ground},
		nowMs: number,
		left: number,
		before: number | undefined,
	): void {
		const isFirst = left > 0 && left + 1 === this.#limit && this.#attempts.through === 1;
		if (isFirst || (before !== undefined && left < before)) this.#isLive = true;
		if (before !== undefined && left > before && attempt.endedBefore === this.#attempts.ended - 1) {
			this.#isProven = true;
			this.#roseMs = nowMs;
		}
		if (attempt.ground === 'test') this.#disproofs++;
		if (left < this.#credit) this.#othersMs = nowMs;
		if (left > 0) this.#unprovenWaits = 0;
		else if (attempt.ground !== 'left') this.#unprovenWaits += attempt.ground === 'said' ? maxUnprovenWaits : 1;
	}

	#noteReturn({backInMs, isRounded = true}: SaidQuota, nowMs: number, hasRisen: boolean): void {
		this.#isRounded = !backInMs || isRounded;
		if (!backInMs) return;
		const backMs = nowMs + backInMs;
		if (!hasRisen && this.#backMs > 0 && backMs > this.#backMs + movesMs) this.#isMoving = true;
		this.#backMs = backMs;
	}
}
