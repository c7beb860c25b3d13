import type {IncomingMessage} from 'node:http';
import {type Checksum, readBody} from './s3-body.ts';
import {Bucket, type HeldObject, type Permission} from './s3-bucket.ts';
import {Uploads} from './s3-uploads.ts';
import {element, listingXml, partsOf, uploadsXml, xml} from './s3-xml.ts';
import {type BucketOptions, type ObjectFacts, Refusal} from './store-bucket.ts';
import {
	type Answer,
	type Call,
	ranged,
	type ServerOptions,
	startStoreServer,
	type StoreOperation,
	type StoreServer,
} from './store-server.ts';

export interface S3ServerOptions extends ServerOptions, Partial<BucketOptions<Permission>> {
	/** Of these writes conditions are overlooked, as some stores do. */
	readonly ignoresConditions?: readonly ('put' | 'complete' | 'delete')[];
	/** Of all parts but the last. Default 5 MiB, as at AWS. */
	readonly minPartBytes?: number;
	/** Takes checksums and shows none, as some stores do. */
	readonly hidesChecksums?: boolean;
	/** Shows whatever checksum it was told, or would. */
	readonly believesChecksums?: boolean;
	/** Shows the checksum of an object in parts as if it were of its content. */
	readonly hidesPartCount?: boolean;
}

export interface S3Server extends StoreServer {
	readonly bucket: Bucket;
	readonly uploads: Uploads;
}

interface S3Call extends Call {
	readonly bucket: string;
}

const permissions: Partial<Record<StoreOperation, Permission>> = {
	put: 'PutObject',
	begin: 'PutObject',
	part: 'PutObject',
	complete: 'PutObject',
	stat: 'GetObject',
	read: 'GetObject',
	delete: 'DeleteObject',
	list: 'ListBucket',
	uploads: 'ListBucketMultipartUploads',
};

/** Stores that speak S3, each in its own way. */
export const storeKinds: Readonly<Record<string, S3ServerOptions>> = {
	'as at AWS': {},
	'like Ceph RGW': {
		ignoresConditions: ['complete', 'delete'],
		hidesChecksums: true,
		believesChecksums: true,
	},
	'like moto': {hidesPartCount: true},
	'without checksums': {hidesChecksums: true},
	'that believes checksums': {believesChecksums: true},
};

/**
 * Amazon S3 for one bucket, by path, as far as its client goes here, written from Amazon's documents: conditions,
 * checksums (of headers, of chunks with trailers, of parts), uploads in parts, versions and Object Lock are enforced,
 * signatures are not; any request can be made to fail.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
	const bucket = new Bucket({name: 'evidence', ...options});
	const uploads = new Uploads(bucket, options.minPartBytes ?? 5 * 1024 * 1024);
	const server = await startStoreServer<S3Call>(options, {
		parse,
		answer: answerTo,
		refusal({status, code, message}, {method}) {
			const body = xml('Error', element('Code', code === '' ? 'InternalError' : code) + element('Message', message));
			return {status, ...(method === 'HEAD' ? {} : {body})};
		},
		lose: ({query}) => uploads.lose(query.get('uploadId') ?? ''),
		spoilt(answer, fault) {
			const {stored, headers = {}, body} = answer;
			if (fault === 'corrupt' && stored) bucket.spoil(stored.name);
			const sums = Object.keys(headers).filter(name => name.startsWith('x-amz-checksum-'));
			return {
				...answer,
				headers: {...headers, ...Object.fromEntries(sums.map(name => [name, 'AAAAAA==']))},
				...(typeof body === 'string' ? {body: body.replace(/(<Checksum\w+>)[^<]+/, '$1AAAAAA==')} : {}),
			};
		},
	});
	return {...server, bucket, uploads};

	function answerTo(call: S3Call, body: Buffer): Answer {
		const {operation, name: key, query, request} = call;
		const {headers} = request;
		allow(call);
		const isIgnored = options.ignoresConditions?.some(each => each === operation);
		const conditions = isIgnored ? {} : {ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match']};
		const id = query.get('uploadId') ?? '';
		switch (operation) {
			case 'put': {
				const stored = bucket.put(key, {...factsOf(headers), ...read(body, headers)}, conditions);
				return {status: 200, headers: shown(stored.generation, stored.checksum), stored};
			}
			case 'begin': {
				const algorithm = headers['x-amz-checksum-algorithm'];
				const upload = uploads.create(key, factsOf(headers), algorithm && String(algorithm).toLowerCase());
				return {status: 200, body: xml('InitiateMultipartUploadResult', element('UploadId', upload))};
			}
			case 'part': {
				const part = uploads.put(key, id, Number(query.get('partNumber')), read(body, headers));
				return {status: 200, headers: shown(part.etag, part.checksum)};
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
					body: xml('CompleteMultipartUploadResult', element('ETag', stored.generation) + sum),
					stored,
				};
			}
			case 'abort':
				uploads.abort(key, id);
				return {status: 204};
			case 'uploads':
				return {status: 200, body: uploadsXml(uploads.list(query.get('prefix') ?? ''))};
			case 'stat':
			case 'read': {
				const held = bucket.get(key);
				bucket.check(key, conditions);
				return media(held, operation === 'read' ? headers.range : undefined, headers['x-amz-checksum-mode']);
			}
			case 'delete': {
				const marker = bucket.remove(key, conditions);
				return {status: 204, ...(marker ? {headers: {'x-amz-delete-marker': 'true'}} : {})};
			}
			case 'list':
				return {status: 200, body: listingXml(bucket.list(query.get('prefix') ?? ''), query, options.listSize)};
			default:
				throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
		}
	}

	function read(body: Buffer, headers: IncomingMessage['headers']) {
		return readBody(body, headers, options.believesChecksums !== true);
	}

	function shownValue({value}: Checksum): string {
		return options.hidesPartCount ? value.replace(/-\d+$/, '') : value;
	}

	function allow({operation, bucket: asked, request: {headers}}: S3Call): void {
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

	function shown(etag: string, checksum: Checksum | undefined): Record<string, string> {
		const sum =
			checksum && !options.hidesChecksums ? {[`x-amz-checksum-${checksum.algorithm}`]: shownValue(checksum)} : {};
		return {etag, ...sum};
	}

	function media(held: HeldObject, range: string | undefined, mode: unknown): Answer {
		const {
			bytes,
			generation: etag,
			contentType = 'binary/octet-stream',
			contentEncoding,
			metadata = {},
			createdMs,
		} = held;
		const headers = {
			...(mode === 'ENABLED' && range === undefined ? shown(etag, held.checksum) : {etag}),
			'content-type': contentType,
			...(contentEncoding === undefined ? {} : {'content-encoding': contentEncoding}),
			'last-modified': new Date(createdMs).toUTCString(),
			...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
		};
		return ranged(bytes, range, headers, 'InvalidRange');
	}
}

function parse(request: IncomingMessage): S3Call {
	const {url, method = 'GET'} = request;
	const {pathname, searchParams: query} = new URL(url!, 'http://localhost');
	const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(pathname) ?? [];
	return {operation: operationOf(method, key, query), bucket, name: decodeURIComponent(key), query, request};
}

function operationOf(method: string, key: string, query: URLSearchParams): StoreOperation {
	if (key === '') return method !== 'GET' ? 'unknown' : query.has('uploads') ? 'uploads' : 'list';
	const inParts = query.has('uploadId');
	switch (method) {
		case 'PUT':
			return inParts ? 'part' : 'put';
		case 'POST':
			return inParts ? 'complete' : query.has('uploads') ? 'begin' : 'unknown';
		case 'DELETE':
			return inParts ? 'abort' : 'delete';
		case 'HEAD':
			return 'stat';
		default:
			return method === 'GET' ? 'read' : 'unknown';
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
