import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import type {AddressInfo} from 'node:net';
import {buffer} from 'node:stream/consumers';
import {type Checksum, readBody} from './s3-body.ts';
import {Bucket, type BucketOptions, type HeldObject, type ObjectFacts, type Permission, Refusal} from './s3-bucket.ts';
import {Uploads} from './s3-uploads.ts';
import {element, listingXml, partsOf, uploadsXml, xml} from './s3-xml.ts';

export type S3Operation =
	'put' | 'head' | 'get' | 'delete' | 'list' | 'create' | 'part' | 'complete' | 'abort' | 'uploads' | 'unknown';

/**
 * What goes wrong with one request. `cut`: the connection ends in the middle of it; `lost-reply`: it is done, then the
 * connection ends; `half`: so does the answer; `lost-upload`: the upload in parts is gone; `corrupt`: what is stored has
 * a byte changed; `garbled`: so has what arrives; `lie`: the answer shows a wrong checksum; `hang`: no answer. A status is answered, and no more.
 */
export type S3Fault =
	| 'cut'
	| 'lost-reply'
	| 'half'
	| 'lost-upload'
	| 'corrupt'
	| 'garbled'
	| 'lie'
	| 'hang'
	| {readonly status: number; readonly code?: string; readonly message?: string; readonly headers?: Headers};

type Headers = Readonly<Record<string, string>>;

/** Asked for each request, with how many of its kind came before. */
export type S3Faults = (operation: S3Operation, index: number) => S3Fault | undefined;

export interface S3ServerOptions extends Partial<BucketOptions> {
	readonly faults?: S3Faults;
	/** How many objects a listing gives at once. Default 1000. */
	readonly listSize?: number;
	/** Of all parts but the last. Default 5 MiB, as at AWS. */
	readonly minPartBytes?: number;
	/** Takes checksums and shows none, as some stores do. */
	readonly hidesChecksums?: boolean;
	/** Shows whatever checksum it was told, or would. */
	readonly believesChecksums?: boolean;
	/** Shows the checksum of an object in parts as if it were of its content. */
	readonly hidesPartCount?: boolean;
}

export interface S3Server {
	readonly url: string;
	readonly bucket: Bucket;
	readonly uploads: Uploads;
	/** What was asked for, in order. */
	readonly requests: readonly S3Operation[];
	/** The headers of the last request. */
	readonly lastHeaders: () => IncomingMessage['headers'];
	setFaults(faults: S3Faults | undefined): void;
	close(): Promise<void>;
}

/** The fault for the n-th request of a kind, from 0, and as many behind it as `times` says. */
export function faultAt(on: S3Operation, fault: S3Fault, at = 0, times = 1): S3Faults {
	return (operation, index) => (operation === on && index >= at && index < at + times ? fault : undefined);
}

interface Call {
	readonly operation: S3Operation;
	readonly bucket: string;
	readonly key: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingMessage['headers'];
}

interface Answer {
	readonly status: number;
	readonly headers?: Headers;
	readonly body?: Buffer | string;
	/** The object that was stored. */
	readonly stored?: HeldObject;
}

const permissions: Partial<Record<S3Operation, Permission>> = {
	put: 'PutObject',
	create: 'PutObject',
	part: 'PutObject',
	complete: 'PutObject',
	head: 'GetObject',
	get: 'GetObject',
	delete: 'DeleteObject',
	list: 'ListBucket',
	uploads: 'ListBucketMultipartUploads',
};

/**
 * Amazon S3 for one bucket, by path, as far as its client goes here, written from Amazon's documents: conditions,
 * checksums (of headers, of chunks with trailers, of parts), uploads in parts, versions and Object Lock are enforced,
 * signatures are not; any request can be made to fail.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
	const bucket = new Bucket({name: 'evidence', ...options});
	const uploads = new Uploads(bucket, options.minPartBytes ?? 5 * 1024 * 1024);
	const requests: S3Operation[] = [];
	const counts = new Map<S3Operation, number>();
	let {faults} = options;
	let lastHeaders: IncomingMessage['headers'] = {};

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		lastHeaders = request.headers;
		const call = parseCall(request);
		const {operation, query} = call;
		requests.push(operation);
		const index = counts.get(operation) ?? 0;
		counts.set(operation, index + 1);
		const fault = faults?.(operation, index);
		if (fault === 'hang') return;
		if (fault === 'cut') return cut(request);
		const body = await buffer(request);
		if (fault === 'garbled') body[body.length >> 1]! ^= 1;
		if (fault === 'lost-upload') uploads.lose(query.get('uploadId') ?? '');
		if (typeof fault === 'object') {
			for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
			const {status, code = 'InternalError', message = 'A fault that was asked for.'} = fault;
			throw new Refusal(status, code, message);
		}
		const answer = answerTo(call, body);
		if (fault === 'lost-reply') return void request.socket.destroy();
		if (fault === 'corrupt' && answer.stored) bucket.spoil(answer.stored.key);
		send(response, answer, {half: fault === 'half', lie: fault === 'lie' || fault === 'corrupt'});
	}

	function answerTo(call: Call, body: Buffer): Answer {
		const {operation, key, query, headers} = call;
		allow(call);
		const isIgnored = bucket.options.ignoresConditions?.some(each => each === operation);
		const conditions = isIgnored ? {} : {ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match']};
		const id = query.get('uploadId') ?? '';
		switch (operation) {
			case 'put': {
				const stored = bucket.put(key, {...factsOf(headers), ...read(body, headers)}, conditions);
				return {status: 200, headers: shown(stored), stored};
			}
			case 'create': {
				const algorithm = headers['x-amz-checksum-algorithm'];
				const upload = uploads.create(key, factsOf(headers), algorithm && String(algorithm).toLowerCase());
				return {status: 200, body: xml('InitiateMultipartUploadResult', element('UploadId', upload))};
			}
			case 'part': {
				const part = uploads.put(key, id, Number(query.get('partNumber')), read(body, headers));
				return {status: 200, headers: shown(part)};
			}
			case 'complete': {
				const stored = uploads.complete(key, id, partsOf(body.toString()), conditions);
				const {checksum} = stored;
				const sum =
					checksum && !options.hidesChecksums
						? element(`Checksum${checksum.algorithm.toUpperCase()}`, shownValue(checksum))
						: '';
				return {
					status: 200,
					body: xml('CompleteMultipartUploadResult', element('ETag', stored.etag) + sum),
					stored,
				};
			}
			case 'abort':
				uploads.abort(key, id);
				return {status: 204};
			case 'uploads':
				return {status: 200, body: uploadsXml(uploads.list(query.get('prefix') ?? ''))};
			case 'head':
			case 'get': {
				const held = bucket.get(key);
				bucket.check(key, conditions);
				return media(held, operation === 'get' ? headers.range : undefined, headers['x-amz-checksum-mode']);
			}
			case 'delete': {
				const marker = bucket.remove(key, conditions);
				return {status: 204, ...(marker ? {headers: {'x-amz-delete-marker': 'true'}} : {})};
			}
			case 'list':
				return {status: 200, body: listingXml(bucket.list(query.get('prefix') ?? ''), query, options.listSize)};
			case 'unknown':
				throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
		}
	}

	const read = (body: Buffer, headers: IncomingMessage['headers']) =>
		readBody(body, headers, options.believesChecksums !== true);
	const shownValue = ({value}: Checksum) => (options.hidesPartCount ? value.replace(/-\d+$/, '') : value);

	function allow({operation, bucket: asked, headers}: Call): void {
		const {name, denied = []} = bucket.options;
		if (!headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=')) {
			throw new Refusal(403, 'AccessDenied', 'Access Denied');
		}
		if (asked !== name) throw new Refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
		const permission = permissions[operation];
		if (permission === undefined || !denied.includes(permission)) return;
		const who = 'User: arn:aws:iam::123456789012:user/rxaudit is not authorized to perform';
		throw new Refusal(403, 'AccessDenied', `${who}: s3:${permission} on resource: "arn:aws:s3:::${name}"`);
	}

	function shown({etag, checksum}: Pick<HeldObject, 'etag' | 'checksum'>): Headers {
		const sum =
			checksum && !options.hidesChecksums ? {[`x-amz-checksum-${checksum.algorithm}`]: shownValue(checksum)} : {};
		return {etag, ...sum};
	}

	function media(held: HeldObject, range: string | undefined, mode: unknown): Answer {
		const {bytes, etag, contentType = 'binary/octet-stream', contentEncoding, metadata = {}, createdMs} = held;
		const headers = {
			...(mode === 'ENABLED' && range === undefined ? shown(held) : {etag}),
			'content-type': contentType,
			...(contentEncoding === undefined ? {} : {'content-encoding': contentEncoding}),
			'last-modified': new Date(createdMs).toUTCString(),
			...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
		};
		const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
		if (first === undefined) return {status: 200, headers, body: bytes};
		const from = Number(first);
		if (from >= bytes.length) throw new Refusal(416, 'InvalidRange', 'The requested range is not satisfiable');
		const to = last ? Math.min(Number(last), bytes.length - 1) : bytes.length - 1;
		const partial = {...headers, 'content-range': `bytes ${from}-${to}/${bytes.length}`};
		return {status: 206, headers: partial, body: bytes.subarray(from, to + 1)};
	}

	const server = createServer((request, response) => {
		request.on('error', () => {}); // the client may leave at any moment
		handle(request, response).catch((error: unknown) => {
			const {status, code, message} =
				error instanceof Refusal ? error : new Refusal(500, 'InternalError', String(error));
			request.resume();
			const body = xml('Error', element('Code', code) + element('Message', message));
			send(response, {status, ...(request.method === 'HEAD' ? {} : {body})}, {half: false, lie: false});
		});
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		bucket,
		uploads,
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

function parseCall({url, method = 'GET', headers}: IncomingMessage): Call {
	const {pathname, searchParams: query} = new URL(url!, 'http://localhost');
	const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? [];
	return {operation: operationOf(method, key, query), bucket, key: decodeURIComponent(key), query, headers};
}

function operationOf(method: string, key: string, query: URLSearchParams): S3Operation {
	if (key === '') return method !== 'GET' ? 'unknown' : query.has('uploads') ? 'uploads' : 'list';
	const inParts = query.has('uploadId');
	switch (method) {
		case 'PUT':
			return inParts ? 'part' : 'put';
		case 'POST':
			return inParts ? 'complete' : query.has('uploads') ? 'create' : 'unknown';
		case 'DELETE':
			return inParts ? 'abort' : 'delete';
		case 'HEAD':
			return 'head';
		default:
			return method === 'GET' ? 'get' : 'unknown';
	}
}

function factsOf(headers: IncomingMessage['headers']): ObjectFacts {
	const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
	const encoding = headers['content-encoding']?.split(',').filter(each => each.trim() !== 'aws-chunked');
	return {
		contentType: headers['content-type'],
		...(encoding?.length ? {contentEncoding: encoding.join(',')} : {}),
		metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice('x-amz-meta-'.length), String(value)])),
	};
}

/** Ends the connection when some of the body has come, or at once where there is none. */
function cut(request: IncomingMessage): void {
	const {socket} = request;
	if (!Number(request.headers['content-length'] ?? 0)) return void socket.destroy();
	request.once('data', () => socket.destroy());
}

function send(response: ServerResponse, answer: Answer, {half, lie}: {half: boolean; lie: boolean}): void {
	const {status, headers = {}} = answer;
	const isXml = typeof answer.body === 'string';
	const bytes = Buffer.from(answer.body ?? '');
	const sums = Object.keys(headers).filter(name => lie && name.startsWith('x-amz-checksum-'));
	const shown = {...headers, ...Object.fromEntries(sums.map(name => [name, 'AAAAAA=='])), 'x-amz-request-id': 'E2E'};
	const type = isXml ? {'content-type': 'application/xml'} : {};
	const body = lie && isXml ? Buffer.from(bytes.toString().replace(/(<Checksum\w+>)[^<]+/, '$1AAAAAA==')) : bytes;
	response.writeHead(status, {...type, ...shown, ...(status === 204 ? {} : {'content-length': body.length})});
	if (!half) return void response.end(body);
	response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}
