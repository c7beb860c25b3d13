import {createHash} from 'node:crypto';
import {type Clock, systemClock} from '../model/clock.ts';
import type {Meter} from '../model/meter.ts';

/** At most `requests` in any `perMs` milliseconds. */
export interface Rate {
	readonly requests: number;
	readonly perMs: number;
}

/**
 * Keeps every HTTP attempt of one credential within its rates. A slot is taken when an attempt is sent and given
 * back `perMs` after it has *ended*: the server saw it no later than that, so whatever the latency, the server never
 * counts more than `requests` in any `perMs`.
 */
export class Limiter {
	readonly #clock: Clock;
	readonly #windows = new Map<string, Window>();
	#pausedUntil = 0;

	constructor(clock: Clock = systemClock) {
		this.#clock = clock;
	}

	/** Binds a rate for one API of this credential. A second call can only make it stricter. */
	limit(api: string, rate: Rate): void {
		this.#window(api).limit(rate);
	}

	/** Nobody on this credential sends anything for `ms` from now. */
	pause(ms: number): void {
		this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
	}

	/** Resolves when an attempt may be sent, with what to call when it has ended. */
	async acquire(api: string, meter: Meter, signal?: AbortSignal): Promise<() => void> {
		const window = this.#window(api);
		for (;;) {
			signal?.throwIfAborted();
			const now = this.#clock.monotonic();
			const readyAt = Math.max(this.#pausedUntil, window.readyAt());
			if (readyAt <= now) return window.take(() => this.#clock.monotonic());
			if (readyAt === Infinity) await window.ended(signal);
			else await meter.wait(this.#clock.now() + readyAt - now, () => this.#clock.sleep(readyAt - now, signal));
		}
	}

	#window(api: string): Window {
		let window = this.#windows.get(api);
		if (!window) this.#windows.set(api, (window = new Window()));
		return window;
	}
}

/** How many ended attempts are remembered for a rate that is bound later. */
const minHistory = 10_000;
/** The server's clock may run up to 0.1 % faster than ours. */
const clockDrift = 1.001;

class Window {
	/** None of them follows from another one. */
	#rates: Rate[] = [];
	/** When attempts ended, oldest first. */
	readonly #ends: number[] = [];
	#running = 0;
	readonly #waiting = new Set<() => void>();

	limit(rate: Rate): void {
		if (this.#rates.some(bound => implies(bound, rate))) return;
		this.#rates = [...this.#rates.filter(bound => !implies(rate, bound)), rate];
	}

	/** When the next attempt may be sent; Infinity: as soon as one that is running has ended. */
	readyAt(): number {
		return Math.max(0, ...this.#rates.map(rate => this.#readyAtFor(rate)));
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
			if (this.#ends.length > Math.max(minHistory, ...this.#rates.map(rate => rate.requests))) this.#ends.shift();
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
