import {setTimeout as delay} from 'node:timers/promises';
import {reasonOf, SinkError} from '../../lib/model/errors.ts';
import {wholeNumber} from '../../lib/options/options.ts';
import type {SinkContext} from '../../lib/sink/sink.ts';

/** What an administrator can mend while the run waits. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** How long a sink waits for space on a full disk. */
export const retryOptions = {
	maxAttempts: wholeNumber(1, 100)
		.default(5)
		.describe('how often a write is tried at most while the disk is full or no more files can be opened'),
	retryBaseMs: wholeNumber(0, 60_000).default(100).describe('the first wait for space; doubles, in milliseconds'),
};

export interface Retry {
	readonly sink: string;
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
	readonly context: SinkContext;
}

/**
 * The result of `attempt()`, retried while the disk is full. An attempt must undo, or go on from, what it did before
 * it threw.
 */
export async function retryWhenFull<T>(retry: Retry, path: string, attempt: () => T): Promise<T> {
	for (let count = 1; ; count++) {
		try {
			return attempt();
		} catch (error) {
			const code = errnoOf(error);
			if (!passing.has(code) || count >= retry.maxAttempts) throw failed(retry.sink, 'write', path, error);
			const waitMs = retry.retryBaseMs * 2 ** (count - 1);
			retry.context.warn(`${retry.sink}: ${path}: ${code}, trying again in ${waitMs} ms`);
			await delay(waitMs, undefined, {signal: retry.context.signal});
		}
	}
}

/** The errno name of a system error, or ''. */
export function errnoOf(error: unknown): string {
	return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

/** An error of the system while writing: the run cannot go on, but a later one can. */
export function failed(sink: string, action: string, path: string, error: unknown): SinkError {
	if (error instanceof SinkError) return error;
	return new SinkError('SINK_FAILED', `${sink}: cannot ${action} ${path}: ${reasonOf(error)}`, {cause: error});
}

/** The target cannot be opened: refused, unless it is the system that fails and the target may be fine. */
export function notOpened(sink: string, action: string, path: string, error: unknown): SinkError {
	if (error instanceof SinkError) return error;
	if (passing.has(errnoOf(error)) || errnoOf(error) === 'EIO') return failed(sink, action, path, error);
	return refused(sink, `cannot ${action} ${path}: ${reasonOf(error)}`, error);
}

/** Another run writes to the target; nothing was changed. */
export function locked(sink: string, text: string): SinkError {
	return new SinkError('TARGET_LOCKED', `${sink}: ${text}`);
}

/** The target cannot be used as it is; nothing was changed. */
export function refused(sink: string, message: string, cause?: unknown): SinkError {
	return new SinkError('TARGET_REFUSED', `${sink}: ${message}`, {cause});
}

/** The target is not what the last run left; nothing was changed. */
export function changed(sink: string, message: string): SinkError {
	return new SinkError('TARGET_CHANGED', `${sink}: ${message}`);
}

/** A sentence on what is missing or changed of a commit, with the first names and the way back. */
export function missingOrChanged(of: string, names: readonly string[]): string {
	const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
	return `of the ${of} ${names.length} are missing or were changed: ${shown}; put them back (rxaudit verify names all that differ)`;
}

/** Runs actions until one fails: that one and every later one rejects with what `brokenBy` makes of its error. */
export function untilBroken(brokenBy: (error: unknown) => unknown) {
	let broken: {readonly error: unknown} | undefined;
	return async <T>(action: () => Promise<T>): Promise<T> => {
		if (broken) throw broken.error;
		try {
			return await action();
		} catch (error) {
			broken = {error: brokenBy(error)};
			throw broken.error;
		}
	};
}
