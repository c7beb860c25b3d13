import fs from 'node:fs';
import {setImmediate as turn} from 'node:timers/promises';
import type {Lock} from '../../lib/state/lock.ts';
import {changed, retryWhenFull} from './file-errors.ts';
import {syncFile, syncFolder} from './plain-file.ts';
import {openForGood} from './growing-file.ts';
import {type FileMark, hashOf, lastBytes, tailBefore, type Target, type TargetOptions} from './open-target.ts';
import {createUncommitted, uncommittedPath} from './uncommitted.ts';

interface CommittedFileOptions extends TargetOptions {
	readonly durability: 'process' | 'power';
	/** Of the state: what lies behind its mark is its own only where this says so. */
	readonly writer: string;
	/** Held while the file is open; given back with it. */
	readonly lock: Lock;
}

/** A file that grows by whole commits only: what is put lies beside it until then. */
export interface CommittedFile {
	/** Where the last commit ends. */
	readonly end: number;
	/** Resolves when the bytes are with the operating system. */
	put(bytes: Uint8Array): Promise<void>;
	/** Resolves when all that was put is behind the end of the file, with where that is now. */
	append(): Promise<number>;
	/** From here on what was appended is to stay. */
	keep(): FileMark;
	/** Says that the last commit is in the state. */
	saved(): void;
	/** Takes back a commit that failed, and lets go of the file. */
	close(): void;
}

/** Makes the target where there is none, and cuts what lies behind its end. */
export function commitTo(target: Target, options: CommittedFileOptions): CommittedFile {
	const {path} = target;
	const {sink, durability, writer, lock, context} = options;
	const {descriptor, newEntries} = openForGood(target, sink);
	const {dev, ino} = fs.fstatSync(descriptor);
	fs.rmSync(uncommittedPath(path), {force: true});
	const uncommitted = createUncommitted(path, options);
	let {end, tail} = target;
	/** How much of the commit is in the file. */
	let added = 0;
	let isSaved = true;
	let unsynced = true; // what is there already may be in the cache only
	let unsyncedFolders: readonly string[] = newEntries;

	const isAsLeft = () => fs.fstatSync(descriptor).size === end + added;

	/** Nothing is written over what somebody else has put there, nor behind a hole. */
	function assertAsLeft(): void {
		if (!lock.isHeld()) throw changed(sink, `${path}: another run has taken it over, or its lock was removed`);
		const found = fs.statSync(path, {throwIfNoEntry: false});
		if (found?.ino !== ino || found.dev !== dev) throw disturbed('was removed, renamed or replaced');
		if (!isAsLeft())
			throw disturbed(`has ${found.size} bytes, expected ${end}: somebody else has written to it or cut it`);
		if (hashOf(tailBefore(descriptor, end)) !== hashOf(tail)) throw disturbed('was rewritten');
	}

	function disturbed(what: string): Error {
		return changed(sink, `${path} ${what} while this run was at work; the state stays where it was`);
	}

	async function copy(): Promise<void> {
		let behind = tail;
		for (const piece of uncommitted.read()) {
			for (let offset = 0; offset < piece.length;) {
				// Without a position: the system puts it behind the end, whoever may have moved that.
				const written = await retryWhenFull(options, path, () =>
					fs.writeSync(descriptor, piece, offset, piece.length - offset),
				);
				offset += written;
				added += written;
				unsynced = true;
			}
			behind = lastBytes(behind, piece);
			await turn();
		}
		if (!isAsLeft()) throw disturbed('was written to by somebody else');
		tail = behind;
	}

	function saved(): void {
		if (isSaved) return;
		isSaved = true;
		uncommitted.clear();
	}

	async function sync(): Promise<void> {
		if (unsynced) await syncFile(descriptor);
		unsynced = false;
		for (const folder of unsyncedFolders) await syncFolder(folder);
		unsyncedFolders = [];
	}

	return {
		get end() {
			return end;
		},
		async put(bytes) {
			saved(); // else nobody would write more
			await uncommitted.put(bytes);
		},
		async append() {
			assertAsLeft();
			if (isSaved && uncommitted.bytes > 0) {
				await uncommitted.claim({writer, from: end});
				if (durability === 'power') await uncommitted.sync();
				await copy();
			}
			if (durability === 'power') await sync();
			return end + added;
		},
		keep() {
			isSaved &&= added === 0;
			end += added;
			added = 0;
			return {bytes: end, tail: hashOf(tail), writer};
		},
		saved,
		close() {
			const isFenced = context.isFenced?.() === true;
			let isDone = !isFenced && (isSaved || !context.signal.aborted);
			try {
				if (added > 0) {
					isDone = !isFenced && isAsLeft(); // else it may be what another run has committed
					if (isDone) fs.ftruncateSync(descriptor, end);
				}
			} catch {
				isDone = false; // the next run cuts it
			} finally {
				fs.closeSync(descriptor);
				uncommitted.close(isDone);
				lock.release();
			}
		},
	};
}
