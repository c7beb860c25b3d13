import {systemClock} from '../../lib/model/clock.ts';
import {AuditError} from '../../lib/model/errors.ts';
import {backoffMs} from '../../lib/http/retry-after.ts';
import type {BrokerRetry} from '../_streams/connection.ts';
import type {NatsFailure} from './errors.ts';

export interface NatsRetry extends BrokerRetry {
	readonly name: string;
	readonly signal: AbortSignal;
	warn(message: string): void;
}

/** The result of an attempt, tried again while that may help. */
export async function retried<T>(
	retry: NatsRetry,
	failureOf: (error: unknown) => NatsFailure,
	errorOf: (failure: NatsFailure) => AuditError,
	attempt: () => Promise<T>,
): Promise<T> {
	for (let failed = 1; ; failed++) {
		try {
			return await attempt();
		} catch (error) {
			retry.signal.throwIfAborted();
			if (error instanceof AuditError) throw error;
			const failure = failureOf(error);
			if (failure.verdict !== 'passing' || failed >= retry.maxAttempts) throw errorOf(failure);
			await backOff(retry, failed, failure);
		}
	}
}

/** Resolves when it is time for another attempt, behind so many that failed. */
export async function backOff(retry: NatsRetry, failed: number, {message}: NatsFailure): Promise<void> {
	const waitMs = backoffMs(failed - 1, {baseMs: retry.retryBaseMs, maxMs: retry.retryMaxMs});
	retry.warn(`${retry.name}: ${message}; trying again in ${Math.round(waitMs)} ms`);
	await systemClock.sleep(waitMs, retry.signal);
}
