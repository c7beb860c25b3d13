import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, {type AddressInfo} from 'node:net';

/** Where a certificate of the tests is: valid until 2199, made for them alone. */
export function pem(name: string): string {
	return new URL(`../fixtures/tls/${name}.pem`, import.meta.url).pathname;
}

export function pair(name: string): {readonly cert: Buffer; readonly key: Buffer} {
	return {cert: fs.readFileSync(pem(name)), key: fs.readFileSync(pem(`${name}.key`))};
}

export interface TestProxy {
	readonly origin: string;
	/** Of each tunnel that was asked for: where to, and the credentials. */
	readonly asked: readonly string[];
}

/** Functions that start servers on 127.0.0.1, which end with the test. */
export function localServers() {
	const servers: http.Server[] = [];
	const sockets = new Set<net.Socket>();
	afterEach(() => {
		for (const server of servers.splice(0)) server.close().closeAllConnections();
		for (const socket of sockets) socket.destroy();
	});
	async function listen(server: http.Server): Promise<number> {
		servers.push(server);
		server.on('connection', socket =>
			sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket))),
		);
		await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
		return (server.address() as AddressInfo).port;
	}
	return {
		/** Answers all with `{}`; over TLS where options are given. */
		async api(options?: https.ServerOptions): Promise<number> {
			const answer: http.RequestListener = (_request, response) => {
				response.writeHead(200, {'content-type': 'application/json'}).end('{}');
			};
			return listen(options ? https.createServer(options, answer) : http.createServer(answer));
		},
		/** Opens tunnels to a port, whatever host is asked for; or answers with a status. */
		async proxy(port: number, status = 200): Promise<TestProxy> {
			const asked: string[] = [];
			const server = http.createServer();
			server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
				asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
				if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
				const through = net.connect(port, '127.0.0.1', () => {
					socket.write('HTTP/1.1 200 OK\r\n\r\n');
					through.pipe(socket).pipe(through);
				});
				through.on('error', () => socket.destroy());
				socket.on('close', () => through.destroy());
				sockets.add(through);
			});
			return {origin: `http://127.0.0.1:${await listen(server)}`, asked};
		},
	};
}
