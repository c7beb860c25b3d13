import type {HeadObjectOutput} from '@aws-sdk/client-s3';
import {refused} from '../_files/file-errors.ts';
import {type BucketApi, bucketObjects} from '../_objects/bucket-objects.ts';
import type {ObjectStore} from '../_objects/object-store.ts';
import type {S3Bucket} from './client.ts';
import {type Failure, s3Failures} from './errors.ts';
import {beginWriting, probeNames} from './probe.ts';
import {createSend, type HeldObject} from './upload.ts';

/** The limit of one request, at AWS and most others. */
const maxPutBytes = 5 * 1024 * 1024 * 1024;
const hidden: ReadonlySet<string> = new Set(Object.values(probeNames));

interface S3ObjectsOptions {
	readonly spoolFolder: string;
	/** Up to here an object is sent in one request, above in parts of this size; each is held in memory. */
	readonly chunkBytes: number;
}

/**
 * The objects of a bucket below a prefix. The generation is the ETag. In a bucket with versions `remove()` leaves a
 * delete marker: the version stays until somebody removes it by its id.
 */
export function s3Objects(bucket: S3Bucket, options: S3ObjectsOptions): ObjectStore {
	const objects = bucketObjects({...bucket, ...options, scheme: 's3'}, s3Api(bucket, options.chunkBytes));
	return {
		...objects,
		async begin({run, rollBytes}) {
			await beginWriting(bucket, run);
			if (bucket.can.parts || rollBytes <= maxPutBytes) return;
			throw refused(
				's3',
				`${bucket.title} is in a store that overlooks the condition of uploads in parts, so that each object is one ` +
					`request: set rollBytes to at most ${maxPutBytes}, got ${rollBytes}`,
			);
		},
	};
}

function s3Api(bucket: S3Bucket, chunkBytes: number): BucketApi<Failure, HeldObject> {
	const {client, root, signal} = bucket;
	const aborting = {abortSignal: signal};
	const at = (name: string, generation?: string) => ({
		Bucket: bucket.bucket,
		Key: root + name,
		...(generation === undefined ? {} : {IfMatch: generation}),
	});

	async function head(name: string, generation?: string): Promise<HeldObject> {
		const shown = await client.headObject({...at(name, generation), ChecksumMode: 'ENABLED'}, aborting);
		return heldOf(name, shown, bucket.can.checksums);
	}

	return {
		failures: s3Failures,
		head,
		overlooksGenerations: true,
		delete: async ({name, generation}) => client.deleteObject(at(name, generation), aborting),
		async list(prefix, token) {
			const query = {
				Bucket: bucket.bucket,
				Prefix: root + prefix,
				EncodingType: 'url' as const, // XML cannot hold every character of a name
				...(token === undefined ? {} : {ContinuationToken: token}),
			};
			const answer = await client.listObjectsV2(query, aborting);
			const decode = answer.EncodingType === 'url' ? decodeName : (name: string) => name;
			const objects = (answer.Contents ?? []).map(({Key = '', Size = 0, ETag = ''}) => {
				return {name: decode(Key).slice(root.length), bytes: Size, generation: ETag};
			});
			const next = answer.IsTruncated ? answer.NextContinuationToken : undefined;
			return {objects: objects.filter(({name}) => !hidden.has(name)), next};
		},
		async *read(name, {from, generation}, shown) {
			const range = from === 0 ? {} : {Range: `bytes=${from}-`};
			const answer = await client.getObject({...at(name, generation), ...range}, aborting);
			shown(answer.ETag, answer.ContentLength);
			yield* answer.Body as AsyncIterable<Buffer>;
		},
		send: createSend(bucket, chunkBytes, at),
		close: () => client.destroy(),
	};
}

function heldOf(name: string, shown: HeadObjectOutput, checksums: boolean): HeldObject {
	const {ContentLength, ETag = '', ChecksumType, Metadata} = shown;
	const checksum = checksums ? shown.ChecksumSHA256 : undefined;
	// That of an object in parts is not of the content. Some stores leave out the number of parts behind it.
	const isComposite = [checksum ?? '', ETag].some(text => /-\d+"?$/.test(text)) || ChecksumType === 'COMPOSITE';
	const isWhole = checksum !== undefined && !isComposite;
	return {
		name,
		bytes: ContentLength ?? 0,
		generation: ETag,
		checksum,
		sha256: isWhole ? Buffer.from(checksum, 'base64').toString('hex') : undefined,
		claimedSha256: Metadata?.['sha256'],
	};
}

function decodeName(name: string): string {
	return decodeURIComponent(name.replaceAll('+', ' '));
}
