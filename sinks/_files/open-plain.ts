import fs from 'node:fs';
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
	range: {readonly start?: number; readonly highWaterMark?: number} = {},
): fs.ReadStream {
	const descriptor = openPlain(path);
	if (descriptor === undefined) throw Object.assign(new Error(`${path} is missing`), {code: 'ENOENT'});
	return fs.createReadStream(path, {...range, fd: descriptor});
}

function notPlain(path: string, stats: fs.Stats): Error {
	const kind = stats.isSymbolicLink() ? 'a symbolic link' : stats.isDirectory() ? 'a folder' : 'no regular file';
	return new Error(`${path} is ${kind}: expected a file of our own`);
}
