import type {Secret} from '../options/options.ts';
import {AuditError, AuthError, ConfigError, reasonOf} from '../model/errors.ts';

export interface CredentialOptions {
	readonly token?: Secret | undefined;
	readonly username?: string | undefined;
	readonly password?: Secret | undefined;
}

/** How an API wants to be told who is asking. */
export type AuthScheme = 'bearer' | 'basic';

/** The credentials of one source: a header to send, and the secrets that must never be shown. */
export interface Credentials {
	/** Stands for the credential where two uses of the same one must be told apart from two credentials. */
	readonly key: string;
	/** Empty where none is to be sent. */
	header(): Promise<string>;
	/** After a refusal of this header: asks for the secret again; true when there is another header now. */
	refresh(refused: string): Promise<boolean>;
	/** All secrets that were ever used, in the forms in which they were sent. */
	secrets(): readonly string[];
}

/** The first scheme, in the source's order, for which everything is at hand. Having more than needed is no error. */
export function chooseCredentials(
	name: string,
	schemes: readonly AuthScheme[],
	options: CredentialOptions,
): Credentials {
	for (const scheme of schemes) {
		const secret = scheme === 'bearer' ? options.token : options.password;
		if (secret === undefined || secret === '') continue;
		if (scheme === 'bearer') return tokenCredentials(name, 'Bearer', secret);
		const {username} = options;
		if (!username) continue;
		return credentials(
			name,
			username,
			secret,
			password => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
		);
	}
	throw new ConfigError(
		`${name}: expected credentials, got none; ${schemes.map(scheme => wanted[scheme]).join(', or ')}`,
	);
}

/** A token behind the word that an API wants in front of it; without a token, nothing. */
export function tokenCredentials(name: string, word: string, token: Secret | undefined): Credentials {
	if (token !== undefined) return credentials(name, '', token, secret => `${word} ${secret}`);
	return {key: '', header: async () => '', refresh: async () => false, secrets: () => []};
}

const wanted = {
	bearer: 'give the option token',
	basic: 'give the options username and password',
};

function credentials(
	name: string,
	username: string,
	secret: Secret,
	toHeader: (secret: string) => string,
): Credentials {
	let current: string | undefined;
	let asking: Promise<string> | undefined;
	const known = new Set<string>();
	const read = async (): Promise<string> => {
		const value = typeof secret === 'function' ? (await askFor(name, secret)).trim() : secret;
		if (username === '' && !/^[\x21-\x7e]+$/.test(value)) {
			throw new AuthError(
				'UNAUTHORIZED',
				`${name}: the token is empty or holds spaces, line breaks or other characters that no token has`,
			);
		}
		const header = toHeader(value);
		known.add(value).add(header.replace(/^\w+ /, ''));
		return header;
	};
	// one question for all requests that wait for its answer
	const ask = () => (asking ??= read().finally(() => (asking = undefined)));
	return {
		key: `${username}\n${typeof secret === 'string' ? secret : functionKey(secret)}`,
		async header() {
			return (current ??= await ask());
		},
		async refresh(refused) {
			if (typeof secret === 'string') return false;
			if (current === refused) current = await ask();
			return current !== refused;
		},
		secrets: () => [...known],
	};
}

/** Only the message of what the function threw is kept: the rest may hold the secrets of its owner. */
async function askFor(name: string, secret: () => string | Promise<string>): Promise<string> {
	try {
		return await secret();
	} catch (error) {
		if (error instanceof AuditError) throw error;
		throw new AuthError('UNAUTHORIZED', `${name}: the credentials could not be had: ${reasonOf(error)}`);
	}
}

const functionKeys = new WeakMap<() => unknown, string>();
let functionCount = 0;

function functionKey(secret: () => unknown): string {
	let key = functionKeys.get(secret);
	if (!key) functionKeys.set(secret, (key = `function ${++functionCount}`));
	return key;
}
