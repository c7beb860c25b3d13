import fs from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import path from 'node:path';
import {createHash} from 'node:crypto';
import {setImmediate as turn} from 'node:timers/promises';
import {failed, refused, type Retry, retryWhenFull} from '../_files/file-errors.ts';
import {discard} from '../../lib/state/durable-file.ts';
import {type Encoder, type Format, formats} from '../_files/compression.ts';
import {tempPath} from '../_files/temp-files.ts';

/** The folder of this user for spools, which nobody else can look into. It stays, so that the next run sweeps it. */
export function privateSpoolFolder(sink: string, parent = tmpdir()): string {
	const {uid} = userInfo();
	const folder = path.join(parent, `rxaudit-spool-${uid}`);
	try {
		fs.mkdirSync(folder, {recursive: true, mode: 0o700});
		const stats = fs.lstatSync(folder);
		const isPrivate = uid === -1 || (stats.uid === uid && (stats.mode & 0o077) === 0); // -1: Windows
		if (stats.isDirectory() && isPrivate) return folder;
	} catch (error) {
		throw failed(sink, 'make the folder', folder, error);
	}
	throw refused(sink, `${folder} is not a folder of this user alone; remove it, or name another one with spoolDir`);
}

const sliceBytes = 4 * 1024 * 1024;
/** A file that somebody has removed meanwhile is an error, not a new one. */
const goOn = fs.constants.O_WRONLY | fs.constants.O_APPEND;

interface SpoolOptions extends Retry {
	/** Where its file lies, which is to be swept with `sweepTempFiles()`. */
	readonly folder: string;
	readonly format: Format;
}

interface SpooledFile {
	readonly file: string;
	readonly bytes: number;
	/** Of all its bytes, in hex. */
	readonly sha256: string;
}

/** A compressed file in the making. */
interface Spool {
	/** Resolves when the bytes are with the operating system, or in the compressor. */
	add(bytes: Uint8Array): Promise<void>;
	/** Lets go of compressor and descriptor until the next `add()`. It costs some compression. */
	park(): Promise<void>;
	/** Ends it. */
	finish(): Promise<SpooledFile>;
	/** Removes its file. */
	discard(): void;
}

/** A file that comes into being with its first bytes. */
export function createSpool(options: SpoolOptions): Spool {
	const {folder, format} = options;
	const file = tempPath(folder);
	const hash = createHash('sha256');
	let bytes = 0;
	let encoder: Encoder | undefined;
	let descriptor: number | undefined;

	async function put(chunk: Uint8Array): Promise<void> {
		const open = (descriptor ??= await retryWhenFull(options, file, () => fs.openSync(file, bytes === 0 ? 'a' : goOn)));
		for (let offset = 0; offset < chunk.length;) {
			if (offset > 0) await turn();
			const length = Math.min(sliceBytes, chunk.length - offset);
			const written = await retryWhenFull(options, file, () => fs.writeSync(open, chunk, offset, length));
			hash.update(chunk.subarray(offset, offset + written));
			offset += written;
			bytes += written;
		}
	}

	function close(): void {
		if (descriptor !== undefined) fs.closeSync(descriptor);
		descriptor = undefined;
	}

	async function park(): Promise<void> {
		const ended = encoder;
		encoder = undefined;
		if (ended) await put(await ended.end());
		close();
	}

	return {
		async add(added) {
			encoder ??= format.start();
			await put(await encoder.add(added));
		},
		park,
		async finish() {
			await park();
			return {file, bytes, sha256: hash.digest('hex')};
		},
		discard() {
			encoder?.destroy();
			encoder = undefined;
			close();
			discard(file);
		},
	};
}

/** A compressor takes up to 4 MB, and a page rarely touches more days than this. */
const maxOpen = 16;

/** Files in the making, by name: any number of them, of which few are open. */
interface Spools {
	/** Resolves when the bytes are with the operating system, or in a compressor. */
	add(name: string, bytes: Uint8Array): Promise<void>;
	/** Ends them all; in the order in which they were begun. */
	finish(): Promise<ReadonlyMap<string, SpooledFile>>;
	/** Removes all files and begins anew. */
	discard(): void;
}

export function createSpools(options: SpoolOptions): Spools {
	const spools = new Map<string, Spool>();
	/** The one that was used last is the last. */
	const open = new Set<Spool>();

	async function use(name: string): Promise<Spool> {
		const spool = spools.get(name) ?? createSpool(options);
		spools.set(name, spool);
		open.delete(spool);
		for (const oldest of open) {
			if (open.size < maxOpen) break;
			open.delete(oldest);
			await oldest.park();
		}
		open.add(spool);
		return spool;
	}

	async function finishOne(name: string, spool: Spool): Promise<SpooledFile> {
		const lines = await spool.finish();
		if (!options.format.convert) return lines;
		const object = createSpool({...options, format: formats.none});
		try {
			for await (const bytes of options.format.convert(lines.file)) await object.add(bytes);
		} finally {
			spool.discard();
			spools.set(name, object);
		}
		return object.finish();
	}

	return {
		async add(name, bytes) {
			const spool = await use(name);
			await spool.add(bytes);
		},
		async finish() {
			const finished = new Map<string, SpooledFile>();
			for (const [name, spool] of spools) finished.set(name, await finishOne(name, spool));
			open.clear();
			return finished;
		},
		discard() {
			for (const spool of spools.values()) spool.discard();
			spools.clear();
			open.clear();
		},
	};
}
