import assert from 'node:assert/strict';
import fc from 'fast-check';
import {camel, describeFlags, type Flags, kebab, nearest, parseFlags} from '../../../lib/cli/flags/flags.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import {testWorld} from '../../support/world.ts';

const flags: Flags = {
	'page-size': {value: 'N', help: 'how many'},
	actor: {value: 'VALUE', repeat: true, help: 'who'},
	quiet: {help: 'silence'},
	help: {help: 'this text'},
	'token-file': {value: 'FILE', help: 'the token'},
};

function refuses(args: string[], message: RegExp, positionals = 1): void {
	assert.throws(
		() => parseFlags(args, flags, positionals, testWorld()),
		(error: unknown) => error instanceof ConfigError && message.test(error.message),
		args.join(' '),
	);
}

describe('parseFlags', () => {
	it('gives values, switches, lists and what else there is', () => {
		const args = ['name', '--page-size', '5', '--actor=a=b', '--quiet', '--actor', '-'];
		assert.deepEqual(parseFlags(args, flags, 1, testWorld()), {
			values: {'page-size': '5', actor: ['a=b', '-'], quiet: true},
			rest: ['name'],
		});
	});

	it('takes -h for --help', () => {
		assert.deepEqual(parseFlags(['-h'], flags, 0, testWorld()), {values: {help: true}, rest: []});
	});

	it('says which flag is unknown, and which is near', () => {
		refuses(['--page-sise', '3'], /^unknown option --page-sise \(did you mean page-size\?\): see --help/);
		refuses(['--constructor', '3'], /^unknown option --constructor:/);
		refuses(['-q'], /^unknown option: expected options like --help, got one with a single -$/);
	});

	it('says what is missing or too much', () => {
		refuses(['--page-size'], /^--page-size: expected --page-size N, got no value$/);
		refuses(['--actor', '--quiet'], /^--actor: expected a value, got an option; write --actor=VALUE/);
		refuses(['--quiet=yes'], /^--quiet: expected no value, got one$/);
		refuses(['a', 'b', 'c'], /^expected one name and options, got 2 arguments too many/);
		refuses(['a'], /^expected options only, got 1 argument too many/, 0);
	});

	it('drops no value in silence', () => {
		refuses(['--page-size', '1', '--page-size', '2'], /^--page-size: expected it once, got it again$/);
		refuses(['--quiet', '--quiet'], /^--quiet: expected it once/);
	});

	for (const name of ['token', 'Token', 'password', 'api-token', 'api-key', 'apikey', 'secret', 'authorization']) {
		it(`refuses --${name}`, () => {
			for (const args of [[`--${name}`, 'abc'], [`--${name}=abc`], [`-${name}`, 'abc']]) {
				refuses(args, /a secret on the command line.*set RXAUDIT_TOKEN.*--token-file/);
			}
		});
	}

	it('never repeats a value', () => {
		const secret = 'S3CR3T';
		const names = fc.constantFrom('--token', '--actor', '--quiet', '--page-size', '--bogus', '--token-file', '');
		const arg = fc
			.tuple(names, fc.constantFrom(secret, `=${secret}`, `-p${secret}`, ''))
			.map(([name, value]) =>
				value.startsWith('=') && name === '' ? [secret] : value.startsWith('=') ? [name + value] : [name, value],
			);
		fc.assert(
			fc.property(fc.array(arg, {maxLength: 4}), args => {
				try {
					parseFlags(args.flat(), flags, 0, testWorld());
				} catch (error) {
					assert(error instanceof ConfigError);
					assert(!error.message.includes(secret), error.message);
				}
			}),
		);
	});
});

describe('kebab and camel', () => {
	it('spells names both ways', () => {
		assert.equal(kebab('idleTimeoutMs'), 'idle-timeout-ms');
		assert.equal(camel('idle-timeout-ms'), 'idleTimeoutMs');
	});
});

describe('describeFlags', () => {
	it('marks what is required', () => {
		assert.match(describeFlags({'org-id': {value: 'VALUE', required: true, help: 'whose'}}), / whose; required$/);
	});

	it('gives a line to each flag, two to a long one', () => {
		const text = describeFlags({
			to: {value: 'SINK', repeat: true, help: 'where'},
			'a-very-long-flag-name': {value: 'VALUE', help: 'x'},
		});
		assert.equal(text, `  --to SINK …               where\n  --a-very-long-flag-name VALUE\n${' '.repeat(28)}x`);
	});
});

describe('nearest', () => {
	it('proposes what one or two slips lead to', () => {
		assert.equal(nearest('pul', ['pull', 'list']), ' (did you mean pull?)');
		assert.equal(nearest('ndsjon', ['ndjson']), ' (did you mean ndjson?)');
	});

	it('prefers the nearest one', () => {
		assert.equal(nearest('lisp', ['help', 'list']), ' (did you mean list?)');
		assert.equal(nearest('satte', ['rate', 'state']), ' (did you mean state?)');
	});

	it('is silent when nothing is near', () => {
		assert.equal(nearest('S3CR3T', ['pull', 'list']), '');
		assert.equal(nearest('q', ['s3']), '');
	});
});
