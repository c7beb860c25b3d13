import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {redactFlags, redactionFrom} from '../../../lib/cli/flags/redact.ts';
import {parseFlags} from '../../../lib/cli/flags/flags.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';
import {testWorld} from '../../support/world.ts';

const key = 'K'.repeat(32);

function given(args: string[], {env = {}, format = 'audit'}: {env?: NodeJS.ProcessEnv; format?: string} = {}) {
	return redactionFrom(parseFlags(args, redactFlags, 0, testWorld()).values, env, format);
}

describe('redactionFrom', () => {
	const folder = temporaryFolder();

	function keyFile(content: string): string {
		const file = path.join(folder(), 'key');
		fs.writeFileSync(file, content);
		return file;
	}

	it('is nothing where nothing is asked for, whatever the environment holds', () => {
		assert.deepEqual(given([], {env: {RXAUDIT_REDACT_KEY: 'short'}, format: 'raw'}), {binding: {}});
	});

	it('tells members from patterns', () => {
		const {redact, binding} = given(
			['actor.email', 'ip', '/a,b\\/c/i', 'targets', 'email'].flatMap(one => ['--redact', one]),
		);
		assert.deepEqual(redact, {
			members: ['actor.email', 'targets'],
			patterns: ['ip', /a,b\/c/i, 'email'],
			key: undefined,
		});
		const hash = createHash('sha256').update('/a,b\\/c/i').digest('hex').slice(0, 16);
		assert.deepEqual(binding, {'--redact': `["/${hash}/","actor.email","email","ip","targets"]`}, 'no name in a state');
	});

	it('takes the key from a file before the environment, without the space around it', () => {
		const env = {RXAUDIT_REDACT_KEY: ` ${key}\n`};
		assert.equal(given(['--redact', 'ip'], {env}).redact?.key, key);
		const file = keyFile(`${key}file\n`);
		assert.equal(given(['--redact', 'ip', '--redact-key-file', file], {env}).redact?.key, `${key}file`);
	});

	it('binds a state to what is asked for, in any order, and to the key without showing it', () => {
		const binding = (args: string[], redactKey?: string) =>
			given(args, {env: redactKey === undefined ? {} : {RXAUDIT_REDACT_KEY: redactKey}}).binding;
		const some = ['--redact', 'ip', '--redact', 'actor.name', '--select', 'id,actor', '--select', ' time'];
		const same = ['--select', 'time,id,actor', '--redact', 'actor.name', '--redact', 'ip', '--redact', 'ip'];
		assert.deepEqual(binding(some, key), binding(same, key));
		assert.equal(binding(some)['--select'], 'actor,id,time');
		assert.match(binding(some, key)['--redact-key-file']!, /^[0-9a-f]{8}$/);
		assert.notDeepEqual(binding(some, key), binding(some));
		assert.notDeepEqual(binding(some, key), binding(some, key.toLowerCase()));
	});

	it('takes members to select, of any format but raw', () => {
		assert.deepEqual(given(['--select', 'user.name, @timestamp', '--select', 'x'], {format: 'ecs'}).select, [
			'user.name',
			'@timestamp',
			'x',
		]);
		assert.throws(
			() => given(['--select', 'id'], {format: 'raw'}),
			/--select: expected --format audit, ecs or ocsf beside it, got raw/,
		);
	});

	it('takes whole members out of raw records, of any name, and no more', () => {
		const env = {RXAUDIT_REDACT_KEY: key};
		for (const member of ['attributes.x', 'source', 'id']) {
			const {redact, remove, binding} = given(['--redact', member], {format: 'raw', env});
			assert.deepEqual([redact, remove], [undefined, [member]]);
			assert.deepEqual(binding, {'--redact': JSON.stringify([member])});
		}
		const only = 'expected --format audit, ecs or ocsf beside it, got raw, of which whole members can be taken out: ';
		for (const [args, message] of [
			[['--redact', 'x', '--redact', 'email'], `--redact: ${only}`],
			[['--redact', 'ip'], `--redact: ${only}`],
			[['--redact', '/x/'], `--redact: ${only}`],
			[['--redact', 'x', '--redact-key-file', keyFile(key)], `--redact-key-file: ${only}`],
			[['--redact', 'a..b'], '--redact: expected a member like'],
			// it would take out nothing, without a word
			[['--redact', 'actor.name'], "--redact: expected a member of the API's own record beside --format raw"],
		] as const) {
			assert.throws(
				() => given([...args], {format: 'raw'}),
				error => error instanceof ConfigError && error.message.startsWith(message),
			);
		}
	});

	it('names the member that was meant', () => {
		assert.throws(
			() => given(['--redact', 'actor.emial'], {format: 'ecs'}),
			new ConfigError(
				'--redact: expected email, ip, /REGEX/ or a member of the common record, ' +
					'got "actor.emial" (did you mean actor.email?)',
			),
		);
		assert.deepEqual(given(['--redact', 'raw']).redact?.members, ['raw']);
	});

	for (const [args, message] of [
		[['--redact', 'id'], /^--redact: expected members other than id/],
		[['--redact', 'outcome'], /^--redact: expected members other than .*, got outcome; /],
		[['--redact', '/(?=a)/'], /^--redact: expected an expression that can be run in linear time/],
		[['--redact', '/a'], /^--redact: expected \/REGEX\//],
		[['--redact', '//'], /^--redact: expected \/REGEX\//],
		[['--redact', '/a/g'], /^--redact: expected \/REGEX\//],
		[['--redact', '/(/'], /^--redact: expected a regular expression of JavaScript, but /],
		[['--select', 'id,,time'], /^--select: expected a member like/],
		[['--redact-key-file', 'x'], /^--redact-key-file: expected --redact beside it/],
		[
			['--redact', 'ip', '--redact-key-file', '/nowhere/x'],
			/^--redact-key-file: expected a file that holds the secret, but ENOENT/,
		],
	] as const) {
		it(`refuses ${args.join(' ')}`, () => {
			assert.throws(
				() => given([...args]),
				error => error instanceof ConfigError && message.test(error.message),
			);
		});
	}

	it('refuses a short key without showing it', () => {
		const short = 'S3CR3T';
		const tries: [string, () => unknown][] = [
			['--redact-key-file', () => given(['--redact', 'ip', '--redact-key-file', keyFile(short)])],
			['RXAUDIT_REDACT_KEY', () => given(['--redact', 'ip'], {env: {RXAUDIT_REDACT_KEY: short}})],
		];
		for (const [name, run] of tries) {
			assert.throws(
				run,
				new ConfigError(`${name}: expected a key of at least 16 bytes, got 6; openssl rand -hex 32 makes one`),
			);
		}
	});
});
