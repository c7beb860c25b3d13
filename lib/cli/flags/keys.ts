import {createPrivateKey, createPublicKey, type KeyObject} from 'node:crypto';
import fs from 'node:fs';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {type Sign, signer} from '../../sink/manifest.ts';

/** Signs with the Ed25519 private key of a PEM file. Throws a ConfigError that never shows what is in the file. */
export function signKeyFrom(file: string): Sign {
	const flag = '--sign-key-file';
	const pem = read(flag, file);
	const make = 'openssl genpkey -algorithm ed25519 makes one';
	const key = keyOf(flag, `an Ed25519 private key without a passphrase, in PEM (${make})`, () => {
		if (pem.includes('PUBLIC KEY')) throw new Error('a public key');
		return createPrivateKey(pem);
	});
	if (process.platform !== 'win32' && (fs.statSync(file).mode & 0o007) !== 0) {
		throw new ConfigError(
			`${flag}: ${file} is open to everybody on this machine, so that what it signs proves nothing: chmod 600 ${file}`,
		);
	}
	return signer(key);
}

/** The Ed25519 public key of a PEM file. */
export function publicKeyFrom(file: string): KeyObject {
	const flag = '--public-key-file';
	const pem = read(flag, file);
	const make = 'openssl pkey -in KEY -pubout gives it';
	return keyOf(flag, `an Ed25519 public key, in PEM (${make})`, () => {
		// Node would take the public half of a private key, which has no business where archives are verified.
		if (pem.includes('PRIVATE KEY')) throw new Error('a private key');
		return createPublicKey(pem);
	});
}

function keyOf(flag: string, expected: string, make: () => KeyObject): KeyObject {
	let key: KeyObject;
	try {
		key = make();
	} catch (error) {
		const got = /^a (?:private|public) key$/.test(reasonOf(error)) ? reasonOf(error) : 'something else';
		throw new ConfigError(`${flag}: expected ${expected}, got ${got}`);
	}
	if (key.asymmetricKeyType === 'ed25519') return key;
	throw new ConfigError(`${flag}: expected ${expected}, got one of ${key.asymmetricKeyType}`);
}

function read(flag: string, file: string): string {
	try {
		return fs.readFileSync(file, 'utf8');
	} catch (error) {
		throw new ConfigError(`${flag}: expected a file with a key, but ${reasonOf(error)}`, {cause: error});
	}
}
