import {isIP} from 'node:net';
import type {Redis, RedisOptions} from 'ioredis';
import {explainConnection} from '../http/connection-failure.ts';
import {type CertificateOptions, readCertificates} from '../http/certificates.ts';
import {isLoopback} from '../http/endpoint.ts';
import {AuthError, ConfigError, reasonOf, StateError} from '../model/errors.ts';

export type {Redis} from 'ioredis';

export interface RedisAddress extends CertificateOptions {
	/** `redis://[USER@]HOST[:PORT][/DATABASE]`, or `rediss://` for TLS; never with the password. */
	readonly url: string;
	readonly password?: string | undefined;
	/** Whether the password may travel in the clear, in a network that you trust. */
	readonly insecure?: boolean | undefined;
}

/** What is wrong with the server's certificate, or its authority. */
const isOfCertificate = /SELF_SIGNED|UNABLE_TO_|^CERT_|ALTNAME/;
/** What nobody answers so long has failed, in milliseconds. */
const commandMs = 5000;
/** The longest wait between two attempts to connect. */
const reconnectMs = 1000;

/**
 * A connection to Redis, or to what speaks as it does. It connects again for ever; commands fail after five seconds.
 * Throws a ConfigError for an address that cannot be one, and for a Redis that forgets what it has no room for; an
 * AuthError where it refuses the user; a StateError `STATE_FAILED` where nobody is there.
 */
export async function openRedis(address: RedisAddress): Promise<Redis> {
	const {Redis} = await loadClient();
	const redis = new Redis({...redisOptions(address), commandTimeout: commandMs, lazyConnect: true});
	let failure: Error | undefined;
	redis.on('error', error => (failure = error)); // later each command that fails says so
	try {
		await redis.connect();
		await checkEviction(redis, titleOf(redis));
		return redis;
	} catch (error) {
		redis.disconnect();
		throw toError(failure ?? error, titleOf(redis));
	}
}

/** The options of a client for this address. */
export function redisOptions(address: RedisAddress): RedisOptions {
	const url = parseUrl(address.url);
	if (address.password !== undefined && url.protocol === 'redis:' && !isLoopback(url) && !address.insecure) {
		throw new ConfigError(
			spell =>
				`${spell('redis')}: expected rediss://, as the password would travel in the clear, got redis://; ` +
				`${spell('redisInsecure')} allows it, in a network that you trust`,
		);
	}
	const secureContext = readCertificates('redis', address);
	const host = url.hostname.replace(/^\[|\]$/g, '');
	return {
		host,
		port: url.port === '' ? 6379 : Number(url.port),
		...(url.username === '' ? {} : {username: decodeURIComponent(url.username)}),
		...(address.password === undefined ? {} : {password: address.password}),
		db: Number(url.pathname.slice(1) || 0),
		...(url.protocol === 'rediss:'
			? {tls: {...(isIP(host) ? {} : {servername: host}), ...(secureContext ? {secureContext} : {})}}
			: {}),
		maxRetriesPerRequest: null,
		retryStrategy: attempt => Math.min(attempt * 100, reconnectMs),
		reconnectOnError: error => (/^(READONLY|LOADING)/.test(error.message) ? 2 : false),
	};
}

/** A connection, for people: never a secret. */
export function titleOf({options: {host, port, db, tls}}: Redis): string {
	return `${tls ? 'rediss' : 'redis'}://${host}:${port}${db ? `/${db}` : ''}`;
}

async function loadClient() {
	try {
		return await import('ioredis');
	} catch (error) {
		throw new ConfigError('redis: expected the packages ioredis and bullmq: npm install ioredis bullmq', {
			cause: error,
		});
	}
}

function parseUrl(text: string): URL {
	const expected = 'expected an address like redis://HOST:6379, or rediss://USER@HOST:6379/0 for TLS';
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '') {
		throw new ConfigError(spell => `${spell('redis')}: ${expected}, got another text`);
	}
	if (url.password !== '') {
		throw new ConfigError(
			spell =>
				`${spell('redis')}: ${expected}, got one with a password, which others can see: ` +
				`set RXAUDIT_REDIS_PASSWORD, or give ${spell('redisPasswordFile')}`,
		);
	}
	if (!/^\/?\d*$/.test(url.pathname) || url.search !== '' || url.hash !== '') {
		throw new ConfigError(spell => `${spell('redis')}: ${expected}, got more than that`);
	}
	return url;
}

/** A Redis that makes room for new keys by forgetting old ones would forget what was read. */
async function checkEviction(redis: Redis, title: string): Promise<void> {
	const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
	if (policy === undefined || policy === 'noeviction') return;
	throw new ConfigError(
		`${title}: expected maxmemory-policy noeviction, got ${policy}, which forgets states when memory is full; ` +
			'set maxmemory-policy noeviction in its configuration',
	);
}

function toError(error: unknown, title: string): unknown {
	if (error instanceof ConfigError) return error;
	const reason = reasonOf(error).replace(/ Please report this\.?$/, '');
	if (/^(NOAUTH|WRONGPASS|NOPERM)|without any password configured/.test(reason)) {
		return new AuthError(
			'UNAUTHORIZED',
			spell =>
				`${title}: Redis refuses the user: ${reason}; name the user in ${spell('redis')}, and set ` +
				`RXAUDIT_REDIS_PASSWORD or give ${spell('redisPasswordFile')}`,
		);
	}
	const code = String((error as NodeJS.ErrnoException).code);
	const untrusted = isOfCertificate.test(code) ? explainConnection(code, reason, '--redis-') : undefined;
	return new StateError('STATE_FAILED', `${title}: expected a Redis, but ${untrusted ?? reason}`, {cause: error});
}
