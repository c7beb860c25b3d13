import type {Readable} from 'node:stream';
import {codingsOf, unpack, unpackStart} from './codings.ts';
import {BodyTooLarge} from './unreadable.ts';

/** What explains an error is not larger, unpacked. */
const maxStartBytes = 16 * 1024 * 1024;

/**
 * All bytes of an answer, unpacked. Rejects when the connection ends before the announced length, when the packed
 * bytes are cut or damaged, and with BodyTooLarge as soon as there are more than `maxBytes`, packed or unpacked, so that
 * a small packed answer cannot fill the memory. `onData` is called as bytes arrive.
 */
export async function readBody(
	stream: Readable,
	encoding: string | undefined,
	maxBytes: number,
	onData: () => void,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		const codings = codingsOf(encoding);
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			onData();
			bytes += chunk.length;
			if (bytes > maxBytes) throw BodyTooLarge.than(maxBytes);
			chunks.push(chunk);
		}
		const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
		chunks.length = 0;
		return await unpack(body, codings, maxBytes);
	} finally {
		letGo(stream);
	}
}

/** The first bytes of an answer, at most `maxBytes`, for a message; those that came before a failure. */
export async function readStart(
	stream: Readable,
	encoding: string | undefined,
	maxBytes: number,
	onData: () => void,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			onData();
			chunks.push(chunk);
			bytes += chunk.length;
			if (bytes >= maxBytes) break;
		}
	} catch {
		// the status says more than what broke its explanation
	} finally {
		letGo(stream);
	}
	try {
		const start = await unpackStart(Buffer.concat(chunks, bytes), codingsOf(encoding), maxStartBytes);
		return start.subarray(0, maxBytes);
	} catch {
		return Buffer.alloc(0);
	}
}

/** Ends the connection where the answer is not read to its end. */
function letGo(stream: Readable): void {
	if (!stream.readableEnded) stream.destroy();
}
