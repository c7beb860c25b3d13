import {createHash} from 'node:crypto';
import {type Clock, systemClock} from '../model/clock.ts';
import type {Meter} from '../model/meter.ts';
import {reasonOf} from '../model/errors.ts';
import {type PacedAnswer, Pacing} from './pacing.ts';

/** At most `requests` in any `perMs` milliseconds. */
export interface Rate {
	readonly requests: number;
	readonly perMs: number;
}

/** The quotas of credentials, which several processes share. */
export interface SharedQuota {
	/**
	 * Takes one request of a credential within these rates: resolves with what to call when it has ended, or with how long
	 * to wait before asking again, in milliseconds. Rejects while nobody knows.
	 */
	take(credential: string, rates: readonly Rate[]): Promise<number | (() => void)>;
	/** Nobody on this credential sends anything for so long from now, in milliseconds. */
	pause(credential: string, ms: number): Promise<void>;
}

let shared: SharedQuota | undefined;

/**
 * From now on all requests of this process take from a quota that others take from, too; undefined: from its own again.
 * While that cannot be asked nothing is sent.
 */
export function shareQuota(quota: SharedQuota | undefined): void {
	shared = quota;
}

/**
 * Keeps every HTTP attempt of one credential within its rates. A slot is taken when an attempt is sent and given
 * back `perMs` after it has *ended*: the server saw it no later than that, so whatever the latency, the server never
 * counts more than `requests` in any `perMs`.
 */
export class Limiter {
	readonly #clock: Clock;
	readonly #windows = new Map<string, Window>();
	readonly #pacings = new Map<string, Pacing>();
	#pausedUntil = 0;
	/** What tells this credential from others, in all processes; undefined where it is not known. */
	#identify: (() => Promise<string>) | undefined;

	constructor(clock: Clock = systemClock) {
		this.#clock = clock;
	}

	/** Binds a rate for one API of this credential. A second call can only make it stricter. */
	limit(api: string, rate: Rate): void {
		this.#window(api).limit(rate);
	}

	/** Keeps also to what the answers of one API say and show of its quota, see `Pacing`. */
	learn(api: string): void {
		this.#pacing(api).learns = true;
	}

	/** Says how other processes know this credential: by its origin and what is sent to it. */
	identify(identify: () => Promise<string>): void {
		this.#identify ??= identify;
	}

	/** Nobody on this credential sends anything for `ms` from now; `askedMs` is what one API itself asked for. */
	pause(ms: number, api?: string, askedMs?: number): void {
		const now = this.#clock.monotonic();
		this.#pausedUntil = Math.max(this.#pausedUntil, now + ms);
		if (api !== undefined && askedMs !== undefined) this.#pacing(api).asked(now, now + askedMs);
		void this.#identify?.()
			.then(async credential => shared?.pause(credential, ms))
			.catch(() => {}); // who cannot say so is paused himself
	}

	/** How many attempts on one API were refused in a row; those that ran side by side count as one. */
	refusals(api: string): number {
		return this.#pacing(api).refusals;
	}

	/** Resolves when an attempt may be sent, with what to call when it has ended. */
	async acquire(api: string, meter: Meter, signal?: AbortSignal): Promise<(answer?: PacedAnswer) => void> {
		const window = this.#window(api);
		for (let hasWaited = false; ; hasWaited = true) {
			signal?.throwIfAborted();
			const now = this.#clock.monotonic();
			const pacing = this.#pacing(api);
			const readyAt = Math.max(this.#pausedUntil, shared ? 0 : window.readyAt(), pacing.readyAt(now));
			if (readyAt === Infinity) {
				await window.ended(signal);
				continue;
			}
			let waitMs = readyAt - now;
			if (waitMs <= 0) {
				const taken = shared ? await this.#takeShared(shared, window, meter) : 0;
				if (typeof taken === 'function' || taken === 0)
					return this.#begin(window, pacing, hasWaited, taken || undefined);
				waitMs = taken;
			}
			waitMs = Math.max(waitMs, leastWaitMs);
			await meter.wait(this.#clock.now() + waitMs, () => this.#clock.sleep(waitMs, signal));
		}
	}

	async #takeShared(quota: SharedQuota, window: Window, meter: Meter): Promise<number | (() => void)> {
		// who has no credentials sends nothing, and says why himself
		const credential = await this.#identify?.().catch(() => undefined);
		if (credential === undefined) return 0;
		try {
			return await quota.take(credential, window.rates);
		} catch (error) {
			meter.warn(`waiting for the quota that is shared: ${reasonOf(error)}`);
			return unknownQuotaMs;
		}
	}

	#begin(window: Window, pacing: Pacing, hasWaited: boolean, sharedEnd?: () => void): (answer?: PacedAnswer) => void {
		const ended = window.take(() => this.#clock.monotonic());
		const attempt = pacing.begin(this.#clock.monotonic(), hasWaited);
		return answer => {
			pacing.end(attempt, this.#clock.monotonic(), this.#clock.now(), answer);
			ended();
			sharedEnd?.();
		};
	}

	#pacing(api: string): Pacing {
		let pacing = this.#pacings.get(api);
		if (!pacing) this.#pacings.set(api, (pacing = new Pacing()));
		return pacing;
	}

	#window(api: string): Window {
		let window = this.#windows.get(api);
		if (!window) this.#windows.set(api, (window = new Window()));
		return window;
	}
}

/** What is left of a wait by the inexactness of numbers is waited for all the same. */
const leastWaitMs = 0.001;
/** When a shared quota that cannot be asked is asked again, in milliseconds. */
const unknownQuotaMs = 1000;
/** How many ended attempts are remembered for a rate that is bound later. */
const minHistory = 10_000;
/** The server's clock may run up to 0.1 % faster than ours. */
const clockDrift = 1.001;

class Window {
	/** None of them follows from another one. */
	rates: readonly Rate[] = [];
	/** When attempts ended, oldest first. */
	readonly #ends: number[] = [];
	#running = 0;
	readonly #waiting = new Set<() => void>();

	limit(rate: Rate): void {
		if (this.rates.some(bound => implies(bound, rate))) return;
		this.rates = [...this.rates.filter(bound => !implies(rate, bound)), rate];
	}

	/** When the next attempt may be sent; Infinity: as soon as one that is running has ended. */
	readyAt(): number {
		return Math.max(0, ...this.rates.map(rate => this.#readyAtFor(rate)));
	}

	#readyAtFor({requests, perMs}: Rate): number {
		const tooMany = this.#ends.length + this.#running - requests;
		if (tooMany < 0) return 0;
		return tooMany < this.#ends.length ? this.#ends[tooMany]! + perMs * clockDrift : Infinity;
	}

	take(clock: () => number): () => void {
		this.#running++;
		return () => {
			this.#running--;
			this.#ends.push(clock());
			if (this.#ends.length > Math.max(minHistory, ...this.rates.map(rate => rate.requests))) this.#ends.shift();
			for (const wake of this.#waiting) wake();
		};
	}

	/** Resolves when one of the running attempts has ended. */
	ended(signal?: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const settle = (then: () => void) => () => {
				this.#waiting.delete(onEnd);
				signal?.removeEventListener('abort', onAbort);
				then();
			};
			const onEnd = settle(resolve);
			const onAbort = settle(() => reject(signal?.reason as Error));
			this.#waiting.add(onEnd);
			signal?.addEventListener('abort', onAbort);
		});
	}
}

/** Whether who keeps to the first rate keeps to the second one too. */
function implies(first: Rate, second: Rate): boolean {
	return first.requests <= second.requests && first.perMs >= second.perMs;
}

const limiters = new Map<string, Limiter>();

/** The limiter of a credential: the same one for all sources of this process that use it at this origin. */
export function limiterFor(origin: string, credential: string): Limiter {
	const key = createHash('sha256').update(`${origin}\n${credential}`).digest('base64');
	let limiter = limiters.get(key);
	if (!limiter) limiters.set(key, (limiter = new Limiter()));
	return limiter;
}
