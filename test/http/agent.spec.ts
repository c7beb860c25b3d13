import assert from 'node:assert/strict';
import {once} from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type {AddressInfo} from 'node:net';
import type {SecureContext} from 'node:tls';
import {createAgent} from '../../lib/http/agent.ts';
import {readCertificates} from '../../lib/http/certificates.ts';
import {localServers, pair, pem} from '../support/tls-server.ts';

const secure = readCertificates('test', {caFile: pem('authority')});

function ask(
	port: number,
	env: NodeJS.ProcessEnv,
	host = 'other.test',
	context: SecureContext | null | undefined = secure,
): Promise<number> {
	const agent = createAgent('https:', context ?? undefined, env);
	return new Promise<number>((resolve, reject) => {
		const request = https.get({agent: agent as https.Agent, host, port, path: '/'}, response => {
			response.resume().once('end', () => resolve(response.statusCode!));
		});
		request.once('error', reject);
	}).finally(() => agent.destroy());
}

describe('createAgent', () => {
	const {api, proxy} = localServers();

	it('connects directly, trusting the authorities that it is given', async () => {
		const port = await api(pair('server'));
		assert.equal(await ask(port, {}, '127.0.0.1'), 200);
		await assert.rejects(ask(port, {}, '127.0.0.1', null), {code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'});
	});

	it('keeps a connection for the next request, and for 10 s at most where the server says nothing', async () => {
		for (const keepAliveTimeout of [0, 300_000]) {
			const server = http.createServer((_, response) => response.end('OK'));
			server.keepAliveTimeout = keepAliveTimeout;
			server.listen(0, '127.0.0.1');
			await once(server, 'listening');
			const agent = createAgent('http:', undefined, {});
			try {
				const {port} = server.address() as AddressInfo;
				const seen = new Set<unknown>();
				for (let request = 0; request < 2; request++) {
					const [response] = (await once(http.get({agent, port, host: '127.0.0.1'}), 'response')) as [
						http.IncomingMessage,
					];
					await once(response.resume(), 'close');
					const [free] = Object.values(agent.freeSockets).flat();
					seen.add(free);
					assert.equal(free!.timeout, 10_000);
				}
				assert.equal(seen.size, 1);
			} finally {
				agent.destroy();
				server.close();
			}
		}
	});

	it('goes through the proxy of the environment, with its credentials, and checks the certificate of the server', async () => {
		const port = await api(pair('other-host'));
		const {origin, asked} = await proxy(port);
		assert.equal(await ask(port, {HTTPS_PROXY: origin.replace('//', '//u:p%40@')}), 200);
		assert.deepEqual(asked, [`other.test:${port} Basic ${Buffer.from('u:p@').toString('base64')}`]);
		await assert.rejects(ask(port, {HTTPS_PROXY: origin}, 'third.test'), {code: 'ERR_TLS_CERT_ALTNAME_INVALID'});
	});

	const failures = [
		[407, 'ERR_PROXY_REFUSED', /wants other credentials \(407\); write them into HTTPS_PROXY=/],
		[403, 'ERR_PROXY_REFUSED', /opened no way to other\.test:\d+, it answered 403/],
		[502, 'ERR_PROXY_FAILED', /it answered 502/],
	] as const;
	for (const [status, code, message] of failures) {
		it(`says that it is the proxy that answers ${status}`, async () => {
			const {origin} = await proxy(1, status);
			const env = {HTTPS_PROXY: origin.replace('//', '//user:S3CR3T@')};
			await assert.rejects(ask(443, env), (error: NodeJS.ErrnoException) => {
				assert.equal(error.code, code);
				assert.match(error.message, message);
				assert.ok(error.message.startsWith(`the proxy ${origin} of HTTPS_PROXY `), error.message);
				assert.doesNotMatch(error.message, /S3CR3T/);
				return true;
			});
		});
	}

	it('says that it is the proxy that is down', async () => {
		const message =
			'the proxy http://127.0.0.1:9 of ALL_PROXY cannot be reached (ECONNREFUSED); check ALL_PROXY, or name the host in NO_PROXY';
		await assert.rejects(ask(443, {ALL_PROXY: '127.0.0.1:9'}), {code: 'ERR_PROXY_FAILED', message});
	});
});
