import assert from 'node:assert/strict';
import {AuthError, ConfigError, SinkError} from '../../../lib/model/errors.ts';
import {connectionTo} from '../../../sinks/_gcs/client.ts';
import {localServers, pem} from '../../support/tls-server.ts';

const address = new URL('https://storage.test');
const variables = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap(name => [name, name.toLowerCase()]);

describe('the connection of gcs', () => {
	const {api, proxy} = localServers();
	const before = new Map(variables.map(name => [name, process.env[name]]));
	beforeEach(() => {
		for (const name of variables) delete process.env[name];
	});
	after(() => {
		for (const [name, value] of before) {
			if (value === undefined) delete process.env[name];
			else process.env[name] = value;
		}
	});

	it('goes through the proxy with its credentials, once that opens a way', async () => {
		const {origin, asked} = await proxy(await api());
		process.env['HTTPS_PROXY'] = origin.replace('http://', 'u:p%40@');
		const connection = await connectionTo(address, {});
		assert.equal(connection.proxy, `${origin.replace('//', '//u:p%40@')}/`);
		assert.equal(asked.length, 1);
	});

	it('says what the proxy refuses, and that it is the proxy', async () => {
		process.env['HTTPS_PROXY'] = (await proxy(1, 407)).origin;
		const named = /^gcs: the proxy http:\S+ of HTTPS_PROXY /;
		const isNamed = (type: typeof AuthError | typeof SinkError) => (error: unknown) =>
			error instanceof type && named.test(error.message);
		await assert.rejects(connectionTo(address, {}), isNamed(AuthError));
		process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
		await assert.rejects(connectionTo(address, {}), isNamed(SinkError));
	});

	it('refuses what the client of Google would do otherwise', async () => {
		process.env['HTTPS_PROXY'] = 'http://127.0.0.1:9';
		const message = /takes none through the proxy of HTTPS_PROXY; .* NODE_EXTRA_CA_CERTS$/;
		const refused = (pattern: RegExp) => (error: unknown) =>
			error instanceof ConfigError && pattern.test(error.message);
		await assert.rejects(connectionTo(address, {caFile: pem('authority')}), refused(message));
		process.env['NO_PROXY'] = 'test';
		await assert.rejects(connectionTo(address, {}), refused(/expected storage\.test in NO_PROXY/));
		process.env['NO_PROXY'] = '.test';
		assert.equal((await connectionTo(address, {caFile: pem('authority')})).proxy, undefined);
	});
});
