import fs from 'node:fs';
import path from 'node:path';

/** The identity of the file that a path leads to: two paths with one place are one file. */
export function placeOf(file: string): string {
	try {
		const {dev, ino} = fs.statSync(file, {bigint: true});
		return `${dev}:${ino}`;
	} catch {
		return whereNew(path.resolve(file));
	}
}

/** What is open on a descriptor, where that is a regular file. */
export function placeOfOpen(descriptor: number): string | undefined {
	try {
		const stats = fs.fstatSync(descriptor, {bigint: true});
		return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
	} catch {
		return undefined;
	}
}

/** The real path of something that is to be made. */
function whereNew(file: string): string {
	const folder = path.dirname(file);
	if (folder === file) return file;
	try {
		return path.join(fs.realpathSync(folder), path.basename(file));
	} catch {
		return path.join(whereNew(folder), path.basename(file));
	}
}
