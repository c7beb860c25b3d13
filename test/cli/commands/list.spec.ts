import assert from 'node:assert/strict';
import {list} from '../../../lib/registry.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, linesOf} from '../../support/command-line.ts';

describe('list', () => {
	it('gives a line to each source and sink', async () => {
		const {code, stdout, stderr} = await runCli(['list']);
		assert.deepEqual([code, stderr], [0, '']);
		const names = linesOf(stdout).flatMap(line => /^ {2}(\S+)  +\S/.exec(line)?.[1] ?? []);
		assert.deepEqual(names, [...list('source'), ...list('sink')]);
	});

	it('takes nothing else', async () => {
		assertRefused(await runCli(['list', 'x']), 2, /expected options only, got 1 argument too many/);
		assertRefused(await runCli(['list', '--bogus']), 2, /unknown option --bogus: see --help/);
	});

	it('has help', async () => {
		assert.match((await runCli(['list', '-h'])).stdout, /^Usage: rxaudit list\n[^]*Example:\n {2}rxaudit list\n/);
	});
});
