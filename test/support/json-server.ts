import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';

export interface ServedRequest {
	readonly method: string;
	/** Path and query as they were sent. */
	readonly url: string;
	readonly body: string;
}

/** A server on loopback that answers each request with the JSON that `answer` gives, or with a bare status. */
export async function withJsonServer(
	answer: (request: ServedRequest, index: number) => object | number,
	use: (origin: string, served: readonly ServedRequest[]) => Promise<void>,
): Promise<void> {
	const served: ServedRequest[] = [];
	const server = createServer((request, response) => {
		void buffer(request).then(body => {
			const one = {method: request.method!, url: request.url!, body: body.toString()};
			const given = answer(one, served.push(one) - 1);
			if (typeof given === 'number') response.writeHead(given, {'content-type': 'application/json'}).end('{}');
			else response.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify(given));
		});
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	try {
		await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, served);
	} finally {
		server.closeAllConnections();
		await new Promise(resolve => server.close(resolve));
	}
}
