import {basename, dirname} from 'node:path';
import fs from 'node:fs';
import {StateError} from '../../lib/model/errors.ts';
import {acquireLock, type Lock} from '../../lib/state/lock.ts';
import {locked, notOpened, type Retry} from './file-errors.ts';
import {makeFolder} from './folders.ts';
import {openPlain, syncFile, syncFolder} from './plain-file.ts';
import {discard} from '../../lib/state/durable-file.ts';
import {type Holder, lifeOf, thisProcess} from '../../lib/state/holder.ts';
import {tempPath} from './temp-files.ts';

interface LockFileOptions extends Retry {
	readonly path: string;
	readonly durability: 'process' | 'power';
}

/** Takes the lock of a file that is written to, beside it. Rejects with `TARGET_LOCKED` when another run has it. */
export async function lockFile({sink, path, context}: LockFileOptions): Promise<Lock> {
	const name = `${dirname(path)}/.${basename(path)}.lock`;
	try {
		return await acquireLock(name, {signal: context.signal, note: context.note});
	} catch (error) {
		if (context.signal.aborted) throw error;
		if (!(error instanceof StateError)) throw notOpened(sink, 'open', path, error);
		throw locked(
			sink,
			`another run is writing to ${path}: ${error.message}. If it is the same pipeline, run this again when it is done; ` +
				'if it is another, give each a file of its own, or ndjson:DIR/, which several may share',
		);
	}
}

/** Makes the folder of a file, as durable as the file is going to be. */
export async function makeFolderFor({sink, path, durability}: LockFileOptions): Promise<void> {
	try {
		const parents = makeFolder(dirname(path));
		if (durability === 'power') for (const parent of parents) await syncFolder(parent);
	} catch (error) {
		throw notOpened(sink, 'open', path, error);
	}
}

/** A file that lies in a folder while a run writes to it: other files may be there that no entry lists yet. */

/** Whether one lies there. Throws `TARGET_LOCKED` when its run is still at work, in another process. */
export function findMarker(sink: string, path: string): boolean {
	const holder = readHolder(path);
	if (holder === undefined) return false;
	if (holder && holder.pid !== process.pid && lifeOf(holder) === 'running') {
		throw locked(sink, `${path}: the run of process ${holder.pid} has the same state: let one at a time write with it`);
	}
	return true;
}

/** What is known from here of the run that placed one. */
export function lifeOfMarker(path: string): 'running' | 'dead' | 'unseen' {
	const holder = readHolder(path);
	return holder ? lifeOf(holder) : 'unseen';
}

/** Makes one that names this process, in place of one that is there: without any, what a dead run left is nobody's. */
export async function placeMarker(path: string, durability: 'process' | 'power'): Promise<void> {
	const temp = tempPath(dirname(path));
	const descriptor = fs.openSync(temp, 'wx');
	try {
		fs.writeSync(descriptor, `${JSON.stringify(thisProcess())}\n`);
		if (durability === 'power') await syncFile(descriptor);
		fs.renameSync(temp, path);
	} catch (error) {
		discard(temp);
		throw error;
	} finally {
		fs.closeSync(descriptor);
	}
	if (durability === 'power') await syncFolder(dirname(path));
}

/** Says that the run of this process is over, and what it left is for the next one: the process may live on. */
export function endMarker(path: string): void {
	const [own, holder] = [thisProcess(), readHolder(path)];
	if (holder?.pid !== own.pid || holder.startTime !== own.startTime) return;
	const temp = tempPath(dirname(path));
	try {
		fs.writeFileSync(temp, `${JSON.stringify({...own, startTime: 'over'})}\n`, {flag: 'wx'});
		fs.renameSync(temp, path);
	} catch {
		discard(temp); // then it is over when the process is
	}
}

export function removeMarker(path: string): void {
	fs.rmSync(path, {force: true});
}

/** Null: there is one, but it does not say whose it is. */
function readHolder(path: string): Holder | null | undefined {
	const descriptor = openPlain(path);
	if (descriptor === undefined) return undefined;
	try {
		return JSON.parse(fs.readFileSync(descriptor, 'utf8')) as Holder | null;
	} catch {
		return null;
	} finally {
		fs.closeSync(descriptor);
	}
}
