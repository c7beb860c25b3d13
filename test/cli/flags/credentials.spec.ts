import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {credentialFlagsOf, credentialsFrom} from '../../../lib/cli/flags/credentials.ts';
import {runCli} from '../../support/cli.ts';
import {assertRefused, commandLine, idsIn} from '../../support/command-line.ts';
import {scriptedServers} from '../../support/scripted-server.ts';

describe('credentialsFrom', () => {
	it('takes all from the environment, without the space around them', () => {
		assert.deepEqual(credentialsFrom({}, {RXAUDIT_TOKEN: ' t\n', RXAUDIT_USERNAME: 'u', RXAUDIT_PASSWORD: 'p'}), {
			token: 't',
			username: 'u',
			password: 'p',
		});
	});

	it('takes empty ones for none', () => {
		const none = {token: undefined, username: undefined, password: undefined};
		assert.deepEqual(credentialsFrom({}, {RXAUDIT_TOKEN: '', RXAUDIT_USERNAME: ' ', RXAUDIT_PASSWORD: '\n'}), none);
	});
});

describe('credentialFlagsOf', () => {
	it('shows what a source can use', () => {
		assert.deepEqual(Object.keys(credentialFlagsOf({auth: ['bearer']})), ['token-file']);
		assert.deepEqual(Object.keys(credentialFlagsOf({auth: ['basic', 'bearer']})), ['token-file', 'password-file']);
	});
});

describe('the credentials of a pull', () => {
	const {pull, folder, held, emulator} = commandLine();
	const file = (name: string) => path.join(folder(), name);
	const servers = scriptedServers();

	it('may be more than are needed', async () => {
		const {code, stdout} = await pull([], {env: {RXAUDIT_USERNAME: 'me', RXAUDIT_PASSWORD: 'pw'}});
		assert.equal(code, 0);
		assert.deepEqual(idsIn(stdout), held());
	});

	it('come from a file before the environment', async () => {
		fs.writeFileSync(file('token'), 'emulator\n');
		assert.equal((await pull(['--token-file', 'token'], {env: {RXAUDIT_TOKEN: 'wrong'}})).code, 0);
	});

	it('are read again when the API refuses them, once', async () => {
		fs.writeFileSync(file('token'), 'old');
		const {origin, requests} = await servers((response, n) => {
			fs.writeFileSync(file('token'), 'new');
			if (n === 1) response.writeHead(401).end('{}');
			else response.writeHead(200, {'content-type': 'application/json'}).end('{"data":[],"meta":{}}');
		});
		const args = ['pull', 'atlassian-org-events', '--org-id', 'o', '--endpoint', origin, '--token-file', file('token')];
		assert.equal((await runCli(args)).code, 0);
		assert.deepEqual(
			requests.map(({headers}) => headers.authorization),
			['Bearer old', 'Bearer new'],
		);
	});

	it('are refused with 4, without a retry', async () => {
		assertRefused(
			await pull([], {env: {RXAUDIT_TOKEN: 'S3CR3T'}}),
			4,
			/answered 401: the credentials were refused.*check/,
		);
		assert.equal(emulator().requestCount, 1);
		emulator().setFaults([{kind: 'status', status: 403, at: 'all'}]);
		assertRefused(await pull(), 4, /answered 403: these credentials may not read this log/);
	});

	it('must be there', async () => {
		fs.writeFileSync(file('empty'), '\n');
		for (const [args, message] of [
			[[], /expected credentials, got none; set RXAUDIT_TOKEN, or give --token-file FILE/],
			[['--token-file', 'missing'], /--token-file: expected a file that holds the secret, but ENOENT/],
			[['--token-file', 'empty'], /--token-file: expected a file that holds the secret, but it is empty/],
			[['--token-file', '.'], /--token-file: expected a file that holds the secret, but EISDIR/],
		] as const) {
			assertRefused(await pull(args, {env: {RXAUDIT_TOKEN: ''}}), 2, message);
		}
		assert.equal(emulator().requestCount, 0);
	});

	it('are never shown', async () => {
		const {url} = emulator();
		const secret = 'S3CR3T';
		const tries = [
			['pull', '--token', secret],
			['pull', secret],
			['pull', 'atlassian-org-events', secret],
			['pull', 'atlassian-org-events', '--org-id', 'o', '--token', secret],
			['pull', 'atlassian-org-events', '--org-id', 'o', `--password=${secret}`],
			['pull', 'atlassian-org-events', '--org-id', 'o', `-p${secret}`],
			['pull', 'atlassian-org-events', '--org-id', 'o', '--endpoint', url.replace('//', `//user:${secret}@`)],
			['pull', 'atlassian-org-events', '--org-id', 'o', '--endpoint', `${url}?token=${secret}`],
			['--token', secret],
			['list', '--token', secret],
			['describe', secret],
			[secret],
		];
		for (const args of tries) {
			const result = await runCli(args, {env: {RXAUDIT_TOKEN: 'emulator'}});
			assertRefused(result, 2, /expected|a secret on the command line/);
			assert(!result.stderr.includes(secret), args.join(' '));
		}
	});
});
