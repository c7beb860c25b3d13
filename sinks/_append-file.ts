import fs from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';
import {failed, retryWhenFull} from './_file-errors.ts';
import {syncFile, syncFolder} from './_fsync.ts';
import {type GzipMember, startGzipMember} from './_gzip-member.ts';
import {type FileMark, hashOf, lastBytes, openTarget, type TargetOptions} from './_open-target.ts';

const sliceBytes = 4 * 1024 * 1024;
const gzipLevel = 6;

export interface AppendFileOptions extends TargetOptions {
	readonly durability: 'process' | 'power';
}

/** One file that grows; a path that ends in `.gz` gets one gzip member per flush. */
export interface AppendFile {
	/** Resolves when the bytes are with the operating system, or in the compressor. */
	write(bytes: Uint8Array): Promise<void>;
	/** Resolves when all that was written is durable. */
	flush(): Promise<FileMark>;
	/** Cuts what was not flushed and lets go of the file. */
	close(): Promise<void>;
}

/** Opens the file behind what is to be kept. After an error every later call but `close()` rejects with it. */
export async function openAppendFile(options: AppendFileOptions): Promise<AppendFile> {
	const {sink, path, durability, context} = options;
	const target = await openTarget(options);
	const {descriptor} = target;
	const compressed = path.endsWith('.gz');
	let {end, tail, newEntries} = target;
	let committed = end;
	let unsynced = true; // what is there already may be in the cache only
	let member: GzipMember | undefined;
	let broken: unknown;
	let closed = false;

	async function put(bytes: Uint8Array): Promise<void> {
		for (let offset = 0; offset < bytes.length;) {
			if (offset > 0) await turn();
			const length = Math.min(sliceBytes, bytes.length - offset);
			const written = await retryWhenFull(options, path, () => fs.writeSync(descriptor, bytes, offset, length, end));
			offset += written;
			end += written;
			unsynced = true;
		}
		tail = lastBytes(tail, bytes);
	}

	async function sync(): Promise<void> {
		if (unsynced) await syncFile(descriptor);
		unsynced = false;
		for (const folder of newEntries) await syncFolder(folder);
		newEntries = [];
	}

	async function unlessBroken<T>(action: () => Promise<T>): Promise<T> {
		if (broken !== undefined) throw broken;
		try {
			return await action();
		} catch (error) {
			// After a failed fsync the kernel may have dropped the bytes; the next one would succeed all the same.
			broken = context.signal.aborted ? error : failed(sink, 'write', path, error);
			throw broken;
		}
	}

	const file: AppendFile = {
		write: bytes =>
			unlessBroken(async () => {
				if (bytes.length === 0) return;
				if (!compressed) return put(bytes);
				member ??= startGzipMember(gzipLevel);
				await put(await member.add(bytes));
			}),
		flush: () =>
			unlessBroken(async () => {
				if (compressed && end === 0) member ??= startGzipMember(gzipLevel); // an empty file is no gzip
				const finished = member;
				member = undefined;
				if (finished) await put(await finished.end());
				if (durability === 'power') await sync();
				committed = end;
				return {bytes: end, tail: hashOf(tail)};
			}),
		async close() {
			if (closed) return;
			closed = true;
			member?.destroy();
			try {
				// So that whoever reads the file now finds no half line and no half member.
				if (end > committed) fs.ftruncateSync(descriptor, committed);
			} catch {
				// The next run cuts it.
			} finally {
				fs.closeSync(descriptor);
			}
		},
	};
	try {
		if (target.torn) await file.write(Buffer.from('\n'));
		return file;
	} catch (error) {
		await file.close();
		throw error;
	}
}
