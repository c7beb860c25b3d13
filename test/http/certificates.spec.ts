import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import {ConfigError} from '../../lib/model/errors.ts';
import {type CertificateOptions, readCertificates} from '../../lib/http/certificates.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';
import {pem} from '../support/tls-server.ts';

describe('readCertificates', () => {
	const folder = temporaryFolder();

	it('is nothing where no option says anything', () => assert.equal(readCertificates('api', {}), undefined));

	it('takes a certificate and its key from two files or one', () => {
		const clientCertFile = path.join(folder(), 'both.pem');
		fs.writeFileSync(
			clientCertFile,
			fs.readFileSync(pem('client'), 'utf8') + fs.readFileSync(pem('client.key'), 'utf8'),
		);
		assert.ok(readCertificates('api', {clientCertFile}));
		assert.ok(readCertificates('api', {clientCertFile: pem('client'), clientKeyFile: pem('client.key')}));
	});

	const refused: readonly (readonly [options: () => CertificateOptions, message: RegExp])[] = [
		[
			() => ({caFile: path.join(folder(), 'none')}),
			/^api: option caFile: expected a PEM file with a certificate, but ENOENT/,
		],
		[() => ({caFile: pem('client.key')}), /^api: option caFile: expected a PEM file with a certificate, got none in/],
		[() => ({caFile: damaged(folder())}), /^api: option caFile: .* holds one that cannot be read$/],
		[
			() => ({clientCertFile: pem('client')}),
			/^api: option clientKeyFile: expected a PEM file with a private key, got none/,
		],
		[() => ({clientKeyFile: pem('client.key')}), /^api: option clientCertFile: expected the certificate of the key/],
		[
			() => ({clientCertFile: pem('client'), clientKeyFile: pem('server.key')}),
			/^api: option clientKeyFile: expected a certificate and its own key, without a passphrase, but .*mismatch/,
		],
	];
	for (const [options, message] of refused) {
		it(`says ${message}`, () => {
			assert.throws(
				() => readCertificates('api', options()),
				(error: unknown) => error instanceof ConfigError && message.test(error.message),
			);
		});
	}
});

function damaged(folder: string): string {
	const file = path.join(folder, 'damaged.pem');
	fs.writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
	return file;
}
