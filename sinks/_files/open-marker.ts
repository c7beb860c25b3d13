import fs from 'node:fs';
import {lifeOf, thisProcess, type Holder} from '../../lib/holder.ts';
import {changed} from './file-errors.ts';
import {syncFile, syncFolder} from './fsync.ts';
import {openPlain} from './open-plain.ts';

/** Lies in a folder while a run writes to it: files may be there that no entry lists yet. */
export const markerName = 'rxaudit.manifest.open';

/** Whether one lies there. Throws `TARGET_CHANGED` when its run is still at work. */
export function findMarker(sink: string, dir: string): boolean {
	const holder = readHolder(`${dir}/${markerName}`);
	if (holder === undefined) return false;
	if (holder && holder.pid !== process.pid && lifeOf(holder) === 'running') {
		throw changed(sink, `${dir} is in use by process ${holder.pid}: let one run at a time write to it`);
	}
	return true;
}

/** Makes one that names this process. */
export async function placeMarker(dir: string, durability: 'process' | 'power'): Promise<void> {
	removeMarker(dir);
	const descriptor = fs.openSync(`${dir}/${markerName}`, 'wx');
	try {
		fs.writeSync(descriptor, `${JSON.stringify(thisProcess())}\n`);
		if (durability === 'power') await syncFile(descriptor);
	} finally {
		fs.closeSync(descriptor);
	}
	if (durability === 'power') await syncFolder(dir);
}

export function removeMarker(dir: string): void {
	fs.rmSync(`${dir}/${markerName}`, {force: true});
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
