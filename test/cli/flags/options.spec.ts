import assert from 'node:assert/strict';
import {z} from 'zod';
import {inFlags, optionsFromFlags, requiredFlagsOf} from '../../../lib/cli/flags/options.ts';
import {ConfigError, SourceError} from '../../../lib/model/errors.ts';
import {tokenOption} from '../../../lib/options/options.ts';

const schema = z.object({
	eventId: z.string().describe('the id of the event'),
	units: z.string().default('DAYS').describe('the unit'),
	...tokenOption,
});
const api = {name: 'some-api', auth: ['bearer']} as const;
const env = {RXAUDIT_TOKEN: 'S3CR3T', RXAUDIT_USERNAME: 'me', RXAUDIT_PASSWORD: 'pw'};

describe('requiredFlagsOf', () => {
	it('are those without a default', () => assert.deepEqual(requiredFlagsOf(schema), ['event-id']));
});

describe('optionsFromFlags', () => {
	it('are what the schema knows, under its names, with the credentials that it takes', () => {
		assert.deepEqual(optionsFromFlags(api, schema, {'event-id': 'e', body: '-', yes: true}, env), {
			eventId: 'e',
			token: 'S3CR3T',
		});
	});

	for (const values of [{}, {'event-id': ''}]) {
		it(`refuse to do without what is required: ${JSON.stringify(values)}`, () => {
			assert.throws(() => optionsFromFlags(api, schema, values, env), {
				name: 'ConfigError',
				message: '--event-id: expected the id of the event, got nothing',
			});
		});
	}
});

describe('optionsFromFlags without credentials of use', () => {
	const flags = {
		bearer: 'set RXAUDIT_TOKEN, or give --token-file FILE',
		basic: 'set RXAUDIT_USERNAME, and RXAUDIT_PASSWORD or --password-file FILE',
	};
	const [token, username, password] = [
		{RXAUDIT_TOKEN: 'S3CR3T'},
		{RXAUDIT_USERNAME: 'me'},
		{RXAUDIT_PASSWORD: 'S3CR3T'},
	];
	for (const [auth, given, got] of [
		[['bearer'], {}, 'none'],
		[['basic'], token, 'a token, which it does not take'],
		[['bearer'], {...username, ...password}, 'a user name and a password, which it does not take'],
		[['basic', 'bearer'], password, 'a password without a user name'],
		[['bearer', 'basic'], username, 'a user name without a password'],
		[['basic'], {...token, ...password}, 'a token, which it does not take, and a password without a user name'],
	] as const) {
		it(`names what is there in vain: ${got}, for ${auth.join(' or ')}`, () => {
			const wanted = auth.map(scheme => flags[scheme]).join(', or ');
			assert.throws(() => optionsFromFlags({name: 'some-api', auth}, schema, {'event-id': 'e'}, given), {
				name: 'ConfigError',
				message: `some-api: expected credentials, got ${got}; ${wanted}`,
			});
		});
	}

	it('lets a source be that takes none', () => {
		assert.deepEqual(optionsFromFlags({name: 'file', auth: []}, z.object({}), {}, {}), {});
	});
});

describe('inFlags', () => {
	const complain = (message: string) =>
		inFlags(['api event', 'api'], ['eventId', 'body'], () => {
			throw new ConfigError(message);
		});

	it('gives what the function gives, and other errors as they are', () => {
		assert.equal(
			inFlags(['api'], [], () => 1),
			1,
		);
		const error = new SourceError('NOT_FOUND', 'api: eventId: x');
		assert.throws(
			() =>
				inFlags(['api'], ['eventId'], () => {
					throw error;
				}),
			error,
		);
	});

	for (const [message, expected] of [
		['api event: option eventId: expected a, got b', '--event-id: expected a, got b'],
		['api: eventId: expected a; api event: option body: expected c', '--event-id: expected a; --body: expected c'],
		['api event: option body.level.user-management: expected a', '--body: level.user-management: expected a'],
		['api: other: expected a', 'api: other: expected a'],
		['api: expected credentials, got none', 'api: expected credentials, got none'],
	] as const) {
		it(`names the flag in ${JSON.stringify(message)}`, () => {
			assert.throws(() => complain(message), {name: 'ConfigError', message: expected});
		});
	}
});
