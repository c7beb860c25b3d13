import fs from 'node:fs';
import path from 'node:path';

/** Copies what `kill -9` would leave in a folder at this instant; its locks would be those of a dead process. */
export function killedCopy(folder: string, copy: string): string {
	fs.cpSync(folder, copy, {recursive: true, filter: name => !path.basename(name).endsWith('.lock')});
	return copy;
}
