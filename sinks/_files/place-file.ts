import fs from 'node:fs';
import {dirname} from 'node:path';
import {type Retry, retryWhenFull} from './file-errors.ts';
import type {Folders} from './folders.ts';
import {syncFile} from './fsync.ts';
import {tempPath} from './temp-files.ts';

/** Files that wait for their fsync together. */
const maxStaged = 64;

/** Puts whole files under their names: never half ones, never over others. */
export interface Placer {
	/**
	 * Undefined when something else has the name; that stays. Whether other bytes of the same length are something else is
	 * for `isSame` to say; default: they are. With durability `power` the name comes with `settle()`.
	 */
	place(path: string, content: Uint8Array, isSame?: IsSame): Promise<Placed | undefined>;
	/** Resolves when all files have their names, with durability `power` on the disk itself. */
	settle(): Promise<void>;
	/** Removes what is not settled. */
	abandon(): void;
}

/** A file that has its name, or gets it with `settle()`. */
export interface Placed {
	/** False: it was there before. */
	readonly isNew: boolean;
	/** What it holds. */
	readonly content: Uint8Array;
}

type IsSame = (held: Uint8Array) => boolean;

export interface PlacerOptions extends Retry {
	/** Where temporary files lie: the same file system as all paths, and one folder, so that they are found again. */
	readonly dir: string;
	readonly durability: 'process' | 'power';
	readonly folders: Folders;
}

interface Staged {
	readonly descriptor: number;
	/** Undefined: it has its name already. */
	readonly temp: string | undefined;
}

export function createPlacer(options: PlacerOptions): Placer {
	const {dir, durability, folders} = options;
	const staged = new Map<string, Staged>();
	const onlyTemp = tempPath(dir);

	function placeOnce(path: string, content: Uint8Array, isSame: IsSame | undefined): Placed | undefined {
		const folder = dirname(path);
		folders.make(folder);
		folders.touch(folder);
		const existing = fs.existsSync(path); // cheaper than lstat, and a dangling link may be replaced
		const held = existing ? sameContent(path, content, isSame) : undefined;
		if (existing && !held) return undefined;
		if (durability === 'power') {
			// One that exists is staged too: the run that wrote it may have died before its fsync.
			staged.set(path, existing ? {descriptor: fs.openSync(path, 'r'), temp: undefined} : stage(content));
		} else if (!existing) {
			const {descriptor, temp} = stage(content);
			fs.closeSync(descriptor);
			rename(temp, path);
		}
		return {isNew: !existing, content: held ?? content};
	}

	function stage(content: Uint8Array): {readonly descriptor: number; readonly temp: string} {
		const temp = durability === 'power' ? tempPath(dir) : onlyTemp;
		return {descriptor: writeNew(temp, content), temp};
	}

	async function settle(): Promise<void> {
		// All must have ended before any is closed, whatever became of it.
		const synced = await Promise.allSettled(Array.from(staged.values(), ({descriptor}) => syncFile(descriptor)));
		for (const outcome of synced) if (outcome.status === 'rejected') throw outcome.reason;
		for (const [path, {descriptor, temp}] of staged) {
			if (temp !== undefined) await retryWhenFull(options, path, () => fs.renameSync(temp, path));
			staged.delete(path);
			fs.closeSync(descriptor);
		}
	}

	return {
		async place(path, content, isSame) {
			if (staged.size >= maxStaged || staged.has(path)) await settle();
			return retryWhenFull(options, path, () => placeOnce(path, content, isSame));
		},
		settle,
		abandon() {
			for (const {descriptor, temp} of staged.values()) {
				fs.closeSync(descriptor);
				if (temp !== undefined) fs.rmSync(temp, {force: true});
			}
			staged.clear();
		},
	};
}

/** What a file holds, if it is the same. */
function sameContent(path: string, content: Uint8Array, isSame: IsSame | undefined): Uint8Array | undefined {
	const stats = fs.lstatSync(path);
	if (!stats.isFile() || stats.size !== content.length) return undefined;
	const held = fs.readFileSync(path);
	return held.equals(content) || isSame?.(held) === true ? held : undefined;
}

function rename(temp: string, path: string): void {
	try {
		fs.renameSync(temp, path);
	} catch (error) {
		fs.rmSync(temp, {force: true});
		throw error;
	}
}

function writeNew(path: string, content: Uint8Array): number {
	const descriptor = fs.openSync(path, 'wx');
	try {
		for (let offset = 0; offset < content.length;) offset += fs.writeSync(descriptor, content, offset);
		return descriptor;
	} catch (error) {
		fs.closeSync(descriptor);
		fs.rmSync(path, {force: true});
		throw error;
	}
}
