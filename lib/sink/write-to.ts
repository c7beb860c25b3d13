import type {Writable} from 'node:stream';
import {reasonOf, SinkError} from '../model/errors.ts';

/** Resolves when the stream has taken the chunk; rejects when it fails or closes, or with the reason of the signal. */
export function writeTo(stream: Writable, chunk: unknown, signal: AbortSignal): Promise<void> {
	signal.throwIfAborted();
	return new Promise((resolve, reject) => {
		const settle = (error: unknown) => {
			signal.removeEventListener('abort', onAbort);
			stream.off('close', onClose);
			if (error) reject(error);
			else resolve();
		};
		const onAbort = () => settle(signal.reason);
		// a stream that is destroyed while it writes never calls back
		const onClose = () => settle(stream.errored ?? Object.assign(new Error('it was closed'), {code: closed}));
		signal.addEventListener('abort', onAbort);
		stream.once('close', onClose);
		try {
			stream.write(chunk, settle);
		} catch (error) {
			settle(error);
		}
	});
}

/** What Node says of a write to a stream that is gone. */
export const closed = 'ERR_STREAM_DESTROYED';
const gone: readonly unknown[] = [closed, 'ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET'];

/** What the run is told of a stream that failed. */
export function streamError(sink: string, place: string, error: unknown): SinkError {
	if (gone.includes((error as NodeJS.ErrnoException).code)) {
		return new SinkError('READER_GONE', `${sink}: the reader of ${place} went away`, {cause: error});
	}
	return new SinkError('SINK_FAILED', `${sink}: cannot write ${place}: ${reasonOf(error)}`, {cause: error});
}

/** Listens for the errors of a stream, of which write callbacks tell. */
export function ignore(): void {}
