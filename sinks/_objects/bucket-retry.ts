import {systemClock} from '../../lib/model/clock.ts';
import {AuditError, SinkError} from '../../lib/model/errors.ts';
import {proxyFailed} from '../../lib/http/agent.ts';
import {backoffMs, type HeaderValues, retryAtMs} from '../../lib/http/retry-after.ts';

/** What is known of a failed request to a bucket, without the request: that holds secrets. */
export interface BucketFailure {
	/** For people. */
	readonly message: string;
	readonly status: number | undefined;
	/** The system's word for a broken connection, for example `ECONNRESET`. */
	readonly errno: string;
	/** Of the answer. */
	readonly headers: HeaderValues;
}

/** How one kind of bucket fails. */
export interface FailureFacts<F extends BucketFailure> {
	readonly sink: string;
	failureOf(error: unknown): F;
	/** A failure that the sink itself found, which another try may mend. */
	passing(message: string): F;
	/** Whether the same request can do better in a while. */
	isPassing(failure: F): boolean;
	/** Whether there is no such object, or none of that generation. */
	isMissing(failure: F): boolean;
	/** Whether an object must stay. */
	isLock(failure: F): boolean;
	/** What a failure becomes for the world; `doing` as in "write gs://bucket/name". */
	errorOf(failure: F, doing: string, bucket: string): AuditError;
}

export interface BucketRetry {
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

/** What a failed connection becomes for the world, and every failure that has no words of its own. */
export function requestError(sink: string, {status, errno, message}: BucketFailure, doing: string, check: string) {
	const said =
		errno === 'ENOTFOUND'
			? `the host is not known (ENOTFOUND); check ${check}`
			: errno === 'ECONNREFUSED'
				? `nothing listens there (ECONNREFUSED); check ${check}`
				: `${status === undefined ? '' : `${status}: `}${message}`;
	return new SinkError('SINK_FAILED', `${sink}: cannot ${doing}: ${said}`);
}

/** A member of something that a client threw. */
export function member(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** The same as text; '' where it is none. */
export function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** Words of the system for a connection that another try may find mended. */
export const passingErrnos: ReadonlySet<string> = new Set([
	'EAI_AGAIN',
	'ECONNABORTED',
	'ECONNREFUSED',
	'ECONNRESET',
	'EHOSTUNREACH',
	'ENETUNREACH',
	'EPIPE',
	'ERR_STREAM_PREMATURE_CLOSE',
	'ETIMEDOUT',
	proxyFailed,
]);

/** The tries of one thing: counts those that failed in a row, and waits between them. */
export class Tries<F extends BucketFailure> {
	readonly #facts: FailureFacts<F>;
	readonly #retry: BucketRetry;
	readonly #doing: string;
	#failed = 0;
	#reached = 0;

	constructor(facts: FailureFacts<F>, retry: BucketRetry, doing: string) {
		this.#facts = facts;
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
	async again(failure: F): Promise<void> {
		const {bucket, maxAttempts, retryBaseMs, retryMaxMs, maxWaitMs, signal, warn} = this.#retry;
		const {sink, errorOf} = this.#facts;
		const nowMs = systemClock.now();
		const askedMs = (retryAtMs(failure.headers, nowMs) ?? nowMs) - nowMs;
		const waitMs = Math.max(askedMs, backoffMs(this.#failed, {baseMs: retryBaseMs, maxMs: retryMaxMs}));
		if (++this.#failed >= maxAttempts || waitMs > maxWaitMs) throw errorOf(failure, this.#doing, bucket);
		warn(`${sink}: cannot ${this.#doing}: ${failure.message}; trying again in ${Math.round(waitMs)} ms`);
		await systemClock.sleep(waitMs, signal);
	}
}

/**
 * The result of a request without a body, retried while a retry can help; `otherwise` may turn a failure into a
 * result.
 */
export async function request<F extends BucketFailure, T, M = never>(
	facts: FailureFacts<F>,
	retry: BucketRetry,
	doing: string,
	attempt: (options: {readonly abortSignal: AbortSignal}) => Promise<T>,
	otherwise: (failure: F) => M | undefined = () => undefined,
): Promise<T | M> {
	const tries = new Tries(facts, retry, doing);
	for (;;) {
		try {
			retry.signal.throwIfAborted();
			return await unlessAborted(attempt({abortSignal: retry.signal}), retry.signal);
		} catch (error) {
			retry.signal.throwIfAborted();
			if (error instanceof AuditError) throw error;
			const failure = facts.failureOf(error);
			const result = otherwise(failure);
			if (result !== undefined) return result;
			if (!facts.isPassing(failure)) throw facts.errorOf(failure, doing, retry.bucket);
			await tries.again(failure);
		}
	}
}

/** For requests that a client cannot be told to stop: they end by their own time-out, unheard. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
	promise.catch(() => {}); // where it is aborted already, nobody hears how it ends
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
