import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';

const chunkBytes = 1024 * 1024;

/** The SHA-256 of the bytes of an open file in a range, and how many of them there are. */
export async function hashOfRange(
	descriptor: number,
	from: number,
	to: number,
): Promise<{readonly bytes: number; readonly sha256: string}> {
	const hash = createHash('sha256');
	const chunk = new Uint8Array(Math.min(chunkBytes, to - from));
	let at = from;
	while (at < to) {
		if (at > from) await turn();
		const read = fs.readSync(descriptor, chunk, 0, Math.min(chunk.length, to - at), at);
		if (read === 0) break;
		hash.update(chunk.subarray(0, read));
		at += read;
	}
	return {bytes: at - from, sha256: hash.digest('hex')};
}
