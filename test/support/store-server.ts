import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {type HeldObject, Refusal} from './store-bucket.ts';

/**
 * A request of a bucket's API by what it does. `put` stores an object in one request, `begin`, `part` and `complete` in
 * several; the last of them makes it appear.
 */
export type StoreOperation =
	| ('put' | 'begin' | 'part' | 'complete' | 'stat' | 'read' | 'list' | 'delete')
	| (
			| 'status'
			| 'patch'
			| 'bucket' // of Google alone
	  )
	| ('abort' | 'uploads' | 'unknown'); // of Amazon alone

/**
 * What goes wrong with one request. `cut`: the connection ends in the middle of it; `lost-reply`: it is done, then the
 * connection ends; `half`: so does the answer; `lost-session`: the upload in several requests is gone; `corrupt`: what is
 * stored has a byte changed; `garble`: what arrives has; `lie`: the answer shows a wrong checksum; `hang`: no answer. A
 * status is answered, and no more.
 */
export type StoreFault =
	| ('cut' | 'lost-reply' | 'half' | 'lost-session' | 'corrupt' | 'garble' | 'lie' | 'hang')
	| {
			readonly status: number;
			readonly code?: string;
			readonly message?: string;
			readonly retryAfter?: string;
			readonly headers?: Headers;
	  };

type Headers = Readonly<Record<string, string>>;

/** Asked for each request, with how many of its kind came before. */
export type StoreFaults = (operation: StoreOperation, index: number) => StoreFault | undefined;

/** The fault for the n-th request of a kind, from 0, and as many behind it as `times` says. */
export function faultAt(on: StoreOperation, fault: StoreFault, at = 0, times = 1): StoreFaults {
	return (operation, index) => (operation === on && index >= at && index < at + times ? fault : undefined);
}

export interface Call {
	readonly operation: StoreOperation;
	readonly name: string;
	readonly query: URLSearchParams;
	readonly request: IncomingMessage;
}

export interface Answer {
	readonly status: number;
	readonly headers?: Headers;
	readonly body?: Buffer | string | object;
	/** The object that was stored. */
	readonly stored?: HeldObject;
}

/** How a kind of store answers. */
export interface StoreProtocol<C extends Call> {
	parse(request: IncomingMessage): C;
	answer(call: C, body: Buffer): Answer;
	refusal(refusal: Refusal, request: IncomingMessage): Answer;
	/** The upload in several requests that it is of is gone. */
	lose(call: C): void;
	/** The answer to a request whose object was damaged, or is said to be. */
	spoilt(answer: Answer, fault: 'corrupt' | 'lie'): Answer;
}

export interface ServerOptions {
	readonly faults?: StoreFaults;
	/** The port; default: a free one. */
	readonly port?: number;
	/** How many objects a listing gives at once. Default 1000. */
	readonly listSize?: number;
}

export interface StoreServer {
	readonly url: string;
	/** What was asked for, in order. */
	readonly requests: readonly StoreOperation[];
	/** The headers of the last request. */
	readonly lastHeaders: () => IncomingMessage['headers'];
	setFaults(faults: StoreFaults | undefined): void;
	close(): Promise<void>;
}

/** Serves a store, any request of which can be made to fail. */
export async function startStoreServer<C extends Call>(
	{faults: given, port = 0}: ServerOptions,
	protocol: StoreProtocol<C>,
): Promise<StoreServer> {
	const requests: StoreOperation[] = [];
	const counts = new Map<StoreOperation, number>();
	let faults = given;
	let lastHeaders: IncomingMessage['headers'] = {};

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		lastHeaders = request.headers;
		const call = protocol.parse(request);
		const {operation} = call;
		requests.push(operation);
		const index = counts.get(operation) ?? 0;
		counts.set(operation, index + 1);
		const fault = faults?.(operation, index);
		if (fault === 'hang') return;
		if (fault === 'cut') return cut(request);
		const body = await buffer(request);
		if (fault === 'garble') body[body.length >> 1]! ^= 1;
		if (fault === 'lost-session') protocol.lose(call);
		if (typeof fault === 'object') {
			const {status, code = '', message = 'A fault that was asked for.', retryAfter, headers = {}} = fault;
			for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
			if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
			throw new Refusal(status, code, message);
		}
		const answer = protocol.answer(call, body);
		if (fault === 'lost-reply') return void request.socket.destroy();
		send(response, fault === 'corrupt' || fault === 'lie' ? protocol.spoilt(answer, fault) : answer, fault === 'half');
	}

	const server = createServer((request, response) => {
		request.on('error', () => {}); // the client may leave at any moment
		handle(request, response).catch((error: unknown) => {
			const refusal = error instanceof Refusal ? error : new Refusal(500, '', String(error));
			request.resume();
			send(response, protocol.refusal(refusal, request), false);
		});
	});
	await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		lastHeaders: () => lastHeaders,
		setFaults(next) {
			counts.clear();
			faults = next;
		},
		async close() {
			server.closeAllConnections();
			await new Promise(resolve => server.close(resolve));
		},
	};
}

/** Bytes of an object, or those of a range of it. */
export function ranged(bytes: Buffer, range: string | undefined, headers: Headers, unsatisfiable: string): Answer {
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
	if (first === undefined) return {status: 200, headers, body: bytes};
	const from = Number(first);
	if (from >= bytes.length) throw new Refusal(416, unsatisfiable, 'The requested range is not satisfiable');
	const to = last ? Math.min(Number(last), bytes.length - 1) : bytes.length - 1;
	const partial = {...headers, 'content-range': `bytes ${from}-${to}/${bytes.length}`};
	return {status: 206, headers: partial, body: bytes.subarray(from, to + 1)};
}

/** One page of a listing, and the token of the next. */
export function pageOf<H extends HeldObject>(all: readonly H[], token: string, size: number) {
	const after = Buffer.from(token, 'base64').toString();
	const from = after === '' ? 0 : all.findIndex(({name}) => name === after) + 1;
	const page = all.slice(from, from + size);
	const last = page.at(-1);
	const more = last !== undefined && last !== all.at(-1);
	return {page, next: more ? Buffer.from(last.name).toString('base64') : undefined};
}

/** Ends the connection when some of the body has come, or at once where there is none. */
function cut(request: IncomingMessage): void {
	const {socket} = request;
	if (request.method === 'GET' || !Number(request.headers['content-length'] ?? 1)) return void socket.destroy();
	request.once('data', () => socket.destroy());
	request.once('end', () => socket.destroy());
}

function send(response: ServerResponse, {status, headers = {}, body = ''}: Answer, half: boolean): void {
	const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
	const bytes = Buffer.isBuffer(body) ? body : Buffer.from(isJson ? JSON.stringify(body) : (body as string));
	const type = isJson
		? 'application/json; charset=UTF-8'
		: typeof body === 'string' && body
			? 'application/xml'
			: undefined;
	const shown = {...(type === undefined ? {} : {'content-type': type}), ...headers};
	response.writeHead(status, {...shown, ...(status === 204 ? {} : {'content-length': bytes.length})});
	if (!half) return void response.end(bytes);
	response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}
