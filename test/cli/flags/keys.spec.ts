import assert from 'node:assert/strict';
import {generateKeyPairSync, type KeyPairKeyObjectResult, verify} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {publicKeyFrom, signKeyFrom} from '../../../lib/cli/flags/keys.ts';
import {temporaryFolder} from '../../../lib/testing/temporary-folder.ts';

const ed25519 = generateKeyPairSync('ed25519');
const rsaKeys = generateKeyPairSync('rsa', {modulusLength: 2048});
const pemOf = ({privateKey, publicKey}: KeyPairKeyObjectResult) => ({
	privateKey: privateKey.export({type: 'pkcs8', format: 'pem'}).toString(),
	publicKey: publicKey.export({type: 'spki', format: 'pem'}).toString(),
});
const key = pemOf(ed25519);
const rsa = pemOf(rsaKeys);
const passphrase = {cipher: 'aes-256-cbc', passphrase: 'secret'};
const locked = ed25519.privateKey.export({type: 'pkcs8', format: 'pem', ...passphrase}).toString();

describe('keys for signing', () => {
	const folder = temporaryFolder();
	const write = (text: string, mode = 0o600) => {
		const file = path.join(folder(), 'key.pem');
		fs.rmSync(file, {force: true});
		fs.writeFileSync(file, text);
		fs.chmodSync(file, mode);
		return file;
	};
	/** The message of the ConfigError, without a piece of the file in it. */
	const refused = (text: string, message: RegExp, read: (file: string) => unknown) => {
		assert.throws(
			() => read(write(text)),
			(error: Error) => {
				assert.equal(error.name, 'ConfigError');
				assert.match(error.message, message);
				const pieces = text.split('\n').filter(line => line.length > 20 && !line.startsWith('-----'));
				assert.ok(pieces.every(piece => !error.message.includes(piece) && !String(error.cause).includes(piece)));
				return true;
			},
		);
	};

	it('make signatures that the other half takes', () => {
		const sign = signKeyFrom(write(key.privateKey));
		const publicKey = publicKeyFrom(write(key.publicKey, 0o644));
		assert.ok(verify(null, Buffer.from('text'), publicKey, Buffer.from(sign('text'), 'base64')));
	});

	it('are refused when they are of another kind, damaged, locked or the other half', () => {
		const privately = /^--sign-key-file: expected an Ed25519 private key .*openssl genpkey -algorithm ed25519.*, got /;
		for (const text of [key.publicKey, rsa.privateKey, locked, 'x', '', key.privateKey.slice(0, 60)]) {
			refused(text, privately, signKeyFrom);
		}
		const publicly = /^--public-key-file: expected an Ed25519 public key, .*openssl pkey -in KEY -pubout.*, got /;
		for (const text of [key.privateKey, rsa.publicKey, 'x', '']) refused(text, publicly, publicKeyFrom);
		refused(rsa.privateKey, /got one of rsa$/, signKeyFrom);
		refused(key.privateKey, /got a private key$/, publicKeyFrom);
		refused(key.publicKey, /got a public key$/, file => (fs.chmodSync(file, 0o644), signKeyFrom(file)));
	});

	it('are refused when everybody may read them, or nobody can', () => {
		for (const mode of [0o604, 0o644, 0o602]) {
			assert.throws(() => signKeyFrom(write(key.privateKey, mode)), /^ConfigError: --sign-key-file: .*chmod 600/);
		}
		assert.doesNotThrow(() => signKeyFrom(write(key.privateKey, 0o440)));
		assert.throws(() => signKeyFrom(path.join(folder(), 'none')), /^ConfigError: --sign-key-file: .*ENOENT/);
		assert.throws(() => publicKeyFrom(folder()), /^ConfigError: --public-key-file: .*EISDIR/);
	});
});
