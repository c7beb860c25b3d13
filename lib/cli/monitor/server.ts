import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {ConfigError} from '../../model/errors.ts';
import {metricsType, renderMetrics, type Watched} from './metrics.ts';

/** Where the metrics are served. */
export interface Address {
	readonly host: string;
	/** 0: any free one. */
	readonly port: number;
}

export interface Monitor {
	/** Of its metrics. */
	readonly url: string;
	close(): Promise<void>;
}

/**
 * Serves `/metrics` and `/healthz` of pipelines until it is closed; it never keeps the process alive. Throws a ConfigError
 * where it cannot listen. `ownTrouble` says what is wrong beside the pipelines.
 */
export async function serveMonitor(
	{host, port}: Address,
	pipelines: readonly Watched[],
	clock: () => number,
	ownTrouble: () => string | undefined = () => undefined,
): Promise<Monitor> {
	const metrics = () => ({status: 200, type: metricsType, body: renderMetrics(pipelines, clock())});
	const server = http.createServer((request, response) => {
		void (async () => {
			const failed = {status: 500, type: 'text/plain', body: 'the metrics cannot be read\n'};
			const {status, type, body} = await answerTo(request, pipelines, metrics, ownTrouble).catch(() => failed);
			const allow = status === 405 ? {allow: 'GET'} : {};
			response.writeHead(status, {'content-type': type, 'cache-control': 'no-store', ...allow}).end(body);
		})();
	});
	server.on('connection', socket => socket.unref());
	server.unref();
	await listen(server, host, port);
	const {address, family, port: own} = server.address() as AddressInfo;
	return {
		url: `http://${family === 'IPv6' ? `[${address}]` : address}:${own}/metrics`,
		close: () =>
			new Promise(resolve => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

interface Answer {
	readonly status: number;
	readonly type: string;
	readonly body: string;
}

/** No address of a request is repeated: it may be anybody's. */
async function answerTo(
	{method, url = ''}: http.IncomingMessage,
	pipelines: readonly Watched[],
	metrics: () => Answer,
	ownTrouble: () => string | undefined,
): Promise<Answer> {
	const text = (status: number, body: string) => ({status, type: 'text/plain; charset=utf-8', body: `${body}\n`});
	const path = url.replace(/\?.*$/s, '');
	if (path !== '/metrics' && path !== '/healthz') return text(404, 'expected /metrics or /healthz');
	if (method !== 'GET') return text(405, 'expected GET');
	if (path === '/metrics') return metrics();
	const own = ownTrouble();
	const ofPipelines = pipelines.flatMap(({pipeline, trouble}) => {
		const reason = trouble();
		return reason === undefined ? [] : [`${pipeline}: ${reason}`];
	});
	const troubles = own === undefined ? ofPipelines : [own, ...ofPipelines];
	return troubles.length === 0 ? text(200, 'ok') : text(503, troubles.join('\n'));
}

function listen(server: http.Server, host: string, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			const reason = reasons[error.code ?? ''] ?? 'it cannot be listened at';
			const got = `${host.includes(':') ? `[${host}]` : host}:${port}`;
			reject(
				new ConfigError(`--metrics: expected a free port, got ${got}: ${reason} (${error.code}); give another one`, {
					cause: error,
				}),
			);
		});
		server.listen({host, port}, () => resolve());
	});
}

const reasons: Readonly<Record<string, string>> = {
	EADDRINUSE: 'somebody listens there already',
	EACCES: 'this user may not listen there',
	EADDRNOTAVAIL: 'this machine has no such address',
	ENOTFOUND: 'there is no such host',
};
