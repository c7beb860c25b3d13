import type {Bucket, FileMetadata} from '@google-cloud/storage';
import type {CertificateOptions} from '../../lib/http/certificates.ts';
import {refused} from '../_files/file-errors.ts';
import {type BucketApi, bucketObjects, type BucketObjectsOptions, rootOf} from '../_objects/bucket-objects.ts';
import {request} from '../_objects/bucket-retry.ts';
import type {ObjectStore} from '../_objects/object-store.ts';
import {openBucket} from './client.ts';
import {type Failure, gcsFailures} from './errors.ts';
import {createSend, type HeldObject, silenceGuard} from './upload.ts';

interface GcsObjectsOptions extends Omit<BucketObjectsOptions, 'scheme'>, CertificateOptions {
	readonly apiEndpoint: string | undefined;
	readonly timeoutMs: number;
	/** Up to here an object is sent in one request, above in chunks of this size, each held in memory. */
	readonly chunkBytes: number;
}

/** The objects of a bucket below a prefix. */
export async function openGcsObjects(given: GcsObjectsOptions): Promise<ObjectStore> {
	const options = {...given, scheme: 'gs'};
	const bucket = await openBucket(options.apiEndpoint, options);
	const objects = bucketObjects(options, gcsApi(bucket, options));
	return {...objects, begin: async () => refuseUnconditional(bucket, options, objects.title)};
}

function gcsApi(bucket: Bucket, options: GcsObjectsOptions & BucketObjectsOptions): BucketApi<Failure, HeldObject> {
	const {root} = rootOf(options.scheme, options);
	const fileOf = (name: string, generation?: string) =>
		bucket.file(root + name, generation === undefined ? {} : {generation});
	return {
		failures: gcsFailures,
		head: async (name, generation) => heldOf(name, (await fileOf(name, generation).getMetadata())[0]),
		delete: async ({name, generation}) => fileOf(name).delete({ifGenerationMatch: Number(generation)}),
		async list(prefix, pageToken) {
			const query = {prefix: root + prefix, autoPaginate: false, ...(pageToken === undefined ? {} : {pageToken})};
			const [files, next] = await bucket.getFiles(query);
			const objects = files.map(({name, metadata: {size, generation}}) => {
				return {name: name.slice(root.length), bytes: Number(size), generation: String(generation)};
			});
			return {objects, next: (next as {pageToken?: string} | undefined)?.pageToken};
		},
		async *read(name, {from, generation}, shown) {
			const guard = silenceGuard(options.timeoutMs, options.signal);
			const range = from === 0 ? {} : {start: from};
			const stream = fileOf(name, generation).createReadStream({decompress: false, validation: false, ...range});
			guard.signal.addEventListener('abort', () => stream.destroy(guard.signal.reason as Error), {once: true});
			stream.on('response', ({headers}: {headers: Record<string, string | undefined>}) => {
				const length = headers['x-goog-stored-content-length'];
				if (length !== undefined) shown(headers['x-goog-generation'], Number(length)); // else it is an error
			});
			try {
				for await (const chunk of stream as AsyncIterable<Buffer>) {
					guard.heard();
					yield chunk;
				}
			} finally {
				guard.end();
			}
		},
		send: createSend(options, {fileOf, heldOf}),
	};
}

function heldOf(name: string, {size, generation, crc32c, metadata}: FileMetadata): HeldObject {
	const sha256 = typeof metadata?.['sha256'] === 'string' ? metadata['sha256'] : undefined;
	const held = {name, bytes: Number(size), generation: String(generation), crc32c: crc32c ?? ''};
	return {...held, sha256, claimedSha256: sha256};
}

/** Throws where conditions are overlooked: of two writers the second would win. A proper store keeps nothing of it. */
async function refuseUnconditional(bucket: Bucket, options: GcsObjectsOptions, title: string): Promise<void> {
	const file = bucket.file(`${rootOf('gs', options).root}_rxaudit.manifest/conditional-write`);
	const never = {preconditionOpts: {ifGenerationMatch: 1}, validation: false}; // no object has this generation
	const save = async () => {
		await file.save('x', {...never, resumable: false, timeout: options.timeoutMs});
		return 'stored' as const;
	};
	// credentials that may not do this are found out by what is written
	const otherwise = (failure: Failure) => (gcsFailures.isPassing(failure) ? undefined : ('refused' as const));
	if ((await request(gcsFailures, options, `use ${title}`, save, otherwise)) === 'refused') return;
	await file.delete().catch(() => {});
	throw refused(
		'gcs',
		`${title} is behind something that overlooks ifGenerationMatch: two writers would overwrite each other's evidence; ` +
			'use Google itself, or an emulator that keeps conditions',
	);
}
