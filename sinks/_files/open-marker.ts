import fs from 'node:fs';
import {dirname} from 'node:path';
import {lifeOf, thisProcess, type Holder} from '../../lib/state/holder.ts';
import {changed} from './file-errors.ts';
import {syncFile, syncFolder} from './fsync.ts';
import {openPlain} from './open-plain.ts';

/** A file that lies in a folder while a run writes to it: other files may be there that no entry lists yet. */

/** Whether one lies there. Throws `TARGET_CHANGED` when its run is still at work, in another process. */
export function findMarker(sink: string, path: string): boolean {
	const holder = readHolder(path);
	if (holder === undefined) return false;
	if (holder && holder.pid !== process.pid && lifeOf(holder) === 'running') {
		throw changed(
			sink,
			`${path}: the run of process ${holder.pid} has the same state: let one at a time write with it`,
		);
	}
	return true;
}

/** What is known from here of the run that placed one. */
export function lifeOfMarker(path: string): 'running' | 'dead' | 'unseen' {
	const holder = readHolder(path);
	return holder ? lifeOf(holder) : 'unseen';
}

/** Makes one that names this process. */
export async function placeMarker(path: string, durability: 'process' | 'power'): Promise<void> {
	removeMarker(path);
	const descriptor = fs.openSync(path, 'wx');
	try {
		fs.writeSync(descriptor, `${JSON.stringify(thisProcess())}\n`);
		if (durability === 'power') await syncFile(descriptor);
	} finally {
		fs.closeSync(descriptor);
	}
	if (durability === 'power') await syncFolder(dirname(path));
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
