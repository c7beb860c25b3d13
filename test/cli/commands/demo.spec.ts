import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {runCli} from '../../support/cli.ts';
import {assertRefused} from '../../support/command-line.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

describe('demo', () => {
	const folder = temporaryFolder();
	const inDemo = (name: string) => path.join(folder(), 'rxaudit-demo', name);

	it('leaves a folder alone that is not its own', async () => {
		fs.mkdirSync(path.join(folder(), 'rxaudit-demo'));
		fs.writeFileSync(inDemo('mine'), 'x');
		assertRefused(
			await runCli(['demo'], {cwd: folder()}),
			2,
			/expected \.\/rxaudit-demo to be free or of an earlier demo/,
		);
		assert.deepEqual(fs.readdirSync(path.join(folder(), 'rxaudit-demo')), ['mine']);
	});

	it('takes nothing, and has help', async () => {
		assertRefused(await runCli(['demo', 'x'], {cwd: folder()}), 2, /expected options only/);
		assert.match((await runCli(['demo', '--help'], {cwd: folder()})).stdout, /^Usage: rxaudit demo\n/);
		assert.deepEqual(fs.readdirSync(folder()), []);
	});
});
