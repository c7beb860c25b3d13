import fs from 'node:fs';
import {dirname} from 'node:path';
import {setImmediate as turn} from 'node:timers/promises';
import {notOpened, type Retry, retryWhenFull} from './file-errors.ts';
import {makeFolder} from './folders.ts';
import {syncFile, syncFolder} from './plain-file.ts';
import {type FileMark, hashOf, lastBytes, type Target} from './open-target.ts';

const sliceBytes = 4 * 1024 * 1024;

/** A file that is written at its end. */
export interface GrowingFile {
	readonly end: number;
	/** The size that the system reports; it differs from `end` where somebody else writes to the file. */
	readonly size: number;
	/** Resolves when the bytes are with the operating system. */
	put(bytes: Uint8Array): Promise<void>;
	/** Resolves when all that was put is on the disk itself. */
	sync(): Promise<void>;
	/** From here on all that was put is to stay. */
	keep(): FileMark;
	/** Cuts what is not to stay and lets go of the file. */
	close(): void;
}

/** Makes the target where there is none, and cuts what lies behind its end. */
export function growTarget(target: Target, retry: Retry): GrowingFile {
	const {path} = target;
	const {descriptor, newEntries} = openForGood(target, retry.sink);
	let {end, tail} = target;
	let kept = end;
	let unsynced = true; // what is there already may be in the cache only
	let unsyncedFolders = newEntries;

	return {
		get end() {
			return end;
		},
		get size() {
			return fs.fstatSync(descriptor).size;
		},
		async put(bytes) {
			for (let offset = 0; offset < bytes.length;) {
				if (offset > 0) await turn();
				const length = Math.min(sliceBytes, bytes.length - offset);
				const written = await retryWhenFull(retry, path, () => fs.writeSync(descriptor, bytes, offset, length, end));
				offset += written;
				end += written;
				unsynced = true;
			}
			tail = lastBytes(tail, bytes);
		},
		async sync() {
			if (unsynced) await syncFile(descriptor);
			unsynced = false;
			for (const folder of unsyncedFolders) await syncFolder(folder);
			unsyncedFolders = [];
		},
		keep() {
			kept = end;
			return {bytes: end, tail: hashOf(tail)};
		},
		close() {
			try {
				// What lies there now may be what another run has committed.
				if (end > kept && !retry.context.isFenced?.()) fs.ftruncateSync(descriptor, kept);
			} catch {
				// The next run cuts it.
			} finally {
				fs.closeSync(descriptor);
			}
		},
	};
}

/** Makes the file, or cuts it; `newEntries` are the folders that got a new name. */
export function openForGood({path, descriptor, end}: Target, sink: string) {
	try {
		if (descriptor === undefined) {
			const folder = dirname(path);
			const newEntries = [folder, ...makeFolder(folder)];
			return {descriptor: fs.openSync(path, 'ax+'), newEntries};
		}
		if (fs.fstatSync(descriptor).size > end) {
			fs.ftruncateSync(descriptor, end);
			fs.fdatasyncSync(descriptor); // before what proves that the tail is ours goes: it may come back
		}
		return {descriptor, newEntries: [dirname(path)]};
	} catch (error) {
		throw notOpened(sink, 'open', path, error);
	}
}
