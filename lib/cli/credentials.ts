import {readFileSync} from 'node:fs';
import {ConfigError, reasonOf} from '../errors.ts';
import type {Secret} from '../http/credentials.ts';
import type {Source} from '../source.ts';
import type {Flags, FlagValues} from './flags.ts';

export const credentialFlags: Flags = {
	'token-file': {value: 'FILE', help: 'file with the token; read again when the API refuses it (else: RXAUDIT_TOKEN)'},
	'password-file': {value: 'FILE', help: 'file with the password (else: RXAUDIT_USERNAME and RXAUDIT_PASSWORD)'},
};

/** Those of the flags whose credentials a source can use; the others are taken, and left alone. */
export function credentialFlagsOf({auth}: Pick<Source, 'auth'>): Flags {
	const schemes = {'token-file': 'bearer', 'password-file': 'basic'} as const;
	return Object.fromEntries(
		Object.entries(credentialFlags).filter(([flag]) => auth.includes(schemes[flag as keyof typeof schemes])),
	);
}

/** The credentials from flags and environment; what a source does not take is left out by the caller. */
export function credentialsFrom(values: FlagValues, env: NodeJS.ProcessEnv) {
	const token = secret(values['token-file'], env['RXAUDIT_TOKEN'], 'token-file');
	const password = secret(values['password-file'], env['RXAUDIT_PASSWORD'], 'password-file');
	const username = env['RXAUDIT_USERNAME']?.trim() || undefined;
	return {token, username, password};
}

function secret(file: FlagValues[string], value: string | undefined, flag: string): Secret | undefined {
	if (typeof file !== 'string') return value?.trim() || undefined;
	const read = () => readFileSync(file, 'utf8').trim();
	try {
		if (read() === '') throw new Error('it is empty');
	} catch (error) {
		throw new ConfigError(`--${flag}: expected a file that holds the secret, but ${reasonOf(error)}`, {cause: error});
	}
	return read;
}
