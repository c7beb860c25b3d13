import fs from 'node:fs';
import {basename, dirname} from 'node:path';
import {setImmediate as turn} from 'node:timers/promises';
import {failed, notOpened, type Retry, retryWhenFull} from './file-errors.ts';
import {syncFile, syncFolder} from './fsync.ts';
import {openPlain} from './open-plain.ts';

const sliceBytes = 4 * 1024 * 1024;
const maxHeaderBytes = 256;
const lineBreak = 0x0a;

/** Whose bytes are going to be in a file, from which offset on. */
export interface Claim {
	/** Tells the writes of one state from those of another. */
	readonly writer: string;
	readonly from: number;
}

/** What was written since the last commit, in a file of its own beside the one that it is going to be in. */
export interface Uncommitted {
	/** How much was put. */
	readonly bytes: number;
	/** Begins anew: what was put before is in the state, or is not wanted. */
	begin(claim: Claim): Promise<void>;
	/** Resolves when the bytes are with the operating system. */
	put(bytes: Uint8Array): Promise<void>;
	/** Resolves when a power failure cannot take what was put. */
	sync(): Promise<void>;
	/** What was put, piece by piece; a piece lasts until the next. */
	read(): Generator<Uint8Array>;
	/** Lets go of it; `isDone`: nobody will ask for it any more. */
	close(isDone: boolean): void;
}

/** Where the uncommitted bytes of a file lie: hidden, so that no pattern of data matches them. */
export function uncommittedPath(path: string): string {
	return `${dirname(path)}/.${basename(path)}.uncommitted`;
}

/** Makes the file when it is needed first, in place of one that nobody needs. */
export function createUncommitted(path: string, retry: Retry): Uncommitted {
	const own = uncommittedPath(path);
	let descriptor: number | undefined;
	let header = 0;
	let bytes = 0;
	let isNamed = false; // on the disk itself

	async function put(chunk: Uint8Array): Promise<void> {
		for (let offset = 0; offset < chunk.length;) {
			if (offset > 0) await turn();
			const length = Math.min(sliceBytes, chunk.length - offset);
			const at = header + bytes;
			const written = await retryWhenFull(retry, path, () => fs.writeSync(descriptor!, chunk, offset, length, at));
			offset += written;
			bytes += written;
		}
	}

	return {
		get bytes() {
			return bytes;
		},
		async begin({writer, from}) {
			descriptor ??= await retryWhenFull(retry, own, () => {
				fs.rmSync(own, {force: true});
				return fs.openSync(own, 'wx+', 0o600);
			});
			fs.ftruncateSync(descriptor, 0);
			header = bytes = 0;
			await put(Buffer.from(`${JSON.stringify({rxaudit: 'uncommitted', writer, from})}\n`));
			header = bytes;
			bytes = 0;
		},
		put,
		async sync() {
			await syncFile(descriptor!);
			if (!isNamed) await syncFolder(dirname(own));
			isNamed = true;
		},
		*read() {
			const slice = new Uint8Array(Math.min(sliceBytes, bytes));
			for (let at = 0; at < bytes;) {
				const read = fs.readSync(descriptor!, slice, 0, Math.min(slice.length, bytes - at), header + at);
				if (read === 0) throw failed(retry.sink, 'read', own, new Error('it has become shorter'));
				yield slice.subarray(0, read);
				at += read;
			}
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
export interface Leftover extends Claim {
	/** Whether the bytes of the file from the claim on, all of them, are the first of those that were to be there. */
	isIn(data: number): boolean;
}

/** Undefined where there is none, or none that is whole enough to say whose it is. */
export function findLeftover(sink: string, path: string): Leftover | undefined {
	const own = uncommittedPath(path);
	return withFile(sink, own, descriptor => {
		const begin = Buffer.alloc(maxHeaderBytes);
		const read = fs.readSync(descriptor, begin, 0, maxHeaderBytes, 0);
		const header = begin.subarray(0, read).indexOf(lineBreak) + 1;
		const claim = claimIn(begin.toString('utf8', 0, header));
		if (!claim) return undefined;
		return {
			...claim,
			isIn: data => withFile(sink, own, again => isBeginning(data, claim.from, again, header)) ?? false,
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

function claimIn(text: string): Claim | undefined {
	try {
		const {rxaudit, writer, from} = JSON.parse(text) as Record<string, unknown>;
		if (rxaudit !== 'uncommitted' || typeof writer !== 'string' || typeof from !== 'number') return undefined;
		return {writer, from};
	} catch {
		return undefined;
	}
}

/** A power failure may leave zeros where bytes were on their way. */
function isBeginning(data: number, from: number, own: number, header: number): boolean {
	const length = fs.fstatSync(data).size - from;
	if (length > fs.fstatSync(own).size - header) return false;
	const [found, expected] = [Buffer.alloc(Math.min(sliceBytes, length)), Buffer.alloc(Math.min(sliceBytes, length))];
	for (let at = 0; at < length;) {
		const read = fs.readSync(data, found, 0, found.length, from + at);
		if (read === 0) return false;
		let filled = 0;
		while (filled < read) {
			const more = fs.readSync(own, expected, filled, read - filled, header + at + filled);
			if (more === 0) return false;
			filled += more;
		}
		const [a, b] = [found.subarray(0, read), expected.subarray(0, read)];
		if (!a.equals(b) && a.some((byte, index) => byte !== 0 && byte !== b[index])) return false;
		at += read;
	}
	return true;
}
