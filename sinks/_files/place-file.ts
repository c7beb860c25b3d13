import fs from 'node:fs';
import {dirname} from 'node:path';
import {failed, type Retry, retryWhenFull} from './file-errors.ts';
import type {Folders} from './folders.ts';
import {syncFile} from './plain-file.ts';
import {giveName, tempPath} from './temp-files.ts';

/** Files that wait for their fsync together. */
const maxStaged = 64;

/** Puts whole files under their names: never half ones, never over others. */
interface Placer {
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

interface PlacerOptions extends Retry {
	/** Where temporary files lie: the same file system as all paths, and one folder, so that they are found again. */
	readonly dir: string;
	readonly durability: 'process' | 'power';
	readonly folders: Folders;
}

interface Staged {
	readonly descriptor: number;
	/** Undefined: it has its name already. */
	readonly temp: string | undefined;
	readonly content: Uint8Array;
	readonly isSame: IsSame | undefined;
}

export function createPlacer(options: PlacerOptions): Placer {
	const {sink, dir, durability, folders} = options;
	const staged = new Map<string, Staged>();
	const onlyTemp = tempPath(dir);

	function placeOnce(path: string, content: Uint8Array, isSame: IsSame | undefined): Placed | undefined {
		const folder = dirname(path);
		folders.make(folder);
		folders.touch(folder);
		// cheaper than lstat, or than to write first
		if (fs.existsSync(path)) {
			const again = placeAgain(path, content, isSame);
			if (again || !mayBeClaim(path)) return again;
		}
		if (durability === 'power') {
			const temp = tempPath(dir);
			staged.set(path, {descriptor: writeNew(temp, content), temp, content, isSame});
			return {isNew: true, content};
		}
		const descriptor = writeNew(onlyTemp, content);
		const isNamed = orUndone(onlyTemp, () => {
			fs.closeSync(descriptor); // some file systems find only here that there is no space
			return nameAs(path, onlyTemp);
		});
		return isNamed ? {isNew: true, content} : placeAgain(path, content, isSame);
	}

	/** Whether a run may have died at this name, where there are no hard links: that is for giveName() to say. */
	function mayBeClaim(path: string): boolean {
		return durability === 'process' && fs.lstatSync(path).size === 0;
	}

	/** One that is there is staged too: the run that wrote it may have died before its fsync. */
	function placeAgain(path: string, content: Uint8Array, isSame: IsSame | undefined): Placed | undefined {
		const held = sameContent(path, content, isSame);
		if (held && durability === 'power') {
			staged.set(path, {descriptor: fs.openSync(path, 'r'), temp: undefined, content, isSame});
		}
		return held && {isNew: false, content: held};
	}

	async function settle(): Promise<void> {
		// All must have ended before any is closed, whatever became of it.
		const synced = await Promise.allSettled(Array.from(staged.values(), ({descriptor}) => syncFile(descriptor)));
		for (const outcome of synced) if (outcome.status === 'rejected') throw outcome.reason;
		for (const [path, {descriptor, temp, content, isSame}] of staged) {
			const isNamed = temp === undefined || (await retryWhenFull(options, path, () => nameAs(path, temp)));
			staged.delete(path);
			fs.closeSync(descriptor);
			if (!isNamed) await settleOther(path, content, isSame);
		}
	}

	/** Another run was faster. */
	async function settleOther(path: string, content: Uint8Array, isSame: IsSame | undefined): Promise<void> {
		if (!sameContent(path, content, isSame)) {
			const reason = 'another run has just put other content there; run again, and the event becomes a dead letter';
			throw failed(sink, 'write', path, new Error(reason));
		}
		const descriptor = fs.openSync(path, 'r');
		try {
			await syncFile(descriptor);
		} finally {
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

/** False when something has the name. What leads nowhere, as a dangling link, is replaced. */
function nameAs(path: string, temp: string): boolean {
	const isNamed = giveName(temp, path) || (!fs.existsSync(path) && replace(path, temp));
	fs.rmSync(temp, {force: true});
	return isNamed;
}

function replace(path: string, temp: string): boolean {
	fs.rmSync(path, {force: true});
	return giveName(temp, path);
}

/** What was done before an error is undone: the next attempt begins anew. */
function orUndone<T>(temp: string, attempt: () => T): T {
	try {
		return attempt();
	} catch (error) {
		fs.rmSync(temp, {force: true});
		throw error;
	}
}

function writeNew(path: string, content: Uint8Array): number {
	const descriptor = fs.openSync(path, 'wx');
	return orUndone(path, () => {
		try {
			for (let offset = 0; offset < content.length;) offset += fs.writeSync(descriptor, content, offset);
			return descriptor;
		} catch (error) {
			closeQuietly(descriptor);
			throw error;
		}
	});
}

/** After an error that says more. */
function closeQuietly(descriptor: number): void {
	try {
		fs.closeSync(descriptor);
	} catch {
		// It is closed all the same.
	}
}
