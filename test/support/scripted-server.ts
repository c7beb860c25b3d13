import http, {type IncomingHttpHeaders, type ServerResponse} from 'node:http';
import type {AddressInfo, Socket} from 'node:net';
import type {Clock} from '../../lib/model/clock.ts';

export interface SeenRequest {
	readonly method: string;
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: string;
	readonly socket: Socket;
}

export interface ScriptedServer {
	readonly origin: string;
	readonly requests: readonly SeenRequest[];
	/** Resolves when the next connection has ended. */
	closed(): Promise<void>;
}

/** Answers one request, the n-th, counted from 1. */
export type Script = (response: ServerResponse, n: number, request: SeenRequest) => unknown;

/** A function that starts servers on 127.0.0.1 which answer by a script; they end with the test. */
export function scriptedServers(): (script: Script) => Promise<ScriptedServer> {
	const servers: http.Server[] = [];
	afterEach(() => {
		for (const server of servers.splice(0)) server.close().closeAllConnections();
	});
	return async script => {
		const requests: SeenRequest[] = [];
		let onClose = () => {};
		const server = http.createServer((request, response) => {
			const {method = '', url = '', headers, socket} = request;
			let body = '';
			request.setEncoding('utf8').on('data', (text: string) => (body += text));
			request.once('end', () => {
				const seen = {method, url, headers, body, socket};
				script(response, requests.push(seen), seen);
			});
		});
		server.on('connection', socket => socket.on('error', () => {}).once('close', () => onClose()));
		servers.push(server);
		await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
		const {port} = server.address() as AddressInfo;
		const closed = () => new Promise<void>(resolve => (onClose = resolve));
		return {origin: `http://127.0.0.1:${port}`, requests, closed};
	};
}

/** A script that passes all requests on, with up to `latencyMs` of this clock's time on either way. */
export function latency(target: string, clock: Clock, latencyMs: () => number): Script {
	return async (response, _n, {url, headers}) => {
		await clock.sleep(latencyMs());
		const answer = await fetch(target + url, {headers: {authorization: headers.authorization ?? ''}});
		const body = Buffer.from(await answer.arrayBuffer());
		await clock.sleep(latencyMs());
		response.writeHead(answer.status, {'content-type': 'application/json', 'content-length': body.length}).end(body);
	};
}
