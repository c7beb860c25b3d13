import fs from 'node:fs';
import {tmpdir, userInfo} from 'node:os';
import path from 'node:path';
import {failed, refused} from '../_files/file-errors.ts';

/** The folder of this user for spools, which nobody else can look into. It stays, so that the next run sweeps it. */
export function privateSpoolFolder(sink: string, parent = tmpdir()): string {
	const {uid} = userInfo();
	const folder = path.join(parent, `rxaudit-spool-${uid}`);
	try {
		fs.mkdirSync(folder, {recursive: true, mode: 0o700});
		const stats = fs.lstatSync(folder);
		const isPrivate = uid === -1 || (stats.uid === uid && (stats.mode & 0o077) === 0); // -1: Windows
		if (stats.isDirectory() && isPrivate) return folder;
	} catch (error) {
		throw failed(sink, 'make the folder', folder, error);
	}
	throw refused(sink, `${folder} is not a folder of this user alone; remove it, or name another one with spoolDir`);
}
