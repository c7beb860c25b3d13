import assert from 'node:assert/strict';
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {text} from 'node:stream/consumers';
import {cliFile, runCli, settled, spawnCli} from '../../support/cli.ts';
import {assertRefused, commandLine} from '../../support/command-line.ts';

describe('call', () => {
	const {emulator} = commandLine({events: 1});

	it('gives the answer on stdout and nothing else', async () => {
		const args = ['call', 'atlassian-org-events', 'event-actions', '--org-id', 'ORG', '--endpoint', emulator().url];
		const {code, stdout, stderr} = await runCli(args, {env: {RXAUDIT_TOKEN: emulator().token}});
		assert.deepEqual([code, stderr], [0, '']);
		assert.ok(Array.isArray((JSON.parse(stdout) as {data: unknown}).data));
	});

	it('refuses a change that nobody confirms, and sends nothing', async () => {
		const args = ['call', 'jira-data-center', 'set-retention', '--endpoint', emulator().url, '--body', '-'];
		const refused = await runCli(args, {env: {RXAUDIT_TOKEN: emulator().token}, input: '{"period": {"years": 1}}'});
		assertRefused(refused, 2, /set-retention changes something .*: expected --yes, got nothing; nothing was sent$/m);
		assert.equal(emulator().requestCount, 0);
	});

	it('wants the name of a source', async () => {
		assertRefused(await runCli(['call']), 2, /call: expected a source, got none: one of atlassian-org-events, /);
		assertRefused(
			await runCli(['call', 'jira-cluod']),
			2,
			/expected a source, got another name \(did you mean jira-cloud\?\)/,
		);
	});
});

describe('a stopped call', () => {
	const {emulator} = commandLine({events: 1, latencyMs: 60_000});
	let child: ChildProcess | undefined;
	afterEach(() => void child?.kill('SIGKILL'));

	for (const [signal, expected] of [
		['SIGINT', 130],
		['SIGTERM', 143],
	] as const) {
		it(`ends at once with ${expected} after ${signal}, however late the answer is`, async () => {
			const args = ['call', 'atlassian-org-events', 'event-actions', '--org-id', 'ORG', '--endpoint', emulator().url];
			const run = spawnCli(args, {env: {RXAUDIT_TOKEN: emulator().token}});
			await settled(() => emulator().requestCount);
			run.kill(signal);
			const {code, stdout, stderr} = await run.ended;
			assert.deepEqual([code, stdout, stderr], [expected, '', `rxaudit: stopped by ${signal}\n`]);
		});
	}

	it('ends at once while it reads standard input', async () => {
		const args = ['call', 'crowd-data-center', 'add-changeset', '--endpoint', emulator().url, '--yes', '--body', '-'];
		const reading = spawn(process.execPath, [cliFile, ...args], {stdio: ['pipe', 'ignore', 'pipe']});
		child = reading;
		const ended = Promise.all([once(reading, 'close'), text(reading.stderr)]);
		// more than a pipe holds, so that it is out when some of it was read
		await new Promise(resolve => reading.stdin.write('['.repeat(1_000_000), resolve));
		reading.kill('SIGTERM');
		assert.deepEqual(await ended, [[143, null], 'rxaudit: stopped by SIGTERM\n']);
		assert.equal(emulator().requestCount, 0);
	});
});
