import type {Secret} from '../../options/options.ts';
import {readFileSync} from 'node:fs';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import type {AuthScheme, CredentialOptions} from '../../http/credentials.ts';
import type {Source} from '../../source/define-source.ts';
import {fileIn, type World} from '../world.ts';
import type {Flags, FlagValues} from './flags.ts';

export const credentialFlags: Flags = {
	'token-file': {value: 'FILE', help: 'file with the token; read again when the API refuses it (else: RXAUDIT_TOKEN)'},
	'password-file': {
		value: 'FILE',
		help: 'file with the password (else: RXAUDIT_PASSWORD), of the user RXAUDIT_USERNAME',
	},
};

/** How a scheme gets what it needs. */
export type CredentialAdvice = Readonly<Record<AuthScheme, string>>;

const flagAdvice: CredentialAdvice = {
	bearer: 'set RXAUDIT_TOKEN, or give --token-file FILE',
	basic: 'set RXAUDIT_USERNAME, and RXAUDIT_PASSWORD or --password-file FILE',
};

/** The flags for credentials that the source can use; the others are accepted and ignored. */
export function credentialFlagsOf({auth}: Pick<Source, 'auth'>): Flags {
	const schemes = {'token-file': 'bearer', 'password-file': 'basic'} as const;
	return Object.fromEntries(
		Object.entries(credentialFlags).filter(([flag]) => auth.includes(schemes[flag as keyof typeof schemes])),
	);
}

/** The credentials from flags and environment; what a source does not take is left out by the caller. */
export function credentialsFrom(values: FlagValues, env: World['env']) {
	const token = secret(values['token-file'], env['RXAUDIT_TOKEN'], 'token-file');
	const password = secret(values['password-file'], env['RXAUDIT_PASSWORD'], 'password-file');
	const username = env['RXAUDIT_USERNAME']?.trim() || undefined;
	return {token, username, password};
}

/**
 * Throws a ConfigError when none of the schemes has all that it needs, naming what is there in vain. `wanted` says what
 * for, up to the comma in front of what was got.
 */
export function checkCredentials(
	wanted: string,
	schemes: readonly AuthScheme[],
	given: CredentialOptions,
	advice: CredentialAdvice = flagAdvice,
): void {
	const {token, username, password} = given;
	const usable = {bearer: token !== undefined, basic: username !== undefined && password !== undefined};
	if (schemes.length === 0 || schemes.some(scheme => usable[scheme])) return;
	const unwanted = [...(usable.bearer ? ['a token'] : []), ...(usable.basic ? ['a user name and a password'] : [])].map(
		what => `${what}, which it does not take`,
	);
	const halves = [
		...(usable.basic || password === undefined ? [] : ['a password without a user name']),
		...(usable.basic || username === undefined ? [] : ['a user name without a password']),
	];
	const got = [...unwanted, ...halves].join(', and ') || 'none';
	throw new ConfigError(`${wanted}, got ${got}; ${schemes.map(scheme => advice[scheme]).join(', or ')}`);
}

/** What reads the secret in a file, which is tried at once; `title` says whose file it is. */
export function secretIn(file: string, title: string): () => string {
	const read = () => readFileSync(file, 'utf8').trim();
	try {
		if (read() === '') throw new Error('it is empty');
	} catch (error) {
		throw new ConfigError(`${title}: expected a file that holds the secret, but ${reasonOf(error)}`, {cause: error});
	}
	return read;
}

/** Secrets by name, each `NAME=FILE` or `NAME=env:VARIABLE`. A value that was given by mistake is not repeated. */
export function secretsIn(
	pairs: readonly string[],
	title: string,
	world: Pick<World, 'cwd' | 'env'>,
): Record<string, Secret> {
	const secrets: Record<string, Secret> = {};
	for (const pair of pairs) {
		const [, name, place = ''] = /^([^\s:=]+)=(.+)$/s.exec(pair) ?? [];
		if (name === undefined) {
			throw new ConfigError(
				`${title}: expected NAME=FILE or NAME=env:VARIABLE, got something else, which is not shown`,
			);
		}
		if (Object.hasOwn(secrets, name)) throw new ConfigError(`${title}: expected ${name} once, got it again`);
		const value = place.startsWith('env:') ? world.env[place.slice(4)]?.trim() : secretIfFile(fileIn(world, place));
		if (value === undefined || value === '') {
			throw new ConfigError(
				`${title} ${name}: expected ${name}=FILE with a file that holds the value, or ${name}=env:VARIABLE with a variable ` +
					'that is set, got neither; the value itself would be seen by everybody on this machine',
			);
		}
		secrets[name] = value;
	}
	return secrets;
}

function secretIfFile(file: string): Secret | undefined {
	try {
		return secretIn(file, '');
	} catch {
		return undefined;
	}
}

function secret(file: FlagValues[string], value: string | undefined, flag: string): Secret | undefined {
	return typeof file === 'string' ? secretIn(file, `--${flag}`) : value?.trim() || undefined;
}
