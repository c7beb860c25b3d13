import type {Writable} from 'node:stream';
import {finished} from 'node:stream/promises';
import {SinkError} from '../model/errors.ts';
import type {Sink} from './sink.ts';
import {closed, ignore, streamError, writeTo} from './write-to.ts';

export interface WritableOptions {
	/** Names it in the state and in errors; two in one run need two names. Default: `stream`. */
	readonly target?: string | undefined;
	/** Whether it ends with the run, as with `pipe()`; where the run fails it is destroyed. Default: true. */
	readonly end?: boolean | undefined;
	/** Called before each commit; resolves when what was written is durable. Default: nothing waits for that. */
	readonly flush?: (() => Promise<unknown>) | undefined;
}

/**
 * A sink that writes to any stream: one event per line, or the events themselves where it is a stream of objects. A page
 * is taken when the stream has called back for it, so that a slow stream slows the source down. No stream says what of
 * it is durable, or where it ended: with a state, what it held when it failed, or when the process was killed, is lost
 * unless `flush` waits for it, and what was not committed is written again. For a file `ndjson({path})` is exact.
 *
 * ```ts
 * const gzip = createGzip();
 * await Promise.all([run(pages, fromWritable(gzip)), pipeline(gzip, createWriteStream('./audit.ndjson.gz'))]);
 * ```
 */
export function fromWritable(writable: Writable, options: WritableOptions = {}): Sink {
	const name = 'writable';
	const {target = 'stream', end = true, flush = async () => {}} = options;
	return {
		name,
		target,
		async open({signal}) {
			if (!writable.writable) {
				const message = `${name}: expected ${target} to be open, but it has ended, or was destroyed; give the run another one, or leave it open with {end: false}`;
				throw new SinkError('READER_GONE', message, {cause: writable.errored});
			}
			let failure: unknown;
			let isOpen = true;
			const failed = (error: unknown) => {
				failure ??= signal.aborted ? signal.reason : streamError(name, target, writable.errored ?? error);
				return failure;
			};
			writable.on('error', ignore);
			return {
				async write({lines, events}) {
					// other sinks get the same bytes, and a stream may work on its own in place
					const chunks = writable.writableObjectMode ? events : lines.length > 0 ? [Buffer.from(lines)] : [];
					try {
						for (const chunk of chunks.slice(0, -1)) writable.write(chunk);
						if (chunks.length > 0) await writeTo(writable, chunks.at(-1), signal);
					} catch (error) {
						throw failed(error);
					}
				},
				async flush() {
					await flush();
					return {};
				},
				async close() {
					if (!isOpen) return;
					isOpen = false;
					if (!end) return void writable.off('error', ignore);
					if (signal.aborted) failed(signal.reason);
					if (failure) return void writable.destroy(failure instanceof Error ? failure : undefined);
					try {
						writable.end();
						await finished(writable, {readable: false});
						// one that was destroyed behind end() is no error to Node
						if (!writable.writableFinished) throw Object.assign(new Error('it was closed'), {code: closed});
					} catch (error) {
						throw failed(error);
					}
				},
			};
		},
	};
}
