import {PassThrough, type Readable, pipeline} from 'node:stream';
import zlib from 'node:zlib';

/** The answer's body was larger than allowed, packed or unpacked. */
export class BodyTooLarge extends Error {}

/** The answer's body is packed in a way that was not asked for. */
export class UnknownEncoding extends Error {}

/**
 * All bytes of an answer, unpacked. Rejects when the connection ends before the announced length, when the packed
 * stream is cut or damaged, and with BodyTooLarge as soon as more than `maxBytes` come out, so that a small packed
 * answer cannot fill the memory. `onData` is called as bytes arrive.
 */
export async function readBody(
	stream: Readable,
	encoding: string | undefined,
	maxBytes: number,
	onData: () => void,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	for await (const chunk of unpacked(stream, encoding, onData)) {
		bytes += chunk.length;
		if (bytes > maxBytes) throw new BodyTooLarge(`the body is larger than ${maxBytes} bytes`);
		chunks.push(chunk);
	}
	return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
}

/** The first bytes of an answer, at most `maxBytes`, for a message: as many as came, whatever went wrong then. */
export async function readStart(
	stream: Readable,
	encoding: string | undefined,
	maxBytes: number,
	onData: () => void,
): Promise<Buffer> {
	const chunks: Buffer[] = [];
	let bytes = 0;
	try {
		for await (const chunk of unpacked(stream, encoding, onData)) {
			chunks.push(chunk);
			bytes += chunk.length;
			if (bytes >= maxBytes) break;
		}
	} catch {
		// the status says more than what broke its explanation
	}
	return Buffer.concat(chunks, Math.min(bytes, maxBytes));
}

/** Ends the connection where the answer is not read to its end. */
async function* unpacked(
	stream: Readable,
	encoding: string | undefined,
	onData: () => void,
): AsyncGenerator<Buffer, void, undefined> {
	try {
		for await (const chunk of unpack(stream, encoding) as AsyncIterable<Buffer>) {
			onData();
			yield chunk;
		}
	} finally {
		if (!stream.readableEnded) stream.destroy();
	}
}

function unpack(stream: Readable, encoding: string | undefined): Readable {
	const unzip = decoder(encoding?.trim().toLowerCase());
	if (!unzip) return stream;
	// errors of both ends surface in the last stream, which is the one that is read
	return pipeline(stream, unzip, new PassThrough(), () => {});
}

function decoder(encoding: string | undefined) {
	if (!encoding || encoding === 'identity') return undefined;
	if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
	if (encoding === 'deflate') return zlib.createInflate();
	if (encoding === 'br') return zlib.createBrotliDecompress();
	throw new UnknownEncoding(`it is packed as ${JSON.stringify(encoding)} and not as gzip, deflate or br`);
}
