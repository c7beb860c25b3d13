import assert from 'node:assert/strict';
import type https from 'node:https';
import {readCertificates, type CertificateOptions} from '../../lib/http/certificates.ts';
import {explainConnection, isLasting} from '../../lib/http/connection-failure.ts';
import {localServers, pair, pem} from '../support/tls-server.ts';
import fs from 'node:fs';
import {openClient, rejection} from './open-client.ts';

describe('a connection that cannot pass by itself', () => {
	const {api} = localServers();
	const caFile = pem('authority');
	const clientCertFile = pem('client');
	const clientKeyFile = pem('client.key');
	const wantsClient = {requestCert: true, rejectUnauthorized: true, ca: [fs.readFileSync(caFile)]};
	const cases: readonly {
		readonly it: string;
		readonly server?: https.ServerOptions;
		readonly scheme?: 'http' | 'https';
		readonly given?: CertificateOptions;
		readonly says: RegExp;
	}[] = [
		{
			it: 'a self-signed certificate',
			server: pair('self-signed'),
			says: /signed by itself .*--ca-file FILE.* or in NODE_EXTRA_CA_CERTS$/,
		},
		{it: 'an unknown authority', server: pair('server'), says: /authority that is not trusted here.*--ca-file FILE/},
		{
			it: 'an expired certificate',
			server: pair('expired'),
			given: {caFile},
			says: /has expired \(CERT_HAS_EXPIRED\); .*clock/,
		},
		{
			it: 'a certificate of another host',
			server: pair('other-host'),
			given: {caFile},
			says: /is of another host .*; check the host/,
		},
		{it: 'https where http is spoken', scheme: 'https', says: /the port speaks no TLS .*begins with http:\/\//},
		{
			it: 'http where https is spoken',
			server: pair('server'),
			scheme: 'http',
			says: /the port speaks TLS .*write https:\/\//,
		},
		{
			it: 'a client certificate that is wanted',
			server: {...pair('server'), ...wantsClient},
			given: {caFile},
			says: /wants a client certificate .*--client-cert-file FILE/,
		},
		{
			it: 'an old TLS',
			server: {...pair('server'), minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0'},
			given: {caFile},
			says: /speaks no TLS that is safe .*TLS 1\.2/,
		},
	];
	for (const {it: what, server, scheme = server ? 'https' : 'http', given = {}, says} of cases) {
		it(`is named at the first try: ${what}`, async () => {
			const port = await api(server);
			const {get, meter} = openClient(`${scheme}://127.0.0.1:${port}`, {secure: readCertificates('test', given)});
			const error = await rejection(get());
			assert.match(error.message, says);
			assert.equal(error['code'], 'UNREACHABLE');
			assert.equal(meter.requests, 1);
		});
	}

	it('passes with the certificates that it wants', async () => {
		const secure = readCertificates('test', {caFile, clientCertFile, clientKeyFile});
		const {get} = openClient(`https://127.0.0.1:${await api({...pair('server'), ...wantsClient})}`, {secure});
		assert.deepEqual(await get(), {});
	});
});

describe('explainConnection', () => {
	it('knows what Node says of HTTP that is none, and of names', () => {
		assert.match(
			explainConnection('HPE_INVALID_CONSTANT', 'Parse Error')!,
			/speaks no proper HTTP \(HPE_INVALID_CONSTANT\)/,
		);
		const names = "Host: a. is not in the cert's altnames: DNS:b.test";
		assert.match(explainConnection('ERR_TLS_CERT_ALTNAME_INVALID', names)!, /another host \(DNS:b\.test\)/);
	});

	it('takes the words about a proxy out of those around them', () => {
		const message = 'request to https://x/?token=1 failed, reason: the proxy http://p:1 of HTTPS_PROXY is down';
		assert.equal(explainConnection('ERR_PROXY_FAILED', message), 'the proxy http://p:1 of HTTPS_PROXY is down');
	});

	it('leaves what may pass by itself alone', () => {
		for (const code of ['ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND']) {
			assert.equal(explainConnection(code, `connect ${code}`), undefined);
			assert.ok(!isLasting(code, `connect ${code}`));
		}
		assert.ok(!isLasting('ERR_PROXY_FAILED', 'the proxy'));
		assert.ok(isLasting('ERR_PROXY_REFUSED', 'the proxy'));
	});
});
