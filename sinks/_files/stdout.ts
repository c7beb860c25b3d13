import fs from 'node:fs';
import {Socket} from 'node:net';
import type {Writable} from 'node:stream';
import type {OpenSink} from '../../lib/sink/sink.ts';
import {ignore, streamError, writeTo} from '../../lib/sink/write-to.ts';
import {type Retry, retryWhenFull} from './file-errors.ts';

/** Standard output, whatever it is connected to. */
export function openStdout(retry: Retry): OpenSink {
	// Node's own stream for a redirected file drops the rest of a partial write: a full disk would go unnoticed.
	const {stdout = process.stdout} = retry.context;
	const {fd} = stdout as {readonly fd?: number};
	return fd === undefined || stdout instanceof Socket ? openStream(stdout, retry) : openRedirected(fd, retry);
}

/**
 * Writes to a stream. A write resolves when the operating system has taken the bytes: a slow reader slows the source
 * down, and what the reader itself has buffered when the process is killed comes again with the next run.
 */
export function openStream(stream: Writable, retry: Retry): OpenSink {
	const {sink, context} = retry;
	let gone: unknown;
	if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore); // write callbacks get it
	return {
		async write({lines}) {
			if (gone !== undefined) throw gone;
			if (lines.length === 0) return;
			try {
				await writeTo(stream, lines, context.signal);
			} catch (error) {
				throw (gone = context.signal.aborted ? context.signal.reason : streamError(sink, 'standard output', error));
			}
		},
		flush: async () => ({}),
		async close() {},
	};
}

function openRedirected(descriptor: number, retry: Retry): OpenSink {
	return {
		async write({lines}) {
			for (let offset = 0; offset < lines.length;) {
				// Without a position, since the shell may have opened it for appending (>>).
				offset += await retryWhenFull(retry, 'standard output', () => fs.writeSync(descriptor, lines, offset));
			}
		},
		flush: async () => ({}),
		async close() {},
	};
}
