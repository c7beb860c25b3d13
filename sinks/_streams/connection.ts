import type {SecureContext} from 'node:tls';
import {z} from 'zod';
import {type CertificateOptions, readCertificates} from '../../lib/http/certificates.ts';
import {isLoopback} from '../../lib/http/endpoint.ts';
import {createSecretFilter, excerpt} from '../../lib/http/secrets.ts';
import {AuditError, AuthError, ConfigError, reasonOf} from '../../lib/model/errors.ts';
import {
	backoffOptions,
	certificateOptions,
	type Secret,
	secret,
	trueOrFalse,
	wholeNumber,
} from '../../lib/options/options.ts';

/** What all sinks have that send messages to brokers. */
export const brokerOptions = {
	username: z.string().min(1).optional().describe('the user at the broker'),
	password: secret.optional().meta({secret: true}).describe("the user's password, or a function that gives it"),
	tls: trueOrFalse
		.optional()
		.describe('whether connections are encrypted; default: true, but for brokers on this machine'),
	insecure: trueOrFalse
		.default(false)
		.describe('true: with tls false secrets may travel in the clear, within a network that you trust'),
	...certificateOptions,
	timeoutMs: wholeNumber(100, 3_600_000)
		.default(30_000)
		.describe('the longest wait for an answer of the broker, in milliseconds'),
	maxAttempts: wholeNumber(2, 100)
		.default(6)
		.describe('how often the same thing is tried at most while the broker is away or busy'),
	...backoffOptions,
};

export interface BrokerRetry {
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
	readonly retryMaxMs: number;
}

const server = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** The brokers in `host:port,host:port`, each with a port. Throws a ConfigError that shows no secret. */
export function serversIn(name: string, option: string, text: string, port: number): readonly string[] {
	const servers = text.split(',').map(part => part.trim());
	if (!servers.every(one => server.test(one))) {
		const got = /[@/]/.test(text) ? 'something else, which is not shown as it may hold a secret' : JSON.stringify(text);
		throw ConfigError.of(name, [{option, expected: 'brokers like host:port,host:port', got}]);
	}
	return servers.map(one => (/:\d+$/.test(one.replace(/^\[.*\]/, '')) ? one : `${one}:${port}`));
}

interface Encryption extends CertificateOptions {
	readonly tls?: boolean | undefined;
	readonly insecure: boolean;
}

/**
 * What a connection is encrypted with, undefined where it is not, and what a user must know then. Throws a ConfigError
 * where a secret would travel in the clear.
 */
export function encryptionOf(
	name: string,
	servers: readonly string[],
	options: Encryption,
	hasSecret: boolean,
): {readonly tls?: {readonly secureContext?: SecureContext}; readonly warning?: string} {
	const isLocal = servers.every(one => isLoopback(new URL(`tcp://${one}`)));
	if (options.tls ?? !isLocal) {
		const secureContext = readCertificates(name, options);
		return {tls: secureContext ? {secureContext} : {}};
	}
	if (isLocal) return {};
	if (hasSecret && !options.insecure) {
		const expected = 'true, as secrets would travel in the clear';
		const advice = 'insecure true allows it, in a network that you trust';
		throw ConfigError.of(name, [{option: 'tls', expected, got: 'false', do: advice}]);
	}
	const what = hasSecret ? 'events and secrets' : 'events';
	return {warning: `${name}: the connection is not encrypted: ${what} can be read on the way to ${servers.join(', ')}`};
}

/** Throws a ConfigError where of a user and a password one is missing. */
export function checkUser(name: string, {username, password}: {username?: unknown; password?: unknown}): void {
	if ((username === undefined) === (password === undefined)) return;
	const [option, got] = username === undefined ? ['username', 'a password alone'] : ['password', 'a user name alone'];
	throw ConfigError.of(name, [{option, expected: 'a user name and a password, or neither', got}]);
}

/** Secrets that were read, and what hides them in the words of a broker. */
export function secretReader(name: string) {
	const known = new Set<string>();
	return {
		async read(given: Secret): Promise<string> {
			try {
				const value = typeof given === 'function' ? (await given()).trim() : given;
				known.add(value);
				return value;
			} catch (error) {
				if (error instanceof AuditError) throw error;
				throw new AuthError('UNAUTHORIZED', `${name}: the credentials could not be had: ${reasonOf(error)}`);
			}
		},
		/** What the broker said, on one line and without secrets. */
		quote: (text: string) => excerpt(createSecretFilter(known)(text)),
	};
}
