import {createHash} from 'node:crypto';
import {createServer, type IncomingMessage} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {gunzipSync} from 'node:zlib';

export interface Post {
	readonly url: string;
	readonly headers: IncomingMessage['headers'];
	/** Unpacked. */
	readonly body: string;
}

/** An answer: a status, or a status with a body and headers. */
export type Answer = number | {status: number; body?: unknown; headers?: Record<string, string>};

/** What happens to the n-th request, counted from 1, instead: `lost` is handled, but its answer never arrives. */
export type Fault = (n: number, post: Post) => Answer | 'lost' | undefined;

export interface HttpReceiver {
	readonly origin: string;
	readonly posts: readonly Post[];
	/** The texts of the events that it holds, in the order in which they came. */
	readonly held: readonly string[];
	fault: Fault;
	close(): Promise<void>;
}

/** Handles one request that has arrived whole; keeps events by pushing them. */
type Handle = (post: Post, keep: (text: string) => void) => Answer;

async function startReceiver(handle: Handle): Promise<HttpReceiver> {
	const posts: Post[] = [];
	const held: string[] = [];
	const server = createServer((request, response) => {
		void buffer(request).then(packed => {
			const {url = '', headers, method, socket} = request;
			const body = (headers['content-encoding'] === 'gzip' ? gunzipSync(packed) : packed).toString();
			const post = {url, headers, body};
			const fault = receiver.fault(posts.push(post), post);
			const answer =
				fault !== undefined && fault !== 'lost'
					? fault
					: method === 'POST'
						? handle(post, text => void held.push(text))
						: 405;
			if (fault === 'lost') return socket.destroy();
			const {status, body: said = '', headers: more = {}} = typeof answer === 'number' ? {status: answer} : answer;
			return response.writeHead(status, more).end(typeof said === 'string' ? said : JSON.stringify(said));
		});
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	const receiver: HttpReceiver = {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		posts,
		held,
		fault: () => undefined,
		async close() {
			server.closeAllConnections();
			await new Promise(resolve => server.close(resolve));
		},
	};
	return receiver;
}

/**
 * A webhook as the draft of the Idempotency-Key header has it: a key that it knows is answered and not stored again, and
 * refused with 422 where its payload is another one. `takes` says which events it likes.
 */
export function startWebhook(takes: (text: string) => boolean = () => true): Promise<HttpReceiver> {
	const payloads = new Map<string, string>();
	return startReceiver(({headers, body}, keep) => {
		const key = String(headers['idempotency-key']);
		if (!/^"[\x20-\x7e]+"$/.test(key)) return {status: 400, body: 'no Idempotency-Key'};
		const payload = createHash('sha256').update(body).digest('hex');
		const before = payloads.get(key);
		if (before !== undefined) return before === payload ? 200 : 422;
		const texts =
			headers['content-type'] === 'application/x-ndjson'
				? body.split('\n').slice(0, -1)
				: (JSON.parse(body) as unknown[]).map(event => JSON.stringify(event));
		if (!texts.every(takes)) return {status: 400, body: 'an event is bad'};
		payloads.set(key, payload);
		for (const text of texts) keep(text);
		return 204;
	});
}

/** An HTTP Event Collector of Splunk, by its documentation; what comes before an event that it cannot take is kept. */
export function startHec(token: string): Promise<HttpReceiver> {
	const said = (status: number, code: number, text: string, more = {}) => ({status, body: {text, code, ...more}});
	return startReceiver(({url, headers, body}, keep) => {
		if (!/^\/services\/collector(\/event)?$/.test(url)) return {status: 404, body: {text: 'not found', code: 404}};
		const {authorization} = headers;
		if (authorization === undefined) return said(401, 2, 'Token is required');
		if (!authorization.startsWith('Splunk ')) return said(401, 3, 'Invalid authorization');
		if (authorization !== `Splunk ${token}`) return said(403, 4, 'Invalid token');
		if (body === '') return said(400, 5, 'No data');
		for (const [number, line] of body.split('\n').entries()) {
			if (line === '') continue;
			const {event, time} = JSON.parse(line) as {event?: unknown; time?: unknown};
			const at = {'invalid-event-number': number};
			if (event === undefined) return said(400, 12, 'Event field is required', at);
			if (event === '') return said(400, 13, 'Event field cannot be blank', at);
			if (time !== undefined && typeof time !== 'number') return said(400, 6, 'Invalid data format', at);
			keep(line);
		}
		return said(200, 0, 'Success');
	});
}

export interface ElasticOptions {
	/** The status of an event instead of its being stored. */
	readonly statusOf?: (text: string, n: number) => number | undefined;
}

/** The bulk API of Elasticsearch for one index, by its documentation. */
export function startElastic(token: string, {statusOf = () => undefined}: ElasticOptions = {}): Promise<HttpReceiver> {
	const ids = new Set<string>();
	let requests = 0;
	return startReceiver(({url, headers, body}, keep) => {
		if (headers.authorization !== `ApiKey ${token}`) return {status: 401, body: {error: 'security_exception'}};
		if (!/^\/[a-z-]+\/_bulk(\?|$)/.test(url)) return 405;
		if (!/x-ndjson|json/.test(headers['content-type'] ?? '')) return 406;
		if (!body.endsWith('\n')) return {status: 400, body: {error: 'The bulk request must be terminated by a newline'}};
		requests++;
		const lines = body.split('\n').slice(0, -1);
		const items = lines.flatMap((line, at): {create: {_id: string; status: number; error?: object}}[] => {
			if (at % 2 === 1) return [];
			const {_id: id} = (JSON.parse(line) as {create: {_id: string}}).create;
			const text = lines[at + 1]!;
			const refusal = statusOf(text, requests);
			if (refusal !== undefined) {
				const type = refusal === 403 ? 'security_exception' : refusal === 429 ? 'es_rejected_execution' : 'mapping';
				return [{create: {_id: id, status: refusal, error: {type, reason: `no ${token}`}}}];
			}
			if (ids.has(id)) return [{create: {_id: id, status: 409, error: {type: 'version_conflict_engine_exception'}}}];
			ids.add(id);
			keep(text);
			return [{create: {_id: id, status: 201}}];
		});
		return {status: 200, body: {took: 1, errors: items.some(({create}) => create.status >= 300), items}};
	});
}
