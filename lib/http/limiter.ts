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
	 * Takes one request of a credential, which may last `timeoutMs`: resolves with what to call when it has ended, or with
	 * how long to wait before asking again, in milliseconds. Rejects while nobody knows.
	 */
	take(credential: string, rates: readonly Rate[], timeoutMs: number): Promise<number | (() => void)>;
	/** Nobody on this credential sends anything for so long from now, in milliseconds. */
	pause(credential: string, ms: number): Promise<void>;
}

/** To be called when an attempt has ended. */
type Ended = (answer?: PacedAnswer) => void;

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
	#timeoutMs = 0;
	/** The last of those that take from a shared quota, one after the other. */
	#lastTake: Promise<unknown> = Promise.resolve();
	/** How often in a row a shared quota could not be asked, and who was told. */
	#failures = 0;
	#told = new WeakSet<Meter>();

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

	/**
	 * Says how other processes know this credential, by its origin and what is sent to it, and the longest that an attempt
	 * may take.
	 */
	identify(identify: () => Promise<string>, timeoutMs: number): void {
		this.#identify ??= identify;
		this.#timeoutMs = Math.max(this.#timeoutMs, timeoutMs);
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
	async acquire(api: string, meter: Meter, signal?: AbortSignal): Promise<Ended> {
		for (let hasWaited = false; ; hasWaited = true) {
			signal?.throwIfAborted();
			const now = this.#clock.monotonic();
			const readyAt = this.#readyAt(api, now);
			if (readyAt <= now) {
				if (!shared || !this.#identify) return this.#begin(api, hasWaited);
				const taking = this.#takeInTurn(shared, this.#identify, api, meter, hasWaited);
				const ended = await unlessAborted(taking, signal);
				if (ended) return ended;
				continue;
			}
			const waitMs = Math.max(readyAt - now, leastWaitMs);
			if (readyAt === Infinity) await this.#window(api).ended(signal);
			else await meter.wait(this.#clock.now() + waitMs, () => this.#clock.sleep(waitMs, signal));
		}
	}

	#readyAt(api: string, now: number): number {
		const window = this.#window(api);
		return Math.max(this.#pausedUntil, window.sharedAt, window.readyAt(), this.#pacing(api).readyAt(now));
	}

	/** One after the other: what one is told to wait holds for those behind it, and no two begin on the same pacing. */
	#takeInTurn(
		quota: SharedQuota,
		identify: () => Promise<string>,
		api: string,
		meter: Meter,
		hasWaited: boolean,
	): Promise<Ended | undefined> {
		const turn = this.#lastTake.then(async () => {
			const now = this.#clock.monotonic();
			if (this.#readyAt(api, now) > now) return undefined;
			const taken = await this.#take(quota, await identify(), api, meter);
			if (typeof taken !== 'number') return this.#begin(api, hasWaited, taken);
			this.#window(api).sharedAt = this.#clock.monotonic() + taken;
			return undefined;
		});
		this.#lastTake = turn.catch(() => {});
		return turn;
	}

	async #take(quota: SharedQuota, credential: string, api: string, meter: Meter): Promise<number | (() => void)> {
		try {
			const taken = await quota.take(credential, this.#window(api).rates, this.#timeoutMs);
			if (this.#failures > 0) this.#told = new WeakSet();
			this.#failures = 0;
			return taken;
		} catch (error) {
			if (!this.#told.has(meter)) meter.warn(`nothing is sent until the shared quota can be asked: ${reasonOf(error)}`);
			this.#told.add(meter);
			return Math.min(unknownQuota.firstMs * 2 ** this.#failures++, unknownQuota.maxMs);
		}
	}

	#begin(api: string, hasWaited: boolean, sharedEnd?: () => void): Ended {
		const pacing = this.#pacing(api);
		const ended = this.#window(api).take(() => this.#clock.monotonic());
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
/** When a shared quota that cannot be asked is asked again. */
const unknownQuota = {firstMs: 250, maxMs: 8000};
/** How many ended attempts are remembered for a rate that is bound later. */
const minHistory = 10_000;
/** The server's clock may run up to 0.1 % faster than ours. */
const clockDrift = 1.001;

class Window {
	/** None of them follows from another one. */
	rates: readonly Rate[] = [];
	/** When a shared quota is to be asked again. */
	sharedAt = 0;
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

/** Rejects as soon as the signal aborts; an attempt that begins all the same has ended. */
function unlessAborted(taking: Promise<Ended | undefined>, signal?: AbortSignal): Promise<Ended | undefined> {
	return new Promise((resolve, reject) => {
		const onAbort = () => {
			reject(signal?.reason as Error);
			taking.then(
				ended => ended?.(),
				() => {},
			);
		};
		const settle =
			<T>(then: (result: T) => void) =>
			(result: T) => {
				signal?.removeEventListener('abort', onAbort);
				then(result);
			};
		signal?.addEventListener('abort', onAbort, {once: true});
		taking.then(settle(resolve), settle(reject));
	});
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
