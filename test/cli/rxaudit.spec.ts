import assert from 'node:assert/strict';
import {exitCodeOf} from '../../lib/cli/rxaudit.ts';
import {
	AuditError,
	AuthError,
	ConfigError,
	RateLimitError,
	SinkError,
	SourceError,
	StateError,
} from '../../lib/model/errors.ts';
import {runCli, runProcess} from '../support/cli.ts';
import {assertRefused, commandLine} from '../support/command-line.ts';
import {examplesIn, runExample} from '../support/examples.ts';
import {textOf} from '../support/tree.ts';

describe('rxaudit', () => {
	const {folder, emulator} = commandLine({events: 40});

	it('shows its commands', async () => {
		for (const args of [['--help'], ['-h'], ['help'], ['help', 'nothing']]) {
			const {code, stdout, stderr} = await runCli(args);
			assert.deepEqual([code, stderr], [0, '']);
			for (const command of ['pull', 'list', 'describe', 'call', 'status', 'state', 'demo', 'emulate']) {
				assert.match(stdout, new RegExp(`^  ${command} +\\w`, 'm'));
			}
		}
	});

	it('ends with 2 and its help on stderr when it is asked for nothing', async () => {
		const {code, stdout, stderr} = await runProcess([]);
		assert.deepEqual([code, stdout], [2, '']);
		assert.match(stderr, /^Usage: rxaudit <command>/m);
	});

	it('knows its version', async () => {
		const {version} = JSON.parse(textOf('package.json')) as {version: string};
		assert.equal((await runProcess(['--version'])).stdout, `${version}\n`);
	});

	it('refuses what is no command', async () => {
		assertRefused(
			await runProcess(['pul']),
			2,
			/unknown command \(did you mean pull\?\): expected one of pull, run, enqueue/,
		);
		assertRefused(await runCli(['constructor']), 2, /unknown command: expected one of/);
	});

	it('has examples that work', async () => {
		const examples = examplesIn((await runCli(['--help'])).stdout).filter(line => line.includes(' pull '));
		assert.equal(examples.length, 2);
		for (const example of examples) {
			const line = example.replace(/ --since 30d/, '').replace(' --org-id', ` --endpoint ${emulator().url} --org-id`);
			const {code, stderr} = await runExample(line, folder());
			assert.equal(code, 0, stderr);
			assert.match(stderr, /^rxaudit: done: 40 events/);
		}
	});
});

describe('exitCodeOf', () => {
	for (const [code, ...errors] of [
		[
			1,
			new Error('x'),
			'x',
			undefined,
			new SourceError('NOT_FOUND', ''),
			new RateLimitError('', 1),
			new SinkError('SINK_FAILED', ''),
		],
		[
			1,
			new AuditError('E_UNSETTLED_PAGES', ''),
			new StateError('STATE_FAILED', ''),
			new SourceError('PAGING_NO_PROGRESS', ''),
		],
		[2, new ConfigError(''), new SinkError('TARGET_REFUSED', '')],
		[4, new AuthError('UNAUTHORIZED', ''), new AuthError('FORBIDDEN', '')],
		[5, new StateError('STATE_DAMAGED', ''), new StateError('STATE_FOREIGN', ''), new StateError('STATE_LOCKED', '')],
		[5, new StateError('STATE_CONFLICT', ''), new SinkError('TARGET_CHANGED', ''), new SinkError('TARGET_LOCKED', '')],
		[141, new SinkError('READER_GONE', '')],
	] as const) {
		const names = errors.map(error => (error instanceof AuditError ? error.code : String(error)));
		it(`is ${code} for ${names.join(', ')}`, () => {
			for (const error of errors) assert.equal(exitCodeOf(error), code);
		});
	}
});
