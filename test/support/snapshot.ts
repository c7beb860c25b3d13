import fs from 'node:fs';
import path from 'node:path';

/**
 * Copies a folder of files as it is at this instant, which is what `kill -9` would leave. (Not by `fs.cpSync()`: it
 * keeps the functions of `fs` that it meets at its first use, intercepted or not.)
 */
export function snapshot(folder: string, copy: string): void {
	fs.mkdirSync(copy);
	for (const name of fs.readdirSync(folder)) fs.copyFileSync(path.join(folder, name), path.join(copy, name));
}

/** Makes the locks in a snapshot those of a process that has ended. */
export function endHolders(copy: string): void {
	for (const name of fs.readdirSync(copy).filter(name => name.includes('.lock'))) {
		const content = fs.readFileSync(path.join(copy, name), 'utf8');
		fs.writeFileSync(path.join(copy, name), content.replace(/"startTime":"\d+"/, '"startTime":"another"'));
	}
}
