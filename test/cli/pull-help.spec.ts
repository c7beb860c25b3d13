import assert from 'node:assert/strict';
import {pullHelp} from '../../lib/cli/pull-help.ts';
import source from '../../sources/atlassian-org-events.ts';
import {runCli} from '../support/cli.ts';
import {commandLine, linesOf} from '../support/command-line.ts';
import {examplesIn, runExample} from '../support/examples.ts';

const general = pullHelp(undefined, {quiet: {help: 'silence'}});
const own = pullHelp(source as never, {quiet: {help: 'silence'}});

describe('pullHelp', () => {
	const {folder, emulator} = commandLine({events: 40});

	it('names the sources, or the options of one', () => {
		assert.match(general, /^Usage: rxaudit pull <source>/);
		assert.match(general, /^Sources: .*atlassian-org-events/m);
		assert.match(own, /^Usage: rxaudit pull atlassian-org-events \[options\]/);
		assert.match(own, /^ {2}--org-id VALUE +the organization id$/m);
		assert.match(own, /^ {2}--token-file FILE/m);
		assert.doesNotMatch(own, /--password-file|--token /);
	});

	it('comes with and without a source, on stdout', async () => {
		for (const args of [
			['pull', '--help'],
			['pull', '-h'],
			['help', 'pull'],
			['pull', 'atlassian-org-events', '--help'],
		]) {
			const {code, stdout, stderr} = await runCli(args);
			assert.deepEqual([code, stderr], [0, '']);
			assert.match(stdout, /^Usage: rxaudit pull/);
		}
	});

	it('shows four examples', () => {
		assert.equal(examplesIn(general).length, 4);
		assert.deepEqual(examplesIn(own), examplesIn(general));
	});

	for (const example of examplesIn(own)) {
		it(`is right: ${example}`, async () => {
			// the example's times are of today, the emulator's are not
			const line = example.replace(/ --since 30d/, ' --since 2026-01-01').replace(/ --endpoint \S+/, '');
			const {code, stdout, stderr} = await runExample(
				line.replace(' --org-id', ` --endpoint ${emulator().url} --org-id`),
				folder(),
			);
			assert.equal(code, 0, stderr);
			assert.match(stderr, /^(rxaudit: done: 40 events.*\n)?$/);
			assert.equal(linesOf(stdout).length, line.includes('head -3') ? 3 : line.includes('--to') ? 0 : 40);
		});
	}
});
