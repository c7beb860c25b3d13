import type {ListMultipartUploadsOutput} from '@aws-sdk/client-s3';
import {objectOf} from '../../lib/sink/archive-names.ts';
import type {Abilities, S3Bucket} from './client.ts';
import {type Failure, failureOf, isPassing, s3Failures} from './errors.ts';
import {request} from '../_objects/bucket-retry.ts';
import {refused} from '../_files/file-errors.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** What a run does before it writes: `run` is the mark of the archive, where a state knows it. */
export async function beginWriting(bucket: S3Bucket, run: string | undefined): Promise<void> {
	Object.assign(bucket.can, await probeStore(bucket));
	await abortStaleUploads(bucket, run);
}

/** Uploads in parts of runs that died are invisible, and paid for. Those of others may go on: they get a day. */
async function abortStaleUploads({client, bucket, root, title, signal, warn}: S3Bucket, run?: string): Promise<void> {
	const aborting = {abortSignal: signal};
	try {
		for (let next: object | undefined = {}; next !== undefined;) {
			const query = {Bucket: bucket, Prefix: root, ...next};
			const answer: ListMultipartUploadsOutput = await client.listMultipartUploads(query, aborting);
			for (const {Key = '', UploadId, Initiated} of answer.Uploads ?? []) {
				const object = objectOf(Key);
				const isProbe = Key === root + probeNames.condition;
				const isOld = Initiated !== undefined && Date.now() - Initiated.getTime() > dayMs;
				if (!isProbe && !(object && (object.run === run || isOld))) continue;
				await client.abortMultipartUpload({Bucket: bucket, Key, UploadId}, aborting);
			}
			const {IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker} = answer;
			next = IsTruncated ? {KeyMarker, UploadIdMarker} : undefined;
		}
	} catch (error) {
		signal.throwIfAborted();
		const {message} = failureOf(error);
		warn(
			`s3: cannot look for uploads in ${title} that were left behind: ${message}; a lifecycle rule removes them too`,
		);
	}
}

/** Objects that are no part of any archive. The second is only in stores that do not compare checksums. */
export const probeNames = {
	condition: '_rxaudit.manifest/conditional-write',
	checksum: '_rxaudit.manifest/checked-write',
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
