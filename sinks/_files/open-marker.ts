import fs from 'node:fs';
import {lifeOf, thisProcess, type Holder} from '../../lib/holder.ts';
import {changed} from './file-errors.ts';
import {syncFile, syncFolder} from './fsync.ts';

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
	const descriptor = fs.openSync(`${dir}/${markerName}`, 'w');
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
	if (!fs.existsSync(path)) return undefined;
	try {
		return JSON.parse(fs.readFileSync(path, 'utf8')) as Holder | null;
	} catch {
		return null;
	}
}
