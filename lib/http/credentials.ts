import {AuthError, ConfigError} from '../errors.ts';

/** A secret, or how to get it: a function is asked again when the API refuses what it gave before. */
export type Secret = string | (() => string | Promise<string>);

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
	header(): Promise<string>;
	/** Asks for the secret again; true when it gave another one. */
	refresh(): Promise<boolean>;
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
		if (scheme === 'bearer') return credentials('', secret, token => `Bearer ${token}`);
		const {username} = options;
		if (!username) continue;
		return credentials(
			username,
			secret,
			password => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
		);
	}
	throw new ConfigError(`${name}: expected credentials, got none; ${schemes.map(scheme => wanted[scheme]).join(', or ')}`);
}

const wanted = {
	bearer: 'set RXAUDIT_TOKEN, or give --token-file FILE',
	basic: 'set RXAUDIT_USERNAME and RXAUDIT_PASSWORD, or give --password-file FILE',
};

function credentials(username: string, secret: Secret, toHeader: (secret: string) => string): Credentials {
	let current: string | undefined;
	const known = new Set<string>();
	const ask = async (): Promise<string> => {
		const value = typeof secret === 'function' ? (await secret()).trim() : secret;
		if (!/^[\x21-\x7e]+$/.test(value) && username === '') {
			throw new AuthError('UNAUTHORIZED', 'the token is empty or holds spaces, line breaks or other characters that no token has');
		}
		known.add(value).add(toHeader(value).replace(/^\w+ /, ''));
		return value;
	};
	return {
		key: `${username}\n${typeof secret === 'string' ? secret : functionKey(secret)}`,
		async header() {
			return toHeader((current ??= await ask()));
		},
		async refresh() {
			if (typeof secret === 'string') return false;
			const before = current;
			current = await ask();
			return current !== before;
		},
		secrets: () => [...known],
	};
}

const functionKeys = new WeakMap<() => unknown, string>();
let functionCount = 0;

function functionKey(secret: () => unknown): string {
	let key = functionKeys.get(secret);
	if (!key) functionKeys.set(secret, (key = `function ${++functionCount}`));
	return key;
}
