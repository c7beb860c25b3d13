import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {Bucket, type BucketOptions, forbidden, type HeldObject, type ObjectFacts, Refusal} from './gcs-bucket.ts';
import {type ContentRange, parseContentRange, Sessions} from './gcs-sessions.ts';
import {parseMultipart} from './gcs-multipart.ts';

/** A request of the JSON API by what it does; `finish` is the PUT that completes a resumable upload. */
export type GcsOperation =
	'upload' | 'start' | 'chunk' | 'finish' | 'status' | 'stat' | 'media' | 'list' | 'delete' | 'patch' | 'bucket';

/**
 * What goes wrong with one request. `cut`: the connection ends in the middle of it; `lost-reply`: it is done, then the
 * connection ends; `half`: so does the answer; `lost-session`: 410, and the session is gone; `corrupt`: what is stored
 * has a byte changed; `garble`: what arrives has; `lie`: the answer shows a wrong checksum; `hang`: no answer. A status is answered, and no more.
 */
export type GcsFault =
	| 'cut'
	| 'lost-reply'
	| 'half'
	| 'lost-session'
	| 'corrupt'
	| 'garble'
	| 'lie'
	| 'hang'
	| {readonly status: number; readonly retryAfter?: string; readonly reason?: string; readonly message?: string};

/** Asked for each request, with how many of its kind came before. */
export type GcsFaults = (operation: GcsOperation, index: number) => GcsFault | undefined;

export interface GcsServerOptions extends Partial<BucketOptions> {
	readonly faults?: GcsFaults;
	/** The port; default: a free one. */
	readonly port?: number;
	/** How many objects a listing gives at once. Default 1000. */
	readonly listSize?: number;
	/** Overlooks conditions, as some emulators and proxies do. */
	readonly ignoresConditions?: boolean;
}

export interface GcsServer {
	readonly url: string;
	readonly bucket: Bucket;
	/** What was asked for, in order. */
	readonly requests: readonly GcsOperation[];
	/** The headers of the last request. */
	readonly lastHeaders: () => IncomingMessage['headers'];
	setFaults(faults: GcsFaults | undefined): void;
	close(): Promise<void>;
}

/** The fault for the n-th request of a kind, from 0, and as many behind it as `times` says. */
export function faultAt(on: GcsOperation, fault: GcsFault, at = 0, times = 1): GcsFaults {
	return (operation, index) => (operation === on && index >= at && index < at + times ? fault : undefined);
}

interface Call {
	readonly operation: GcsOperation;
	readonly name: string;
	readonly query: URLSearchParams;
	readonly request: IncomingMessage;
	readonly range?: ContentRange;
}

interface Answer {
	readonly status: number;
	readonly headers?: Record<string, string>;
	readonly body?: Buffer | object;
	/** The object that was stored. */
	readonly stored?: HeldObject;
}

/**
 * Google Cloud Storage for one bucket, as far as the JSON API goes that its client uses, written from Google's
 * documents: conditions, checksums, resumable sessions and retention are enforced, and any request can be made to fail.
 */
export async function startGcsServer(options: GcsServerOptions = {}): Promise<GcsServer> {
	const bucket = new Bucket({name: 'evidence', ...options});
	const sessions = new Sessions(bucket);
	const requests: GcsOperation[] = [];
	const counts = new Map<GcsOperation, number>();
	let {faults} = options;
	let lastHeaders: IncomingMessage['headers'] = {};
	let url = '';

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		lastHeaders = request.headers;
		const call = parseCall(request, sessions);
		const {operation} = call;
		requests.push(operation);
		const index = counts.get(operation) ?? 0;
		counts.set(operation, index + 1);
		const fault = faults?.(operation, index);
		if (fault === 'hang') return;
		if (fault === 'cut') return cut(request);
		const body = await buffer(request);
		if (fault === 'garble') body[body.length >> 1]! ^= 1;
		if (fault === 'lost-session') {
			sessions.lose(call.query.get('upload_id') ?? '');
			return refuse(response, new Refusal(410, 'gone', 'The upload session is gone.'));
		}
		if (typeof fault === 'object') {
			const {status, retryAfter, reason = 'backendError', message = 'A fault that was asked for.'} = fault;
			if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
			return refuse(response, new Refusal(status, reason, message));
		}
		const answer = answerTo(call, body);
		if (fault === 'lost-reply') return void request.socket.destroy();
		send(response, fault === 'corrupt' || fault === 'lie' ? spoilt(answer, fault) : answer, fault === 'half');
	}

	function spoilt(answer: Answer, fault: 'corrupt' | 'lie'): Answer {
		const {stored} = answer;
		if (!stored) return answer;
		return {
			...answer,
			body: resource(fault === 'corrupt' ? bucket.spoil(stored.name) : {...stored, crc32c: 'AAAAAA=='}),
		};
	}

	function answerTo({operation, name, query, request, range}: Call, body: Buffer): Answer {
		const asked = options.ignoresConditions ? undefined : query.get('ifGenerationMatch');
		const conditions = {ifGenerationMatch: asked ?? undefined};
		const generation = query.get('generation') ?? undefined;
		allow(operation);
		switch (operation) {
			case 'upload': {
				const {facts, bytes} = parseMultipart(body, request.headers['content-type'] ?? '');
				const stored = bucket.put(name, bytes, facts, conditions);
				return {status: 200, body: resource(stored), stored};
			}
			case 'start': {
				const type = request.headers['x-upload-content-type'];
				const told = JSON.parse(body.toString() || '{}') as ObjectFacts;
				const facts = type === undefined ? told : {...told, contentType: String(type)};
				const id = sessions.start(name, facts, conditions);
				const location = `${url}/upload/storage/v1/b/${bucket.options.name}/o?uploadType=resumable&upload_id=${id}`;
				return {status: 200, headers: {location}};
			}
			case 'chunk':
			case 'finish':
			case 'status': {
				const sum = /crc32c=([^,]+)/.exec(String(request.headers['x-goog-hash'] ?? ''))?.[1];
				const taken = sessions.take(query.get('upload_id')!, range!, body, sum);
				if ('done' in taken) return {status: 200, body: resource(taken.done), stored: taken.done};
				const headers = taken.received > 0 ? {range: `bytes=0-${taken.received - 1}`} : {};
				return {status: 308, headers};
			}
			case 'stat':
				return {status: 200, body: resource(bucket.get(name, generation))};
			case 'media':
				return media(bucket.get(name, generation), request.headers.range);
			case 'list':
				return {status: 200, body: listing(query)};
			case 'delete':
				bucket.remove(name, conditions, generation);
				return {status: 204};
			case 'patch':
				return {
					status: 200,
					body: resource(bucket.patch(name, JSON.parse(body.toString()) as ObjectFacts, conditions)),
				};
			case 'bucket':
				return {status: 200, body: {kind: 'storage#bucket', id: bucket.options.name, name: bucket.options.name}};
		}
	}

	function allow(operation: GcsOperation): void {
		const {denied = []} = bucket.options;
		const creates = operation === 'upload' || operation === 'start';
		if (creates && denied.includes('create')) throw forbidden('create');
		if ((operation === 'stat' || operation === 'media') && denied.includes('get')) throw forbidden('get');
		if (operation === 'list' && denied.includes('list')) throw forbidden('list');
	}

	function listing(query: URLSearchParams): object {
		const all = bucket.list(query.get('prefix') ?? '');
		const after = Buffer.from(query.get('pageToken') ?? '', 'base64').toString();
		const from = after === '' ? 0 : all.findIndex(({name}) => name === after) + 1;
		const items = all.slice(from, from + Number(query.get('maxResults') ?? options.listSize ?? 1000));
		const last = items.at(-1);
		const more = last !== undefined && last !== all.at(-1);
		const nextPageToken = more ? {nextPageToken: Buffer.from(last.name).toString('base64')} : {};
		return {kind: 'storage#objects', ...nextPageToken, items: items.map(resource)};
	}

	function parseCall(request: IncomingMessage, sessions: Sessions): Call {
		const {pathname, searchParams: query} = new URL(request.url!, 'http://localhost');
		const [, upload, name, object] =
			/^(\/upload)?(?:\/storage\/v1)?\/b\/([^/]+)(?:\/o(?:\/(.+))?)?$/.exec(pathname) ?? [];
		if (name !== bucket.options.name) throw new Refusal(404, 'notFound', 'The specified bucket does not exist.');
		const isBucket = !pathname.endsWith('/o') && object === undefined;
		const target = {
			name: object === undefined ? (query.get('name') ?? '') : decodeURIComponent(object),
			query,
			request,
		};
		if (upload === undefined)
			return {...target, operation: isBucket ? 'bucket' : plainOperation(request, object, query)};
		if (request.method === 'POST') {
			return {...target, operation: query.get('uploadType') === 'multipart' ? 'upload' : 'start'};
		}
		const range = parseContentRange(request.headers['content-range'] ?? '');
		const length = Number(request.headers['content-length'] ?? 0);
		const last = sessions.isLast(query.get('upload_id') ?? '', range, length);
		return {...target, range, operation: range.from === undefined ? 'status' : last ? 'finish' : 'chunk'};
	}

	const server = createServer((request, response) => {
		request.on('error', () => {}); // the client may leave at any moment
		handle(request, response).catch((error: unknown) => {
			const refusal = error instanceof Refusal ? error : new Refusal(500, 'internalError', String(error));
			request.resume();
			refuse(response, refusal);
		});
	});
	await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return {
		url,
		bucket,
		requests,
		lastHeaders: () => lastHeaders,
		setFaults(given) {
			counts.clear();
			faults = given;
		},
		async close() {
			server.closeAllConnections();
			await new Promise(resolve => server.close(resolve));
		},
	};
}

function plainOperation({method}: IncomingMessage, object: string | undefined, query: URLSearchParams): GcsOperation {
	if (object === undefined) return 'list';
	if (method === 'DELETE') return 'delete';
	if (method === 'PATCH') return 'patch';
	return query.get('alt') === 'media' ? 'media' : 'stat';
}

/** Ends the connection when some of the body has come, or at once where there is none. */
function cut(request: IncomingMessage): void {
	const {socket} = request;
	if (request.method === 'GET' || request.method === 'DELETE') return void socket.destroy();
	request.once('data', () => socket.destroy());
	request.once('end', () => socket.destroy());
}

function resource({bytes, createdMs, metageneration, ...facts}: HeldObject): object {
	const time = new Date(createdMs).toISOString();
	const size = String(bytes.length);
	return {kind: 'storage#object', ...facts, size, metageneration: String(metageneration), timeCreated: time};
}

function media(held: HeldObject, range: string | undefined): Answer {
	const {bytes, crc32c, md5Hash, contentType = 'application/octet-stream', contentEncoding, generation} = held;
	const headers = {
		'content-type': contentType,
		...(contentEncoding === undefined ? {} : {'content-encoding': contentEncoding}),
		'x-goog-hash': `crc32c=${crc32c},md5=${md5Hash}`,
		'x-goog-generation': generation,
		'x-goog-stored-content-length': String(bytes.length),
		'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
	};
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
	if (first === undefined) return {status: 200, headers, body: bytes};
	const from = Number(first);
	if (from >= bytes.length) throw new Refusal(416, 'requestedRangeNotSatisfiable', 'The range is not satisfiable.');
	const to = last ? Math.min(Number(last), bytes.length - 1) : bytes.length - 1;
	const partial = {...headers, 'content-range': `bytes ${from}-${to}/${bytes.length}`};
	return {status: 206, headers: partial, body: bytes.subarray(from, to + 1)};
}

function send(response: ServerResponse, {status, headers = {}, body}: Answer, half: boolean): void {
	const isJson = body !== undefined && !Buffer.isBuffer(body);
	const bytes = isJson ? Buffer.from(JSON.stringify(body)) : (body ?? Buffer.alloc(0));
	const type = isJson ? {'content-type': 'application/json; charset=UTF-8'} : {};
	response.writeHead(status, {...type, ...headers, ...(status === 204 ? {} : {'content-length': bytes.length})});
	if (!half) return void response.end(bytes);
	response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
}

function refuse(response: ServerResponse, {status, reason, message}: Refusal): void {
	const error = {code: status, message, errors: [{domain: 'global', reason, message}]};
	send(response, {status, body: {error}}, false);
}
