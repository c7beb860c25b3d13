import assert from 'node:assert/strict';
import {z} from 'zod';
import {checkTargetOption, targetOptionsOf} from '../../../lib/cli/flags/target-options.ts';
import {ConfigError} from '../../../lib/model/errors.ts';
import {list, load} from '../../../lib/registry.ts';
import {basicOptions} from '../../../lib/options/options.ts';

const factory = {
	options: z.object({
		endpoint: z.string().describe('the address'),
		maxAttempts: z.number().default(6).describe('how often'),
		...basicOptions,
	}),
};

describe('targetOptionsOf', () => {
	it('gives each option as a target spells it, a secret as the file that holds it', () => {
		assert.deepEqual(Object.keys(targetOptionsOf(factory)), ['endpoint', 'max-attempts', 'username', 'password-file']);
		const {endpoint, 'max-attempts': attempts, username} = targetOptionsOf(factory);
		assert.equal(endpoint!.help, 'the address');
		assert.equal(attempts!.help, 'how often (default: 6)');
		assert.doesNotMatch(username!.help, /RXAUDIT_/, 'the environment is the source’s');
	});

	for (const name of list('sink')) {
		it(`spells no option of ${name} as another one`, async () => {
			const {options} = await load('sink', name);
			assert.equal(Object.keys(targetOptionsOf({options})).length, Object.keys(options.shape).length);
		});
	}
});

describe('checkTargetOption', () => {
	it('lets pass what there is', () => {
		for (const option of ['endpoint', 'max-attempts', 'maxAttempts', 'username', 'password-file']) {
			checkTargetOption('some-api', factory, option);
		}
	});

	for (const [option, message] of [
		[
			'max-attempt',
			'--to some-api: unknown option max-attempt (did you mean max-attempts?): expected one of endpoint, max-attempts, username, password-file',
		],
		['token-file', /^--to some-api: unknown option token-file: expected one of endpoint, /],
		['constructor', /unknown option constructor: /],
		['password', /^--to some-api: a secret on the command line can be read by .*; .*give password-file=FILE$/],
	] as const) {
		it(`refuses ${option}`, () => {
			assert.throws(() => checkTargetOption('some-api', factory, option), {name: ConfigError.name, message});
		});
	}
});
