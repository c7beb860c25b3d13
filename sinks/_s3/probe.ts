import {request} from '../_bucket/bucket-retry.ts';
import {refused} from '../_files/file-errors.ts';
import type {Abilities, S3Bucket} from './bucket.ts';
import {type Failure, isPassing, s3Failures} from './errors.ts';

/** Objects that are no part of any archive. The second is only in stores that do not compare checksums. */
export const probeNames = {
	condition: 'rxaudit.manifest/conditional-write',
	checksum: 'rxaudit.manifest/checked-write',
} as const;

const text = 'Here rxaudit finds out what this store can do. It may be removed while no run goes on.\n';
const wrongSha256 = Buffer.alloc(32).toString('base64');
/** As all writes of an archive have it. */
const ifFree = {IfNoneMatch: '*'};

/**
 * Finds out whether a store keeps to the conditions that are sent with writes, with the same conditions: an object that
 * stays, since two runs may look at the same time, is to be refused a second time. Throws where it is not: of two
 * writers the second would win.
 */
export async function probeStore(bucket: S3Bucket): Promise<Abilities> {
	const {title} = bucket;
	const isThere = (await put(bucket, probeNames.condition)) === 'refused';
	if (!isThere && (await put(bucket, probeNames.condition)) !== 'refused') {
		await bucket.client.deleteObject(at(bucket, probeNames.condition), {abortSignal: bucket.signal}).catch(() => {});
		throw refused(
			's3',
			`${title} is in a store that overlooks If-None-Match: two writers would overwrite each other's evidence; use ` +
				'another store, or ndjson:DIR/ and copy what it closes',
		);
	}
	return {parts: await keepsPartConditions(bucket), checksums: await comparesChecksums(bucket)};
}

async function put(bucket: S3Bucket, name: string, more: object = {}): Promise<'stored' | 'refused' | 'damaged'> {
	const {client} = bucket;
	const object = {...at(bucket, name), Body: text, ...ifFree, ...more};
	return ask(
		bucket,
		async aborting => {
			await client.putObject(object, aborting);
			return 'stored';
		},
		failure =>
			isCondition(failure) ? 'refused' : failure.status === 400 && 'ChecksumSHA256' in more ? 'damaged' : undefined,
	);
}

/** Some stores check conditions of PutObject only, and overwrite at the end of an upload in parts. */
async function keepsPartConditions(bucket: S3Bucket): Promise<boolean> {
	const {client} = bucket;
	const object = at(bucket, probeNames.condition);
	let upload: string | undefined;
	const outcome = await ask(
		bucket,
		async aborting => {
			upload ??= (await client.createMultipartUpload(object, aborting)).UploadId;
			const part = {...object, UploadId: upload, PartNumber: 1};
			const {ETag} = await client.uploadPart({...part, Body: text}, aborting);
			const Parts = [{PartNumber: 1, ETag}];
			await client.completeMultipartUpload(
				{...object, ...ifFree, UploadId: upload, MultipartUpload: {Parts}},
				aborting,
			);
			return 'stored';
		},
		// whatever else is wrong: one request for each object is right everywhere
		failure => (isCondition(failure) ? 'refused' : isPassing(failure) ? undefined : 'unknown'),
	);
	if (outcome === 'stored' || upload === undefined) return false;
	const aborting = {abortSignal: bucket.signal};
	await client.abortMultipartUpload({...object, UploadId: upload}, aborting).catch(() => {}); // the next run does it
	return outcome === 'refused';
}

/** A store that does not may show a checksum that it was only told. */
async function comparesChecksums(bucket: S3Bucket): Promise<boolean> {
	return (await put(bucket, probeNames.checksum, {ChecksumSHA256: wrongSha256})) === 'damaged';
}

async function ask<T extends string, M extends string>(
	bucket: S3Bucket,
	attempt: (options: {readonly abortSignal: AbortSignal}) => Promise<T>,
	otherwise: (failure: Failure) => M | undefined,
): Promise<T | M> {
	return request<Failure, T, M>(s3Failures, bucket, `use ${bucket.title}`, attempt, otherwise);
}

function at({bucket, root}: S3Bucket, name: string) {
	return {Bucket: bucket, Key: root + name};
}

function isCondition({status}: Failure): boolean {
	return status === 412 || status === 304;
}
