import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** An empty folder for each test of the suite that calls this; removed after the test. */
export function temporaryFolder(): () => string {
	let folder = '';
	beforeEach(() => {
		folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'rxaudit-')));
	});
	afterEach(() => {
		fs.rmSync(folder, {recursive: true, force: true});
	});
	return () => folder;
}
