import {hash} from 'node:crypto';
import fs from 'node:fs';
import {reasonOf, SourceError} from '../lib/model/errors.ts';
import {readAs} from './_log-folders.ts';

/** One line of a log file. */
export interface LogLine {
	/** Without its end; of one that is too long the beginning. */
	readonly text: Buffer;
	/** How many bytes it has. */
	readonly bytes: number;
	/** Where the next one begins. */
	readonly end: number;
}

interface Stretch {
	readonly from: number;
	/** Default: all there is. */
	readonly to?: number | undefined;
	/** So much of a line is held; of a longer one its beginning. */
	readonly maxBytes: number;
	/** Whether nobody writes to it any more: then a last line needs no end. */
	readonly isFinished: boolean;
}

const chunkBytes = 1024 * 1024;
const beginningBytes = 64 * 1024;
const lineFeed = 0x0a;

/**
 * The lines of a file, one by one; the file is open only while it is read, so that whoever stops leaves nothing open.
 * Returns how many bytes there are of a line without an end.
 */
export function* linesFrom(file: string, stretch: Stretch): Generator<LogLine, number> {
	const {from, to = Infinity, maxBytes, isFinished} = stretch;
	let held: Buffer[] = [];
	let bytes = 0;
	const hold = (piece: Buffer) => {
		if (bytes <= maxBytes) held.push(piece);
		bytes += piece.length;
		if (bytes > maxBytes && held.length > 0) held = [Buffer.from(Buffer.concat(held).subarray(0, beginningBytes))];
	};
	const line = (end: number): LogLine => {
		const taken = {text: held.length === 1 ? held[0]! : Buffer.concat(held), bytes, end};
		held = [];
		bytes = 0;
		return taken;
	};
	let at = from;
	while (at < to) {
		const chunk = bytesAt(file, at, Math.min(chunkBytes, to - at));
		if (chunk.length === 0) break;
		let begin = 0;
		for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, begin)) {
			hold(chunk.subarray(begin, end));
			begin = end + 1;
			yield line(at + begin);
		}
		if (begin < chunk.length) hold(chunk.subarray(begin));
		at += chunk.length;
	}
	if (bytes === 0 || !isFinished) return bytes;
	yield line(at);
	return 0;
}

/** Where a line's text begins: behind a byte order mark, blanks, and the zeros that a power cut leaves. */
export function beginOf(line: Buffer): number {
	let begin = 0;
	while (begin < line.length && blank.has(line[begin]!)) begin++;
	return begin;
}

const blank = new Set([0x00, 0x09, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);

/** What tells whether a file still is the one that was read up to there; undefined where it is gone. */
export function markOf(file: string, offset: number): string | undefined {
	const begin = Math.max(0, offset - 1024);
	try {
		return hash('sha256', bytesAt(file, begin, offset - begin), 'base64').slice(0, 16);
	} catch (error) {
		if (isGone(error)) return undefined;
		throw error;
	}
}

/** Whether the server deleted the file, as it does with the oldest. */
export function isGone(error: unknown): boolean {
	return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function bytesAt(file: string, at: number, length: number): Buffer {
	const descriptor = opened(file);
	try {
		const bytes = Buffer.allocUnsafe(length);
		let read = 0;
		while (read < length) {
			const more = fs.readSync(descriptor, bytes, read, length - read, at + read);
			if (more === 0) break;
			read += more;
		}
		return bytes.subarray(0, read);
	} finally {
		fs.closeSync(descriptor);
	}
}

function opened(file: string): number {
	try {
		return fs.openSync(file, 'r');
	} catch (error) {
		if (isGone(error)) throw error;
		throw new SourceError('UNREACHABLE', `${file}: ${reasonOf(error)}; ${readAs}`, {cause: error});
	}
}
