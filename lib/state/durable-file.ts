import fs from 'node:fs';
import path from 'node:path';

/** The system's name of a failure, for example `ENOENT`. Node's errors are no `Error` of jest's or of a `vm`. */
export function errnoOf(error: unknown): string | undefined {
	const {code} = (error ?? {}) as {code?: unknown};
	return typeof code === 'string' ? code : undefined;
}

/** All bytes of a file, or undefined when there is none. */
export function readIfPresent(file: string): Buffer | undefined {
	try {
		return fs.readFileSync(file);
	} catch (error) {
		if (errnoOf(error) === 'ENOENT') return undefined;
		throw error;
	}
}

/** Removes a file that nobody will miss: neither a missing file nor a failure is worth an error. */
export function discard(file: string): void {
	try {
		fs.unlinkSync(file);
	} catch {
		// What stays behind is swept by the next run.
	}
}

/** Writes all bytes at a position; the system may take them in several pieces. */
export function writeFully(fd: number, bytes: Uint8Array, position: number): void {
	for (let done = 0; done < bytes.length;) {
		done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
	}
}

/** Makes a file that was not there, private to its owner (0600), durable but for its name. Leaves none on failure. */
export function createDurably(file: string, bytes: Uint8Array): void {
	const fd = fs.openSync(file, 'wx', 0o600);
	try {
		try {
			writeFully(fd, bytes, 0);
			fs.fsyncSync(fd);
		} finally {
			fs.closeSync(fd);
		}
	} catch (error) {
		discard(file);
		throw error;
	}
}

const noFolderSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/** What link() says where hard links are not known, or not allowed. */
const noLinks = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']);

/** Gives a small file a second name that is free (else EEXIST); where there are no hard links, a copy, durably. */
export function linkOrCopy(file: string, name: string): void {
	try {
		fs.linkSync(file, name);
	} catch (error) {
		if (!noLinks.has(errnoOf(error) ?? '')) throw error;
		createDurably(name, fs.readFileSync(file));
	}
}

/**
 * Makes the names in a folder durable, after files were created, renamed or removed there. Some file systems
 * (network, FUSE) cannot sync a folder, and do it in their own way.
 */
export function syncFolder(folder: string): void {
	if (process.platform === 'win32') return; // A folder cannot be opened there.
	const fd = fs.openSync(folder, 'r');
	try {
		fs.fsyncSync(fd);
	} catch (error) {
		if (!noFolderSync.has(errnoOf(error) ?? '')) throw error;
	} finally {
		fs.closeSync(fd);
	}
}

/** Makes a folder and its parents durably; one that is there is fine. */
export function createFolder(folder: string): void {
	for (const made of makeFolders(folder).reverse()) syncFolder(path.dirname(made));
}

/**
 * Makes a folder and its parents; returns those that were made, the outermost first. Not by mkdir's own `recursive`,
 * which never comes back where a parent can neither be found nor be made (below /proc, for example).
 */
export function makeFolders(folder: string): string[] {
	try {
		fs.mkdirSync(folder);
		return [folder];
	} catch (error) {
		if (errnoOf(error) === 'ENOENT' && path.dirname(folder) !== folder) {
			const made = makeFolders(path.dirname(folder));
			fs.mkdirSync(folder);
			return [...made, folder];
		}
		const there = fs.statSync(folder, {throwIfNoEntry: false});
		if (!there) throw error;
		if (there.isDirectory()) return [];
		throw Object.assign(new Error(`ENOTDIR: not a folder, ${folder}`), {code: 'ENOTDIR'});
	}
}

/** What to do where the disk is full, as the end of a message; nothing else needs a word. */
export function spaceAdvice(error: unknown): string {
	const isFull = ['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '');
	return isFull ? '; free space on its disk, and the same command goes on' : '';
}
