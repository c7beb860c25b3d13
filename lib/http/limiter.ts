import {createHash} from 'node:crypto';
import {type Clock, systemClock} from '../clock.ts';
import type {Meter} from '../meter.ts';

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
			const readyAt = Math.max(this.#pausedUntil, window.readyAt(now));
			if (readyAt <= now) return window.take(() => this.#clock.monotonic());
			if (readyAt === Infinity) await window.ended();
			else await meter.wait(this.#clock.now() + readyAt - now, () => this.#clock.sleep(readyAt - now, signal));
		}
	}

	#window(api: string): Window {
		let window = this.#windows.get(api);
		if (!window) this.#windows.set(api, (window = new Window()));
		return window;
	}
}

/** How many ended attempts are remembered while no rate is bound, for one that is bound later. */
const maxHistory = 10_000;

class Window {
	#rate: Rate | undefined;
	/** When attempts ended, oldest first. */
	readonly #ends: number[] = [];
	#running = 0;
	#waiting: (() => void)[] = [];

	limit(rate: Rate): void {
		const now = this.#rate;
		if (!now || rate.requests / rate.perMs < now.requests / now.perMs) this.#rate = rate;
	}

	/** When the next attempt may be sent; Infinity: as soon as one that is running has ended. */
	readyAt(now: number): number {
		if (!this.#rate) return 0;
		// the server's clock may run up to 0.1 % faster than ours
		const perMs = this.#rate.perMs * 1.001;
		while (this.#ends.length > 0 && this.#ends[0]! + perMs <= now) this.#ends.shift();
		const tooMany = this.#ends.length + this.#running - this.#rate.requests;
		if (tooMany < 0) return 0;
		return tooMany < this.#ends.length ? this.#ends[tooMany]! + perMs : Infinity;
	}

	take(clock: () => number): () => void {
		this.#running++;
		return () => {
			this.#running--;
			this.#ends.push(clock());
			if (!this.#rate && this.#ends.length > maxHistory) this.#ends.shift();
			const waiting = this.#waiting;
			this.#waiting = [];
			for (const resolve of waiting) resolve();
		};
	}

	ended(): Promise<void> {
		return new Promise(resolve => this.#waiting.push(resolve));
	}
}

const limiters = new Map<string, Limiter>();

/** The limiter of a credential: the same one for all sources of this process that use it at this origin. */
export function limiterFor(origin: string, credential: string): Limiter {
	const key = createHash('sha256').update(`${origin}\n${credential}`).digest('base64');
	let limiter = limiters.get(key);
	if (!limiter) limiters.set(key, (limiter = new Limiter()));
	return limiter;
}
