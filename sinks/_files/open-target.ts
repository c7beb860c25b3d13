import {createHash} from 'node:crypto';
import fs from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {reasonOf} from '../../lib/model/errors.ts';
import type {Json} from '../../lib/model/event.ts';
import {isCompressed} from './file-target.ts';
import {changed, notOpened, type Retry, refused} from './file-errors.ts';

const tailBytes = 64 * 1024;
const lineBreak = 0x0a;

export interface TargetOptions extends Retry {
	readonly path: string;
	/** What to do with a file that has content when there is nothing to resume. */
	readonly mode: 'append' | 'replace' | undefined;
}

/** How far a file is committed, and the SHA-256 of its last 64 KiB up to there. */
export interface FileMark {
	readonly bytes: number;
	readonly tail: string;
	readonly [member: string]: Json;
}

/** A file that may be written from `end` on; nothing of it was changed yet. */
export interface Target {
	readonly path: string;
	/** Undefined: it is to be made. */
	readonly descriptor: number | undefined;
	readonly end: number;
	/** The last bytes before `end`, at most 64 KiB. */
	readonly tail: Uint8Array;
	/** True when the last line before `end` has no line break. */
	readonly torn: boolean;
}

/** Opens the file behind what is to be kept. Rejects with `TARGET_REFUSED` or `TARGET_CHANGED`, nothing changed. */
export async function openTarget(options: TargetOptions): Promise<Target> {
	const {sink, path, context} = options;
	const mark = context.resume === undefined ? undefined : markOf(sink, path, context.resume);
	try {
		const existing = fs.statSync(path, {throwIfNoEntry: false});
		if (existing === undefined) return absent(options, mark);
		if (!existing.isFile()) throw refused(sink, `${path} is not a regular file`);
		const descriptor = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_APPEND);
		try {
			return await (mark ? resume(options, descriptor, mark) : adopt(options, descriptor, existing.size));
		} catch (error) {
			fs.closeSync(descriptor);
			throw error;
		}
	} catch (error) {
		throw notOpened(sink, 'open', path, error);
	}
}

function absent({sink, path}: TargetOptions, mark: FileMark | undefined): Target {
	if (mark && mark.bytes > 0) {
		throw changed(
			sink,
			`${path} is missing, but the state says that ${mark.bytes} bytes were written to it: put it back, ` +
				'or, if it was moved, rxaudit state rebind STATE --to SINK',
		);
	}
	return {path, descriptor: undefined, end: 0, tail: new Uint8Array(), torn: false};
}

function resume({sink, path}: TargetOptions, descriptor: number, mark: FileMark): Target {
	const {size} = fs.fstatSync(descriptor);
	if (size < mark.bytes) {
		throw changed(
			sink,
			`${path} is shorter than the state says: expected at least ${mark.bytes} bytes, got ${size}; ` +
				'put the file back, or begin a new file with a new state',
		);
	}
	const tail = tailBefore(descriptor, mark.bytes);
	if (hashOf(tail) !== mark.tail) {
		throw changed(sink, `${path} was changed: its bytes before offset ${mark.bytes} are not those that were written`);
	}
	return {path, descriptor, end: mark.bytes, tail, torn: false};
}

async function adopt({sink, path, mode}: TargetOptions, descriptor: number, size: number): Promise<Target> {
	if (size > 0 && mode === undefined) {
		throw refused(
			sink,
			`${path} is not empty and no state says that it is ours; ` +
				'give the --state it was written with, or a file of its own, or ndjson:DIR/, which several pipelines may share; ' +
				'?mode=append goes on behind what is there (the pipeline that wrote it is refused from then on), ' +
				'?mode=replace empties it',
		);
	}
	const end = mode === 'replace' ? 0 : size;
	const tail = tailBefore(descriptor, end);
	const last = isCompressed(path) ? await lastByteOfGzip(sink, path, end) : tail.at(-1);
	return {path, descriptor, end, tail, torn: last !== undefined && last !== lineBreak};
}

/** The same file, to be written from another end on. */
export function endingAt(target: Target, end: number): Target {
	if (target.descriptor === undefined) return target;
	return {...target, end, tail: tailBefore(target.descriptor, end), torn: false};
}

export function closeTarget({descriptor}: Target): void {
	if (descriptor !== undefined) fs.closeSync(descriptor);
}

/** Reads it all: a member behind a torn one could never be read again. */
async function lastByteOfGzip(sink: string, path: string, size: number): Promise<number | undefined> {
	if (size === 0) return undefined;
	const gunzip = createGunzip();
	let last: number | undefined;
	try {
		await pipeline(fs.createReadStream(path), gunzip, async chunks => {
			for await (const chunk of chunks as AsyncIterable<Uint8Array>) last = chunk.at(-1);
		});
	} catch (error) {
		throw refused(sink, `${path} is not a whole gzip file: ${reasonOf(error)}; add ?mode=replace`, error);
	}
	// Node ends without an error at zeros behind a member.
	if (gunzip.bytesWritten !== size) {
		throw refused(sink, `${path} has bytes behind its last gzip member; add ?mode=replace`);
	}
	return last;
}

/** The last bytes before `end`. Default: 64 KiB of them. */
export function tailBefore(descriptor: number, end: number, bytes = tailBytes): Uint8Array {
	const tail = new Uint8Array(Math.min(end, bytes));
	for (let filled = 0; filled < tail.length;) {
		const read = fs.readSync(descriptor, tail, filled, tail.length - filled, end - tail.length + filled);
		if (read === 0) return tail.subarray(0, filled);
		filled += read;
	}
	return tail;
}

/** The last 64 KiB of `before` and `added` together, as a copy. */
export function lastBytes(before: Uint8Array, added: Uint8Array): Uint8Array {
	if (added.length >= tailBytes) return Uint8Array.from(added.subarray(added.length - tailBytes));
	return Buffer.concat([before.subarray(Math.max(0, before.length + added.length - tailBytes)), added]);
}

export function hashOf(bytes: Uint8Array): string {
	return createHash('sha256').update(bytes).digest('hex');
}

function markOf(sink: string, path: string, value: Json): FileMark {
	const {bytes, tail} = value as Partial<FileMark>;
	if (typeof bytes === 'number' && typeof tail === 'string') return {bytes, tail};
	throw changed(sink, `the state holds no position for ${path}`);
}
