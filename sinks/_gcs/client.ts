import type {Agent} from 'node:http';
import type {Bucket} from '@google-cloud/storage';
import {AuthError, ConfigError, reasonOf, SinkError} from '../../lib/model/errors.ts';
import {isLoopback, parseEndpoint} from '../../lib/http/endpoint.ts';
import {type CertificateOptions, readCertificates} from '../../lib/http/certificates.ts';
import type {BucketRetry} from '../_objects/bucket-retry.ts';
import {credentialsError, failureOf, gcsError, isPassing} from './errors.ts';
import {createAgent, openTunnel, proxyRefused} from '../../lib/http/agent.ts';
import {type Proxy, proxyRules} from '../../lib/http/proxy.ts';

type Interceptor = Bucket['interceptors'][number];
const vendor = 'https://storage.googleapis.com';

/**
 * The bucket, with credentials from Google's default chain; none are sent to loopback, nor where
 * STORAGE_EMULATOR_HOST says that there is an emulator. Nothing is asked of the bucket yet.
 */
export async function openBucket(
	apiEndpoint: string | undefined,
	retry: BucketRetry & CertificateOptions & {readonly timeoutMs: number; readonly insecure?: boolean},
): Promise<Bucket> {
	const {endpoint, authenticates} = chooseEndpoint(apiEndpoint, retry.insecure ?? false);
	const connection = await connectionTo(new URL(endpoint ?? vendor), retry);
	const {Storage} = await import('@google-cloud/storage');
	const storage = new Storage({
		...(endpoint ? {apiEndpoint: endpoint, useAuthWithCustomEndpoint: authenticates} : {}),
		clientOptions: {transporterOptions: {agent: connection.agent as () => Agent}},
		timeout: retry.timeoutMs,
		// Its own tries neither hear the run's signal nor Retry-After, and give up on a reply that was lost.
		retryOptions: {autoRetry: false, retryableErrorFn: () => false},
	});
	storage.interceptors.push({
		request: options => Object.assign(options, connection) as ReturnType<Interceptor['request']>,
	});
	// without credentials the client would send its requests without any
	if (authenticates) {
		await storage.authClient.getClient().catch((error: unknown) => {
			const failure = failureOf(error);
			throw isPassing(failure) ? gcsError(failure, 'get credentials', retry.bucket) : credentialsError(error);
		});
	}
	return storage.bucket(retry.bucket);
}

function chooseEndpoint(
	apiEndpoint: string | undefined,
	insecure: boolean,
): {endpoint?: string; authenticates: boolean} {
	const emulator = process.env['STORAGE_EMULATOR_HOST'];
	if (emulator !== undefined && apiEndpoint !== undefined && emulator !== apiEndpoint) {
		// the client would send some of its requests to one and some to the other
		throw new ConfigError('gcs: expected apiEndpoint or STORAGE_EMULATOR_HOST, got both, and they differ');
	}
	const given = emulator ?? apiEndpoint;
	if (given === undefined) return {authenticates: true};
	// an emulator gets no credentials
	const url = parseEndpoint('gcs', given, insecure || emulator !== undefined);
	return {endpoint: given, authenticates: emulator === undefined && !isLoopback(url)};
}

/** Options of Google's client for each request; it has two ways to send one, and each reads other members. */
export interface Connection {
	/** For sessions and credentials: our own connections. */
	readonly agent: (url: URL) => unknown;
	/** For all else: what the client makes connections with itself. */
	readonly pool: object;
	readonly proxy?: string;
}

/**
 * The agents by which Google's client connects to a host. The client reads proxies in a way of its own: settings that
 * it would read otherwise than rxaudit are refused (ConfigError), and a proxy that opens no tunnel is found here, since
 * the client would blame the bucket.
 */
export async function connectionTo(address: URL, options: CertificateOptions): Promise<Connection> {
	const {hostname} = address;
	const scheme = address.protocol === 'http:' ? 'http:' : 'https:';
	const port = Number(address.port || (scheme === 'http:' ? 80 : 443));
	const secure = readCertificates('gcs', options);
	const proxy = proxyRules(scheme, process.env)(hostname, port);
	const https = createAgent('https:', secure);
	const connection = {
		agent: ({protocol}: URL) => (protocol === 'https:' ? https : undefined),
		pool: secure ? {secureContext: secure} : {},
	};
	if (!proxy) {
		refuseOwnProxy(hostname);
		return connection;
	}
	if (secure) {
		throw new ConfigError(
			`gcs: expected no certificate files, since the client of Google takes none through the proxy of ${proxy.variable}; ` +
				'give those of authorities in NODE_EXTRA_CA_CERTS',
		);
	}
	try {
		(await openTunnel(proxy, {host: hostname, port}, undefined)).destroy();
	} catch (error) {
		const message = `gcs: ${reasonOf(error)}`;
		const isLogin = (error as NodeJS.ErrnoException).code === proxyRefused && message.includes('(407)');
		throw isLogin ? new AuthError('UNAUTHORIZED', message) : new SinkError('SINK_FAILED', message);
	}
	return {...connection, proxy: withLogin(proxy)};
}

/** The client takes any of these variables for any protocol, and knows whole names and `.names` only. */
function refuseOwnProxy(hostname: string): void {
	const {env} = process;
	const variable = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'].find(name => env[name]);
	const excepted = (env['NO_PROXY'] || env['no_proxy'] || '').split(',').map(entry => entry.trim());
	const isKnown = excepted.some(
		entry => entry === hostname || (/^\*?\./.test(entry) && hostname.endsWith(entry.replace(/^\*/, ''))),
	);
	if (variable === undefined || isKnown) return;
	throw new ConfigError(
		`gcs: expected ${hostname} in NO_PROXY, as the client of Google would go through the proxy of ${variable} else`,
	);
}

function withLogin({url, authorization}: Proxy): string {
	if (authorization === undefined) return url.href;
	const login = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
	const [, username = '', password = ''] = /^([^:]*):(.*)$/s.exec(login) ?? [];
	return url.href.replace('//', `//${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}
