import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {afterEach, beforeEach} from './runner.ts';

/** Where files lie in memory, if the system has such a place. */
const inMemory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

/** An empty folder for each test of the suite that calls this; removed after the test. For few bytes: `memory`. */
export function temporaryFolder(on: 'disk' | 'memory' = 'disk'): () => string {
	let folder = '';
	beforeEach(() => {
		const parent = on === 'memory' ? inMemory : os.tmpdir();
		folder = fs.realpathSync(fs.mkdtempSync(path.join(parent, 'rxaudit-')));
	});
	afterEach(() => {
		fs.rmSync(folder, {recursive: true, force: true});
	});
	return () => folder;
}
