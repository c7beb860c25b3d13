import {systemClock} from '../lib/clock.ts';
import {backoffMs, retryAtMs} from '../lib/http/retry-after.ts';
import {type Failure, failureOf, gcsError, isPassing} from './_gcs-errors.ts';

export interface GcsRetry {
	readonly bucket: string;
	/** How often the same thing may fail in a row. */
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
	readonly retryMaxMs: number;
	/** The longest wait that Google may ask for. */
	readonly maxWaitMs: number;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
	warn(message: string): void;
}

/** The tries of one thing: counts those that failed in a row, and waits between them. */
export class Tries {
	readonly #retry: GcsRetry;
	readonly #doing: string;
	#failed = 0;
	#reached = 0;

	constructor(retry: GcsRetry, doing: string) {
		this.#retry = retry;
		this.#doing = doing;
	}

	/** It got so far: further than ever before, what fails next is the first failure there. */
	reached(bytes: number): void {
		if (bytes <= this.#reached) return;
		this.#reached = bytes;
		this.#failed = 0;
	}

	/** Resolves when it is time for another try; rejects with the failure where there is none. */
	async again(failure: Failure): Promise<void> {
		const {bucket, maxAttempts, retryBaseMs, retryMaxMs, maxWaitMs, signal, warn} = this.#retry;
		const nowMs = systemClock.now();
		const askedMs = (retryAtMs(failure.headers, nowMs) ?? nowMs) - nowMs;
		const waitMs = Math.max(askedMs, backoffMs(this.#failed, {baseMs: retryBaseMs, maxMs: retryMaxMs}));
		if (++this.#failed >= maxAttempts || waitMs > maxWaitMs) throw gcsError(failure, this.#doing, bucket);
		warn(`gcs: cannot ${this.#doing}: ${failure.message}; trying again in ${Math.round(waitMs)} ms`);
		await systemClock.sleep(waitMs, signal);
	}
}

/** The result of a request without a body, tried again while that can help, or what it is `otherwise` for a failure. */
export async function request<T, M = never>(
	retry: GcsRetry,
	doing: string,
	attempt: () => Promise<T>,
	otherwise: (failure: Failure) => M | undefined = () => undefined,
): Promise<T | M> {
	const tries = new Tries(retry, doing);
	for (;;) {
		try {
			return await unlessAborted(attempt(), retry.signal);
		} catch (error) {
			retry.signal.throwIfAborted();
			const failure = failureOf(error);
			const result = otherwise(failure);
			if (result !== undefined) return result;
			if (!isPassing(failure)) throw gcsError(failure, doing, retry.bucket);
			await tries.again(failure);
		}
	}
}

/** For requests that the client cannot be told to stop: they end by their own time-out, unheard. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	signal.throwIfAborted();
	let onAbort = () => {};
	const aborted = new Promise<never>((_, reject) => {
		onAbort = () => reject(signal.reason as Error);
		signal.addEventListener('abort', onAbort, {once: true});
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		signal.removeEventListener('abort', onAbort);
	}
}

export interface SilenceGuard {
	readonly signal: AbortSignal;
	/** Something was heard: the silence begins anew. */
	heard(): void;
	/** Whatever still goes on under the signal ends. */
	end(): void;
}

/** Aborts its signal after so long a silence, or with the signal that it is given. */
export function silenceGuard(timeoutMs: number, signal: AbortSignal): SilenceGuard {
	const silence = new AbortController();
	const abort = () => silence.abort(signal.reason);
	const timer = setTimeout(() => {
		silence.abort(Object.assign(new Error(`nothing was heard for ${timeoutMs} ms`), {code: 'ETIMEDOUT'}));
	}, timeoutMs);
	if (signal.aborted) abort();
	signal.addEventListener('abort', abort, {once: true});
	return {
		signal: silence.signal,
		heard: () => void timer.refresh(),
		end() {
			clearTimeout(timer);
			signal.removeEventListener('abort', abort);
			silence.abort();
		},
	};
}
