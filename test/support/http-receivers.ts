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

/** What happens to the n-th request, counted from 1, instead: `lost` is handled, but its answer never arrives; `hang`: no answer. */
export type Fault = (n: number, post: Post) => Answer | 'lost' | 'hang' | undefined;

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
			if (fault === 'hang') return undefined;
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

export interface HecOptions {
	/** True where the token asks for indexer acknowledgment, and so for a channel. */
	readonly wantsChannel?: boolean;
	/** Those that the token may write to; the first is its own. */
	readonly indexes?: readonly string[];
}

/** An HTTP Event Collector of Splunk, by its documentation; what comes before an event that it cannot take is kept. */
export function startHec(token: string, {wantsChannel, indexes = ['main']}: HecOptions = {}): Promise<HttpReceiver> {
	const said = (status: number, code: number, text: string, more = {}) => ({status, body: {text, code, ...more}});
	return startReceiver(({url, headers, body}, keep) => {
		if (!/^\/services\/collector(\/event)?$/.test(url)) return {status: 404, body: {text: 'not found', code: 404}};
		const {authorization} = headers;
		if (authorization === undefined) return said(401, 2, 'Token is required');
		if (!authorization.startsWith('Splunk ')) return said(401, 3, 'Invalid authorization');
		if (authorization !== `Splunk ${token}`) return said(403, 4, 'Invalid token');
		if (body === '') return said(400, 5, 'No data');
		const channel = String(headers['x-splunk-request-channel'] ?? '');
		if (wantsChannel && channel === '') return said(400, 10, 'Data channel is missing');
		if (channel !== '' && !/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(channel)) {
			return said(400, 11, 'Invalid data channel');
		}
		for (const [number, line] of body.split('\n').entries()) {
			if (line === '') continue;
			const {event, time, index} = JSON.parse(line) as {event?: unknown; time?: unknown; index?: string};
			const at = {'invalid-event-number': number};
			if (event === undefined) return said(400, 12, 'Event field is required', at);
			if (event === '') return said(400, 13, 'Event field cannot be blank', at);
			if (time !== undefined && typeof time !== 'number') return said(400, 6, 'Invalid data format', at);
			if (index !== undefined && !indexes.includes(index)) return said(400, 7, 'Incorrect index', at);
			keep(line);
		}
		return said(200, 0, 'Success');
	});
}

export interface ElasticOptions {
	/** The status of an event instead of its being stored, with the type of the error where that is not the usual one. */
	readonly statusOf?: (text: string, n: number) => number | {status: number; type: string} | undefined;
	/** True of a data stream that gives ids itself. */
	readonly refusesIds?: boolean;
}

/** The bulk API of Elasticsearch for one index, by its documentation. */
export function startElastic(token: string, options: ElasticOptions = {}): Promise<HttpReceiver> {
	const {statusOf = () => undefined, refusesIds = false} = options;
	const ids = new Set<string>();
	let requests = 0;
	return startReceiver(({url, headers, body}, keep) => {
		if (headers.authorization !== `ApiKey ${token}`) return {status: 401, body: {error: 'security_exception'}};
		if (!/^(\/[a-z-]+)?\/_bulk(\?|$)/.test(url)) return 405;
		if (!/x-ndjson|json/.test(headers['content-type'] ?? '')) return 406;
		if (!body.endsWith('\n')) return {status: 400, body: {error: 'The bulk request must be terminated by a newline'}};
		requests++;
		const lines = body.split('\n').slice(0, -1);
		const actions = lines.filter((_, at) => at % 2 === 0).map(line => (JSON.parse(line) as BulkAction).create);
		if (url.startsWith('/_bulk') && actions.some(({_index}) => _index === undefined)) {
			return {status: 400, body: {error: {type: 'action_request_validation_exception', reason: 'index is missing'}}};
		}
		const items = actions.map(({_id: given}, at): {create: {_id: string; status: number; error?: object}} => {
			const id = given ?? `made-${requests}-${at}`;
			const text = lines[2 * at + 1]!;
			const found = statusOf(text, requests) ?? (refusesIds && given !== undefined ? 400 : undefined);
			if (found !== undefined) {
				const {status, type} = typeof found === 'number' ? {status: found, type: usualType(found)} : found;
				return {create: {_id: id, status, error: {type, reason: `no ${token}`}}};
			}
			if (ids.has(id)) return {create: {_id: id, status: 409, error: {type: 'version_conflict_engine_exception'}}};
			ids.add(id);
			keep(text);
			return {create: {_id: id, status: 201}};
		});
		return {status: 200, body: {took: 1, errors: items.some(({create}) => create.status >= 300), items}};
	});
}

interface BulkAction {
	readonly create: {readonly _id?: string; readonly _index?: string};
}

function usualType(status: number): string {
	return status === 403 ? 'security_exception' : status === 429 ? 'es_rejected_execution' : 'mapping';
}
