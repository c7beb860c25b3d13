import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {type Emulator, startEmulator} from '../../support/emulator.ts';
import type {Secret} from '../../../lib/options/options.ts';
import {load} from '../../../lib/registry.ts';
import {type CliResult, runCli} from '../../support/cli.ts';
import {assertRefused} from '../../support/command-line.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {withConnection, type TargetConnection} from '../../../lib/cli/flags/sinks.ts';

const credentials = {token: 'T0ken', username: 'ann', password: 'ann-s-s3cret'};
const crowd = await load('sink', 'crowd-changeset');
const profiles = await load('sink', 'atlassian-user-profile');
const vendor = 'https://api.atlassian.com';
const advice = /; give the target \?username=NAME&password-file=FILE$/;

describe('withConnection', () => {
	const folder = temporaryFolder();
	const secretFile = (text: string) => {
		const file = path.join(folder(), 'secret');
		fs.writeFileSync(file, text);
		return file;
	};
	const read = (secret: unknown) => (secret as Exclude<Secret, string>)();

	it('gives the source’s credentials to a sink of the same origin, what the sink takes of them', () => {
		const source: TargetConnection = {credentials, endpoint: 'https://Host.example/jira'};
		const endpoint = 'https://host.example:443/crowd';
		assert.deepEqual(withConnection(crowd, {endpoint}, source), {endpoint, username: 'ann', password: 'ann-s-s3cret'});
	});

	it('gives them, and the address, to a sink of the same vendor', () => {
		assert.deepEqual(withConnection(profiles, {}, {credentials, vendor}), {endpoint: vendor, token: 'T0ken'});
		const proxy = 'http://127.0.0.1:9/proxy';
		assert.deepEqual(withConnection(profiles, {}, {credentials, vendor, endpoint: proxy}), {
			endpoint: proxy,
			token: 'T0ken',
		});
	});

	for (const [endpoint, source] of [
		['https://crowd.example', 'https://jira.example'],
		['https://jira.example.evil', 'https://jira.example'],
		['https://jira.example:8443', 'https://jira.example'],
		['http://127.0.0.1:8095', 'http://127.0.0.1:8080'],
		['http://localhost:8080', 'http://127.0.0.1:8080'],
		['https://crowd.example', undefined],
	] as const) {
		it(`gives none of ${source ?? 'a file'} to ${endpoint}`, () => {
			assert.throws(
				() => withConnection(crowd, {endpoint}, {credentials, endpoint: source}),
				({name, message}: Error) =>
					name === 'ConfigError' &&
					message.startsWith(
						`--to crowd-changeset: expected credentials of its own for ${new URL(endpoint).origin}, `,
					) &&
					advice.test(message) &&
					!/ann|s3cret|T0ken/.test(message),
			);
		});
	}

	it('gives none of the vendor to another address of the sink, nor the other way round', () => {
		const own = {endpoint: 'https://proxy.example'};
		assert.throws(() => withConnection(profiles, own, {credentials, vendor}), /of its own .*\?token-file=FILE$/);
		const site = {credentials, endpoint: 'https://site.atlassian.net'};
		assert.throws(() => withConnection(profiles, {}, site), /of its own for https:\/\/api\.atlassian\.com, /);
	});

	it('takes those of the target before all others, whole', async () => {
		const endpoint = 'https://host.example/crowd';
		const own = {endpoint, username: 'bob', passwordFile: secretFile('bob-s-s3cret\n')};
		for (const source of [undefined, {credentials, endpoint}, {credentials, endpoint: 'https://jira.example'}]) {
			const {password, ...rest} = withConnection(crowd, own, source);
			assert.deepEqual([rest, await read(password)], [{endpoint, username: 'bob'}, 'bob-s-s3cret']);
		}
		const {token} = withConnection(profiles, {endpoint, tokenFile: secretFile('bob-s-t0ken')}, {credentials, vendor});
		assert.equal(await read(token), 'bob-s-t0ken');
	});

	it('never mixes the halves of two', () => {
		const endpoint = 'https://host.example/crowd';
		const source = {credentials, endpoint};
		const passwordFile = secretFile('bob-s-s3cret');
		for (const [own, got] of [
			[{username: 'bob'}, 'a user name without a password'],
			[{passwordFile}, 'a password without a user name'],
		] as const) {
			assert.throws(() => withConnection(crowd, {endpoint, ...own}, source), {
				message: `--to crowd-changeset: expected credentials, got ${got}; give the target ?username=NAME&password-file=FILE`,
			});
		}
	});

	it('says which file holds no secret, and leaves a bad address to the sink', () => {
		const endpoint = 'https://host.example/crowd';
		assert.throws(
			() => withConnection(crowd, {endpoint, username: 'bob', passwordFile: folder()}),
			/^ConfigError: --to crowd-changeset: password-file: expected a file that holds the secret, but EISDIR/,
		);
		assert.deepEqual(withConnection(crowd, {endpoint: 'crowd'}, {credentials}), {endpoint: 'crowd'});
	});

	it('leaves sinks alone that write to no API', async () => {
		assert.deepEqual(withConnection(await load('sink', 'ndjson'), {path: 'x'}, {credentials}), {path: 'x'});
	});
});

describe('a pull from one server into another', () => {
	const folder = temporaryFolder();
	let jira: Emulator;
	let other: Emulator;
	beforeEach(async () => {
		jira = await startEmulator({events: 3, username: 'ann', password: 'jira-s3cret'});
		other = await startEmulator({events: 0, username: 'bob', password: 'crowd-s3cret'});
	});
	afterEach(() => Promise.all([jira.close(), other.close()]));

	it('sends each only what is its own', async () => {
		fs.writeFileSync(path.join(folder(), 'password'), 'crowd-s3cret\n');
		const pull = (target: string): Promise<CliResult> =>
			runCli(['pull', 'jira-cloud', '--endpoint', jira.url, '--to', target], {
				cwd: folder(),
				env: {RXAUDIT_TOKEN: 'T0ken', RXAUDIT_USERNAME: 'ann', RXAUDIT_PASSWORD: 'jira-s3cret'},
			});
		const to = `crowd-changeset:${other.endpoints['crowd-data-center']}`;
		assertRefused(await pull(to), 2, /expected credentials of its own for http:/);
		assert.deepEqual([jira.requestCount, other.requestCount], [0, 0]);

		// each server refuses all credentials but its own
		const {code, stderr} = await pull(`${to}?username=bob&password-file=password&apply=true`);
		assert.equal(code, 0, stderr);
		assert.equal([...other.api('crowd-data-center').records()].length, 3);
	});
});
