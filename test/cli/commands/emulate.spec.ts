import assert from 'node:assert/strict';
import {run as emulate} from '../../../lib/cli/commands/emulate.ts';
import {describeSwitches} from '../../../lib/cli/flags/emulator.ts';
import {faultHelp} from '../../support/emulator.ts';
import {runCli, spawnCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';
import {examplesIn} from '../../support/examples.ts';
import {testWorld} from '../../support/world.ts';

describe('emulate', () => {
	const {emulator} = commandLine();

	it('serves until it is stopped, and says how to use it', async () => {
		const server = spawnCli(['emulate', '--events', '70', '--seed', '3', '--newest', '2026-02-01']);
		await server.said('stderr', /\| jq/);
		const url = server.stdout().trim();
		assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
		const [, token, org] = /RXAUDIT_TOKEN=(\S+) rxaudit pull atlassian-org-events --org-id (\S+) --endpoint/.exec(
			server.stderr(),
		)!;
		const args = ['pull', 'atlassian-org-events', '--org-id', org!, '--endpoint', url, '--until', '2026-02-02'];
		const {stdout} = await runCli(args, {env: {RXAUDIT_TOKEN: token!}});
		assert.equal(new Set(idsIn(stdout)).size, 70);
		server.kill('SIGTERM');
		assert.equal((await server.ended).code, 0);
	});

	it('takes what the flags say', async () => {
		const prefix = ['--switch', 'path-prefix=/proxy', '--switch', 'data-center.contexts.bitbucket=/git'];
		const server = spawnCli(['emulate', ...prefix, '--rate-limit', '1/min,retry-after=0']);
		await server.said('stderr', /\| jq/);
		const url = server.stdout().trim();
		assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/proxy$/);
		assert.match(
			server.stderr(),
			new RegExp(`^  bitbucket-data-center +${url}/git +the token, or user and password$`, 'm'),
		);
		const headers = {authorization: `Basic ${btoa('admin:emulator')}`};
		const answers = await Promise.all([1, 2].map(() => fetch(`${url}/rest/api/3/auditing/record`, {headers})));
		const refused = answers.find(({status}) => status === 429);
		assert.equal(refused?.headers.get('retry-after'), '0');
		server.kill('SIGTERM');
		assert.equal((await server.ended).code, 0);
	});

	it('has help with examples that work', async () => {
		const {stdout} = await runCli(['emulate', '--help']);
		assert.ok(stdout.includes(faultHelp) && stdout.includes(describeSwitches()));
		assert.match(stdout, /^ {2}crowd-data-center +http:\/\/127\.0\.0\.1:PORT\/crowd +user and password$/m);
		const examples = examplesIn(stdout);
		assert.equal(examples.length, 3);
		for (const example of examples) {
			const server = spawnCli(example.replace('--port 8080', '--port 0').split(' ').slice(1));
			await server.said('stdout', /^http:.*\n/);
			server.kill('SIGINT');
			assert.equal((await server.ended).code, 0);
		}
	});

	for (const [args, message] of [
		[['--port', 'x'], /^--port: expected a whole number from 0 to 65535, got "x"$/],
		[['--switch', 'gzip=maybe'], /^--switch gzip: expected boolean, got "maybe"$/],
		[['x'], /^expected options only, got 1 argument too many/],
	] as const) {
		it(`refuses ${args.join(' ')}`, () =>
			assert.rejects(emulate([...args], testWorld()), {name: 'ConfigError', message}));
	}

	it('says that a port is taken', async () => {
		const {port} = new URL(emulator().url);
		assertRefused(
			await runCli(['emulate', '--port', port]),
			2,
			new RegExp(`--port: expected a free port, got ${port} \\(EADDRINUSE\\)`),
		);
	});
});
