import fs from 'node:fs';
import {basename, dirname} from 'node:path';
import {setImmediate as turn} from 'node:timers/promises';
import {randomBytes} from 'node:crypto';
import {changed, failed, notOpened, type Retry, retryWhenFull} from './file-errors.ts';
import {openPlain, syncFile, syncFolder} from './plain-file.ts';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import {manifestLines} from './manifest-lines.ts';
import type {Target, TargetOptions} from './open-target.ts';

const sliceBytes = 4 * 1024 * 1024;
const headerBytes = 256;

/** Whose bytes are going to be in a file, from which offset on. */
export interface Claim {
	/** Tells the writes of one state from those of another. */
	readonly writer: string;
	readonly from: number;
}

/** The bytes written since the last commit, in a file beside the one that they are going to be in. */
export interface Uncommitted {
	/** How much was put since it was cleared. */
	readonly bytes: number;
	/** Resolves when the bytes are with the operating system. */
	put(bytes: Uint8Array): Promise<void>;
	/** Says whose the bytes are, before any of them is in the file. */
	claim(claim: Claim): Promise<void>;
	/** Resolves when a power failure can take neither the bytes nor the claim. */
	sync(): Promise<void>;
	/** What was put, piece by piece; a piece lasts until the next. */
	read(): Generator<Uint8Array>;
	/** Begins anew: nobody will ask for what was put. */
	clear(): void;
	/** Lets go of it; `isDone`: nobody will ask for it any more. */
	close(isDone: boolean): void;
}

/** Where the uncommitted bytes of a file lie: hidden, so that no pattern of data matches them. */
export function uncommittedPath(path: string): string {
	return `${dirname(path)}/.${basename(path)}.uncommitted`;
}

/**
 * Makes the file when it is needed first, in place of one that nobody needs. It is written over and over without being
 * cut: its claim says how much of it counts.
 */
export function createUncommitted(path: string, retry: Retry): Uncommitted {
	const own = uncommittedPath(path);
	let descriptor: number | undefined;
	let bytes = 0;
	let isNamed = false; // on the disk itself
	let isClaimed = false;

	async function write(chunk: Uint8Array, at: number): Promise<void> {
		descriptor ??= await retryWhenFull(retry, path, () => {
			fs.rmSync(own, {force: true});
			return fs.openSync(own, 'wx+', 0o600);
		});
		for (let offset = 0; offset < chunk.length;) {
			if (offset > 0) await turn();
			const length = Math.min(sliceBytes, chunk.length - offset);
			offset += await retryWhenFull(retry, path, () => fs.writeSync(descriptor!, chunk, offset, length, at + offset));
		}
	}

	return {
		get bytes() {
			return bytes;
		},
		async put(chunk) {
			await write(chunk, headerBytes + bytes);
			bytes += chunk.length;
		},
		async claim({writer, from}) {
			const header = JSON.stringify({rxaudit: 'uncommitted', writer, from, bytes});
			await write(Buffer.from(`${header.padEnd(headerBytes - 1)}\n`), 0);
			isClaimed = true;
		},
		async sync() {
			await syncFile(descriptor!);
			if (!isNamed) await syncFolder(dirname(own));
			isNamed = true;
		},
		*read() {
			const slice = new Uint8Array(Math.min(sliceBytes, bytes));
			for (let at = 0; at < bytes;) {
				const read = fs.readSync(descriptor!, slice, 0, Math.min(slice.length, bytes - at), headerBytes + at);
				if (read === 0) throw failed(retry.sink, 'read', own, new Error('it has become shorter'));
				yield slice.subarray(0, read);
				at += read;
			}
		},
		clear() {
			bytes = 0;
			try {
				if (isClaimed) fs.writeSync(descriptor!, Buffer.alloc(headerBytes, ' '), 0, headerBytes, 0);
			} catch {
				// A claim on bytes that the state has does no harm.
			}
			isClaimed = false;
		},
		close(isDone) {
			if (descriptor === undefined) return;
			fs.closeSync(descriptor);
			descriptor = undefined;
			if (isDone) fs.rmSync(own, {force: true});
		},
	};
}

/** What a run that died has left beside a file. */
interface Leftover extends Claim {
	/** Whether the bytes of the file from the claim on, all of them, are the first of those that were to be there. */
	isIn(data: number): boolean;
}

/** Undefined where there is none, or one that claims nothing. */
function findLeftover(sink: string, path: string): Leftover | undefined {
	const own = uncommittedPath(path);
	return withFile(sink, own, descriptor => {
		const header = Buffer.alloc(headerBytes);
		fs.readSync(descriptor, header, 0, headerBytes, 0);
		const claim = claimIn(header.toString());
		if (!claim) return undefined;
		return {
			...claim,
			isIn: data => withFile(sink, own, again => isBeginning(data, again, claim)) ?? false,
		};
	});
}

function withFile<T>(sink: string, own: string, action: (descriptor: number) => T): T | undefined {
	let descriptor: number | undefined;
	try {
		descriptor = openPlain(own);
	} catch (error) {
		throw notOpened(sink, 'read', own, error);
	}
	if (descriptor === undefined) return undefined;
	try {
		return action(descriptor);
	} finally {
		fs.closeSync(descriptor);
	}
}

type SizedClaim = Claim & {readonly bytes: number};

function claimIn(text: string): SizedClaim | undefined {
	try {
		const {rxaudit, writer, from, bytes} = JSON.parse(text) as Record<string, unknown>;
		if (rxaudit !== 'uncommitted' || typeof writer !== 'string') return undefined;
		return typeof from === 'number' && typeof bytes === 'number' ? {writer, from, bytes} : undefined;
	} catch {
		return undefined;
	}
}

/** A power failure may leave zeros where bytes were on their way. */
function isBeginning(data: number, own: number, {from, bytes}: SizedClaim): boolean {
	const length = fs.fstatSync(data).size - from;
	if (length > bytes) return false;
	const [found, expected] = [Buffer.alloc(Math.min(sliceBytes, length)), Buffer.alloc(Math.min(sliceBytes, length))];
	for (let at = 0; at < length;) {
		const size = Math.min(sliceBytes, length - at);
		if (!readFully(data, found, size, from + at) || !readFully(own, expected, size, headerBytes + at)) return false;
		const [a, b] = [found.subarray(0, size), expected.subarray(0, size)];
		if (!a.equals(b) && a.some((byte, index) => byte !== 0 && byte !== b[index])) return false;
		at += size;
	}
	return true;
}

function readFully(descriptor: number, into: Uint8Array, size: number, position: number): boolean {
	for (let filled = 0; filled < size;) {
		const read = fs.readSync(descriptor, into, filled, size - filled, position + filled);
		if (read === 0) return false;
		filled += read;
	}
	return true;
}

/** The nonce that tells the writes of this state from another's. */
export function writerOf({context}: Pick<TargetOptions, 'context'>): string {
	const {writer} = (context.resume ?? {}) as {readonly writer?: unknown};
	return typeof writer === 'string' ? writer : randomBytes(8).toString('hex');
}

/**
 * Rejects with `TARGET_CHANGED` when bytes lie behind the end that are not provably this state's own, which never
 * committed them. Where a file is begun anew, nobody may be in the middle of a commit.
 */
export async function checkTail(options: TargetOptions, writer: string, target: Target, manifest: string) {
	const {sink, path, mode, context} = options;
	if (target.descriptor === undefined) return;
	const {size} = fs.fstatSync(target.descriptor);
	const leftover = findLeftover(sink, path);
	const isUnfinished = leftover !== undefined && leftover.from < size && leftover.isIn(target.descriptor);
	const isOwn = leftover?.writer === writer;
	if (isUnfinished && !isOwn && !(context.resume === undefined && mode === 'replace')) {
		throw changed(
			sink,
			`${path}: its bytes from ${leftover.from} on are a commit of another pipeline that was not finished: run that ` +
				`one again first, or, if it never will, remove ${uncommittedPath(path)}`,
		);
	}
	if (context.resume === undefined || size === target.end) return;
	if (isUnfinished && isOwn && leftover.from === target.end) return;
	const listed = await listedUpTo(manifest);
	const known = listed > target.end ? `, of which ${manifest} lists those up to ${listed} as committed` : '';
	throw changed(
		sink,
		`${path}: ${size - target.end} bytes lie behind byte ${target.end}, where this state ends${known}; nothing proves ` +
			'that they are its own, so nothing is cut. If the state is an older copy, put the newest back. If others write ' +
			'here, give each pipeline a file of its own, or ndjson:DIR/, which several may share. A new state with ' +
			'?mode=append goes on behind what is there; the pipeline that wrote it is refused from then on',
	);
}

/** Where the last range ends that the manifest lists, if it can be read. */
async function listedUpTo(manifest: string): Promise<number> {
	let end = 0;
	try {
		for await (const {text} of manifestLines(manifest)) {
			const opened = openEntry(text, emptyChain); // its place in the chain is not asked for
			if ('entry' in opened) end = Math.max(end, opened.entry.range?.to ?? 0);
		}
	} catch {
		// It only says more.
	}
	return end;
}
