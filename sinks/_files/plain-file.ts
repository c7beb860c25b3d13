import fs from 'node:fs';
import {createHash} from 'node:crypto';
import {setImmediate as turn} from 'node:timers/promises';
import {errnoOf, notOpened} from './file-errors.ts';

const {O_NOFOLLOW, O_NONBLOCK} = fs.constants; // Windows has neither, and undefined counts as 0

/**
 * A descriptor of a regular file; undefined when there is nothing. Throws at a symbolic link, which may lead anywhere,
 * and at a FIFO or device, whose reading may never end.
 */
export function openPlain(path: string, flags: number = fs.constants.O_RDONLY): number | undefined {
	const stats = fs.lstatSync(path, {throwIfNoEntry: false});
	if (stats === undefined) return undefined;
	if (!stats.isFile()) throw notPlain(path, stats);
	try {
		const descriptor = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
		const opened = fs.fstatSync(descriptor);
		if (opened.isFile()) return descriptor;
		fs.closeSync(descriptor);
		throw notPlain(path, opened);
	} catch (error) {
		if (errnoOf(error) === 'ENOENT') return undefined;
		throw error;
	}
}

/** Rejects with `TARGET_REFUSED` where {@link openPlain} would throw. */
export function checkPlain(sink: string, path: string): void {
	try {
		const descriptor = openPlain(path);
		if (descriptor !== undefined) fs.closeSync(descriptor);
	} catch (error) {
		throw notOpened(sink, 'open', path, error);
	}
}

/** A regular file, read as `openPlain()` opens it. */
export function readPlain(
	path: string,
	range: {readonly start?: number; readonly end?: number; readonly highWaterMark?: number} = {},
): fs.ReadStream {
	const descriptor = openPlain(path);
	if (descriptor === undefined) throw Object.assign(new Error(`${path} is missing`), {code: 'ENOENT'});
	return fs.createReadStream(path, {...range, fd: descriptor});
}

function notPlain(path: string, stats: fs.Stats): Error {
	const kind = stats.isSymbolicLink() ? 'a symbolic link' : stats.isDirectory() ? 'a folder' : 'no regular file';
	return new Error(`${path} is ${kind}: expected a file of our own`);
}

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

// Not the synchronous calls: a disk may take seconds, and signals and sockets must live meanwhile.

/** Resolves when the file's bytes and size are on the disk itself. After an error its pages may be lost: rewrite it. */
export function syncFile(descriptor: number): Promise<void> {
	return new Promise((resolve, reject) => {
		fs.fdatasync(descriptor, error => (error ? reject(error) : resolve()));
	});
}

/** What a file system answers that knows no fsync of a folder: its names are as durable as it makes them. */
const unknown = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/** Resolves when the names in the folder are on the disk itself. */
export async function syncFolder(path: string): Promise<void> {
	if (process.platform === 'win32') return; // a folder cannot be opened there
	const descriptor = fs.openSync(path, 'r');
	try {
		await new Promise<void>((resolve, reject) => {
			fs.fsync(descriptor, error => (error && !unknown.has(error.code ?? '') ? reject(error) : resolve()));
		});
	} finally {
		fs.closeSync(descriptor);
	}
}
