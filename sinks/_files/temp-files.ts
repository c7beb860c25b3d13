import {createHash, randomBytes} from 'node:crypto';
import fs from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {errnoOf} from './file-errors.ts';

const dayMs = 24 * 60 * 60 * 1000;
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const processNonce = randomBytes(6).toString('hex');
const pattern = /^\.rxaudit-([0-9a-f]{8})-(\d+)-([0-9a-f]{12})-\d+\.tmp$/;
let count = 0;

/** A path in the folder that no other run uses, recognisable by {@link sweepTempFiles}. */
export function tempPath(folder: string): string {
	return join(folder, `.rxaudit-${host}-${process.pid}-${processNonce}-${count++}.tmp`);
}

/** Whether a file is one of ours that never got its own name. */
export function isTempFile(name: string): boolean {
	return pattern.test(name);
}

/** Removes the temporary files of runs that died. Those of another host stay for a day: it may be running. */
export function sweepTempFiles(folder: string): void {
	for (const name of fs.readdirSync(folder)) {
		const [, owner, pid, nonce] = pattern.exec(name) ?? [];
		if (owner === undefined) continue;
		const path = join(folder, name);
		if (owner === host ? isDead(Number(pid), nonce!) : isOld(path)) fs.rmSync(path, {force: true});
	}
}

function isDead(pid: number, nonce: string): boolean {
	if (pid === process.pid) return nonce !== processNonce;
	try {
		process.kill(pid, 0);
		return false;
	} catch (error) {
		return errnoOf(error) === 'ESRCH';
	}
}

function isOld(path: string): boolean {
	const stats = fs.lstatSync(path, {throwIfNoEntry: false});
	return stats !== undefined && Date.now() - stats.mtimeMs > dayMs;
}

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
