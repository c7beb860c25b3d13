import fs from 'node:fs';
import {errnoOf} from './file-errors.ts';

/** What a file system says that has no hard links, or no more of them. */
const withoutLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a whole file its name, unless something has that: then false, and that stays, whoever came first. The file may
 * keep its own name too, which is for the caller to remove.
 */
export function giveName(file: string, path: string): boolean {
	try {
		fs.linkSync(file, path);
		return true;
	} catch (error) {
		const code = errnoOf(error);
		if (code === 'EEXIST') return false;
		if (!withoutLinks.has(code)) throw error;
	}
	return claim(path, file);
}

/** The name is taken by an empty file, which the whole one replaces: nobody sees a half one. */
function claim(path: string, file: string): boolean {
	try {
		fs.closeSync(fs.openSync(path, 'wx'));
	} catch (error) {
		// An empty one is of a run that died right here.
		if (errnoOf(error) !== 'EEXIST') throw error;
		const stats = fs.lstatSync(path, {throwIfNoEntry: false});
		if (!stats?.isFile() || stats.size > 0 || fs.statSync(file).size === 0) return false;
	}
	try {
		fs.renameSync(file, path);
		return true;
	} catch (error) {
		fs.rmSync(path, {force: true});
		throw error;
	}
}
