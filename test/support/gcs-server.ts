import type {IncomingMessage} from 'node:http';
import {Bucket, forbidden, type HeldObject, type ObjectFacts, type Permission} from './gcs-bucket.ts';
import {type ContentRange, parseContentRange, parseMultipart, Sessions} from './gcs-sessions.ts';
import {type BucketOptions, Refusal} from './store-bucket.ts';
import {
	type Answer,
	type Call,
	pageOf,
	ranged,
	type ServerOptions,
	startStoreServer,
	type StoreOperation,
	type StoreServer,
} from './store-server.ts';

export interface GcsServerOptions extends ServerOptions, Partial<BucketOptions<Permission>> {
	/** Overlooks conditions, as some emulators and proxies do. */
	readonly ignoresConditions?: boolean;
}

export interface GcsServer extends StoreServer {
	readonly bucket: Bucket;
}

interface GcsCall extends Call {
	readonly range?: ContentRange;
}

const permissions: Partial<Record<StoreOperation, Permission>> = {
	put: 'create',
	begin: 'create',
	stat: 'get',
	read: 'get',
	list: 'list',
};

/**
 * Google Cloud Storage for one bucket, as far as the JSON API goes that its client uses, written from Google's
 * documents: conditions, checksums, resumable sessions and retention are enforced, and any request can be made to fail.
 */
export async function startGcsServer(options: GcsServerOptions = {}): Promise<GcsServer> {
	const bucket = new Bucket({name: 'evidence', ...options});
	const sessions = new Sessions(bucket);
	const server = await startStoreServer<GcsCall>(options, {
		parse,
		answer,
		refusal({status, code, message}) {
			const reason = code === '' ? 'backendError' : code;
			return {status, body: {error: {code: status, message, errors: [{domain: 'global', reason, message}]}}};
		},
		lose({query}) {
			sessions.lose(query.get('upload_id') ?? '');
			throw new Refusal(410, 'gone', 'The upload session is gone.');
		},
		spoilt(answered, fault) {
			const stored = answered.stored as HeldObject | undefined;
			if (!stored) return answered;
			const shown = fault === 'corrupt' ? bucket.spoil(stored.name) : {...stored, crc32c: 'AAAAAA=='};
			return {...answered, body: resource(shown)};
		},
	});
	return {...server, bucket};

	function answer({operation, name, query, request, range}: GcsCall, body: Buffer): Answer {
		const {denied = [], name: bucketName} = bucket.options;
		const asked = options.ignoresConditions ? undefined : query.get('ifGenerationMatch');
		const conditions = {ifGenerationMatch: asked ?? undefined};
		const generation = query.get('generation') ?? undefined;
		const permission = permissions[operation];
		if (permission !== undefined && denied.includes(permission)) throw forbidden(permission);
		switch (operation) {
			case 'put': {
				const {facts, bytes} = parseMultipart(body, request.headers['content-type'] ?? '');
				const stored = bucket.put(name, {...facts, bytes}, conditions);
				return {status: 200, body: resource(stored), stored};
			}
			case 'begin': {
				const type = request.headers['x-upload-content-type'];
				const told = JSON.parse(body.toString() || '{}') as ObjectFacts;
				const facts = type === undefined ? told : {...told, contentType: String(type)};
				const id = sessions.start(name, facts, conditions);
				const location = `${server.url}/upload/storage/v1/b/${bucketName}/o?uploadType=resumable&upload_id=${id}`;
				return {status: 200, headers: {location}};
			}
			case 'part':
			case 'complete':
			case 'status': {
				const sum = /crc32c=([^,]+)/.exec(String(request.headers['x-goog-hash'] ?? ''))?.[1];
				const taken = sessions.take(query.get('upload_id')!, range!, body, sum);
				if ('done' in taken) return {status: 200, body: resource(taken.done), stored: taken.done};
				return {status: 308, headers: taken.received > 0 ? {range: `bytes=0-${taken.received - 1}`} : {}};
			}
			case 'stat':
				return {status: 200, body: resource(bucket.get(name, generation))};
			case 'read':
				return media(bucket.get(name, generation), request.headers.range);
			case 'list': {
				const size = Number(query.get('maxResults') ?? options.listSize ?? 1000);
				const {page, next} = pageOf(bucket.list(query.get('prefix') ?? ''), query.get('pageToken') ?? '', size);
				const token = next === undefined ? {} : {nextPageToken: next};
				return {status: 200, body: {kind: 'storage#objects', ...token, items: page.map(resource)}};
			}
			case 'delete':
				bucket.get(name, generation);
				bucket.check(name, conditions);
				if (denied.includes('delete')) throw forbidden('delete');
				bucket.remove(name);
				return {status: 204};
			case 'patch':
				return {
					status: 200,
					body: resource(bucket.patch(name, JSON.parse(body.toString()) as ObjectFacts, conditions)),
				};
			default:
				return {status: 200, body: {kind: 'storage#bucket', id: bucketName, name: bucketName}};
		}
	}

	function parse(request: IncomingMessage): GcsCall {
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
			return {...target, operation: query.get('uploadType') === 'multipart' ? 'put' : 'begin'};
		}
		const range = parseContentRange(request.headers['content-range'] ?? '');
		const length = Number(request.headers['content-length'] ?? 0);
		const last = sessions.isLast(query.get('upload_id') ?? '', range, length);
		return {...target, range, operation: range.from === undefined ? 'status' : last ? 'complete' : 'part'};
	}
}

function plainOperation({method}: IncomingMessage, object: string | undefined, query: URLSearchParams): StoreOperation {
	if (object === undefined) return 'list';
	if (method === 'DELETE') return 'delete';
	if (method === 'PATCH') return 'patch';
	return query.get('alt') === 'media' ? 'read' : 'stat';
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
	return ranged(bytes, range, headers, 'requestedRangeNotSatisfiable');
}
