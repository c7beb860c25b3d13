import assert from 'node:assert/strict';
import {AuthError, ConfigError} from '../../../lib/model/errors.ts';
import {ownHeaders} from '../../../sinks/_http/own-headers.ts';

describe('ownHeaders', () => {
	it('gives each header in lower case, its secret asked for each request', async () => {
		const keys = ['k3y-one', 'k3y-two'];
		const {count, values, secrets} = ownHeaders(
			'http',
			{'X-Api-Key': () => `${keys.shift()}\n`, 'X-Scope': 'a b'},
			true,
		);
		assert.equal(count, 2);
		assert.deepEqual(secrets(), []);
		assert.deepEqual(await values(), {'x-api-key': 'k3y-one', 'x-scope': 'a b'});
		assert.deepEqual(await values(), {'x-api-key': 'k3y-two', 'x-scope': 'a b'});
		assert.ok(['k3y-one', 'k3y-two'].every(key => secrets().includes(key)));
	});

	it('knows what stands behind the word of a scheme as a secret too', async () => {
		const {values, secrets} = ownHeaders('http', {authorization: 'Token k3y'}, false);
		await values();
		assert.ok(secrets().includes('k3y'));
	});

	it('refuses headers that are set already, and what is no name of a header', () => {
		for (const [header, message] of [
			[{'Content-Type': 'x'}, /got content-type, which is set already$/],
			[{'idempotency-key': 'x'}, /got idempotency-key, which is set already$/],
			[{authorization: 'x'}, /expected authorization here or a token, got both$/],
			[{'a: s3cret': 'x'}, /expected names of headers, got something else$/],
			[{'a\r\nb': 'x'}, /expected names of headers/],
			[{'': 'x'}, /expected names of headers/],
			[{'X-a': 'x', 'x-A': 'y'}, /expected each header once/],
		] as const) {
			const make = () => ownHeaders('http', header as unknown as Record<string, string>, true);
			assert.throws(make, error => error instanceof ConfigError && message.test(error.message));
		}
	});

	it('refuses a value that would be more than one line, or nothing, and shows none', async () => {
		for (const value of ['s3cret\r\nHost: evil', 's3cret\0', 's3crét', ' \n']) {
			const {values} = ownHeaders('http', {'x-api-key': () => value}, false);
			await assert.rejects(values(), (error: unknown) => {
				return (
					error instanceof AuthError &&
					/x-api-key: expected one line/.test(error.message) &&
					!/s3cr/.test(error.message)
				);
			});
		}
	});
});
