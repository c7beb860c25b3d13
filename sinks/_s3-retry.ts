import {systemClock} from '../lib/clock.ts';
import {AuditError} from '../lib/errors.ts';
import {backoffMs, retryAtMs} from '../lib/http/retry-after.ts';
import {type Failure, failureOf, isPassing, s3Error} from './_s3-errors.ts';

export interface S3Retry {
	readonly bucket: string;
	/** How often the same thing may fail in a row. */
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
	readonly retryMaxMs: number;
	/** The longest wait that the store may ask for. */
	readonly maxWaitMs: number;
	readonly signal: AbortSignal;
	warn(message: string): void;
}

/** The tries of one thing: counts those that failed in a row, and waits between them. */
export class Tries {
	readonly #retry: S3Retry;
	readonly #doing: string;
	#failed = 0;
	#reached = 0;

	constructor(retry: S3Retry, doing: string) {
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
		if (++this.#failed >= maxAttempts || waitMs > maxWaitMs) throw s3Error(failure, this.#doing, bucket);
		warn(`s3: cannot ${this.#doing}: ${failure.message}; trying again in ${Math.round(waitMs)} ms`);
		await systemClock.sleep(waitMs, signal);
	}
}

/** The result of a request without a body, tried again while that can help, or what it is `otherwise` for a failure. */
export async function request<T, M = never>(
	retry: S3Retry,
	doing: string,
	attempt: (options: {readonly abortSignal: AbortSignal}) => Promise<T>,
	otherwise: (failure: Failure) => M | undefined = () => undefined,
): Promise<T | M> {
	const tries = new Tries(retry, doing);
	for (;;) {
		try {
			return await attempt({abortSignal: retry.signal});
		} catch (error) {
			retry.signal.throwIfAborted();
			if (error instanceof AuditError) throw error;
			const failure = failureOf(error);
			const result = otherwise(failure);
			if (result !== undefined) return result;
			if (!isPassing(failure)) throw s3Error(failure, doing, retry.bucket);
			await tries.again(failure);
		}
	}
}
