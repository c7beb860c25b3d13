import http from 'node:http';
import https from 'node:https';
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {SecureContext} from 'node:tls';
import {type Proxy, proxyRules} from './proxy.ts';

/** The code of a failure of a proxy that another try may find mended, and of one that will stay. */
export const proxyFailed = 'ERR_PROXY_FAILED';
export const proxyRefused = 'ERR_PROXY_REFUSED';

/** The longest that a proxy may take to open a tunnel. */
const tunnelTimeoutMs = 10_000;
/** Who asks again and again makes an agent each time, so that an idle connection must not outlive it for long. */
const idleMs = 10_000;

interface Target {
	readonly host: string;
	readonly port: number;
}
type Connect = (
	options: Target & {readonly socket?: Duplex},
	callback?: (error: Error | null, socket?: Duplex) => void,
) => Duplex | undefined;

/**
 * What makes the connections of one protocol: directly or, where the environment names a proxy, in a tunnel through it,
 * with the certificates of `secure`. What goes wrong at the proxy is said of the proxy.
 */
export function createAgent(
	protocol: 'http:' | 'https:',
	secure?: SecureContext,
	env: NodeJS.ProcessEnv = process.env,
): http.Agent {
	const proxyFor = proxyRules(protocol, env);
	const settings = {keepAlive: true, ...(secure ? {secureContext: secure} : {})};
	const agent = protocol === 'https:' ? new https.Agent(settings) : new http.Agent(settings);
	const connecting = agent as unknown as {createConnection: Connect; keepSocketAlive(socket: Socket): boolean};
	const connect = connecting.createConnection.bind(agent);
	const keep = connecting.keepSocketAlive.bind(agent);
	connecting.keepSocketAlive = socket => {
		const isKept = keep(socket);
		// a server may have announced less
		if (!socket.timeout || socket.timeout > idleMs) socket.setTimeout(idleMs);
		return isKept;
	};
	connecting.createConnection = (target, callback) => {
		const proxy = proxyFor(target.host, Number(target.port));
		if (!proxy) return connect(target, callback);
		openTunnel(proxy, target, secure).then(
			socket => callback!(null, protocol === 'https:' ? connect({...target, socket}) : socket),
			(error: Error) => callback!(error),
		);
		return undefined;
	};
	return agent;
}

/** A connection to a host through a proxy; rejects with an error that names the proxy, and has one of the codes above. */
export function openTunnel(proxy: Proxy, {host, port}: Target, secure: SecureContext | undefined): Promise<Duplex> {
	const {url, variable, authorization} = proxy;
	const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
	const named = `the proxy ${url.origin} of ${variable}`;
	return new Promise((resolve, reject) => {
		const options = {
			method: 'CONNECT',
			host: url.hostname.replace(/^\[|\]$/g, ''),
			port: url.port || (url.protocol === 'https:' ? 443 : 80),
			path: authority,
			headers: {host: authority, ...(authorization ? {'proxy-authorization': authorization} : {})},
			agent: false as const,
			timeout: tunnelTimeoutMs,
		};
		const request =
			url.protocol === 'https:'
				? https.request({...options, ...(secure ? {secureContext: secure} : {})})
				: http.request(options);
		const fail = (code: string, reason: string) => {
			reject(Object.assign(new Error(`${named} ${reason}`), {code}));
			request.destroy();
		};
		request.once('connect', ({statusCode = 0}: http.IncomingMessage, socket: Socket, head: Buffer) => {
			socket.setTimeout(0);
			if (statusCode >= 200 && statusCode < 300) {
				if (head.length > 0) socket.unshift(head);
				return resolve(socket);
			}
			socket.destroy();
			fail(
				statusCode >= 500 || statusCode === 429 ? proxyFailed : proxyRefused,
				refusal(statusCode, authority, variable),
			);
		});
		request.once('timeout', () =>
			fail(proxyFailed, `opened no way to ${authority} within ${tunnelTimeoutMs / 1000} s`),
		);
		request.once('error', (error: NodeJS.ErrnoException) => {
			const reason = error.code ?? error.message;
			fail(proxyFailed, `cannot be reached (${reason}); check ${variable}, or name the host in NO_PROXY`);
		});
		request.end();
	});
}

function refusal(status: number, authority: string, variable: string): string {
	if (status !== 407) return `opened no way to ${authority}, it answered ${status}; ask who runs it, or see NO_PROXY`;
	return `wants other credentials (407); write them into ${variable}=http://USER:PASSWORD@host:port, with %XX for signs like @`;
}
