import type {HeadObjectOutput} from '@aws-sdk/client-s3';
import {createHash} from 'node:crypto';
import {Readable} from 'node:stream';
import type {ObjectStore, StoredObject} from '../_objects/object-store.ts';
import type {S3Bucket} from './client.ts';
import {request, Tries} from '../_objects/bucket-retry.ts';
import {
	type Failure,
	failureOf,
	isConditionFailure,
	isLock,
	isPassing,
	passingFailure,
	s3Error,
	s3Failures,
} from './errors.ts';
import {probeNames} from './probe.ts';
import {createPut, type HeldObject} from './put.ts';

const hidden: ReadonlySet<string> = new Set(Object.values(probeNames));

export interface S3ObjectsOptions {
	readonly spoolFolder: string;
	/** Up to here an object is sent in one request, above in parts of this size; each is held in memory. */
	readonly chunkBytes: number;
}

/**
 * The objects of a bucket below a prefix. The generation is the ETag. In a bucket with versions `remove()` leaves a
 * delete marker: the version stays until somebody removes it by its id.
 */
export function s3Objects(bucket: S3Bucket, {spoolFolder, chunkBytes}: S3ObjectsOptions): ObjectStore {
	const {client, root, title, addressOf, signal} = bucket;
	const at = (name: string) => ({Bucket: bucket.bucket, Key: root + name});

	async function find(name: string, generation?: string): Promise<HeldObject | undefined> {
		const which = {...at(name), ...(generation === undefined ? {} : {IfMatch: generation})};
		const found = await request(
			s3Failures,
			bucket,
			`look up ${addressOf(name)}`,
			async aborting => client.headObject({...which, ChecksumMode: 'ENABLED'}, aborting),
			failure => (isConditionFailure(failure) ? 'missing' : undefined),
		);
		return found === 'missing' ? undefined : heldOf(name, found, bucket.can.checksums);
	}

	async function remove({name, generation}: StoredObject): Promise<'removed' | 'locked'> {
		// some stores overlook the condition of a removal
		if ((await find(name, generation))?.generation !== generation) return 'removed';
		return request<Failure, 'removed', 'removed' | 'locked'>(
			s3Failures,
			bucket,
			`remove ${addressOf(name)}`,
			async aborting => {
				await client.deleteObject({...at(name), IfMatch: generation}, aborting);
				return 'removed';
			},
			failure => {
				if (isConditionFailure(failure)) return 'removed';
				// Credentials that may only add are as good as a lock.
				return isLock(failure) || failure.code === 'AccessDenied' ? 'locked' : undefined;
			},
		);
	}

	async function* list(prefix: string): AsyncGenerator<StoredObject> {
		for (let token: string | undefined, more = true; more; more = token !== undefined) {
			const query = {
				Bucket: bucket.bucket,
				Prefix: root + prefix,
				EncodingType: 'url' as const, // XML cannot hold every character of a name
				...(token === undefined ? {} : {ContinuationToken: token}),
			};
			const answer = await request(s3Failures, bucket, `list ${title}`, async aborting =>
				client.listObjectsV2(query, aborting),
			);
			const decode = answer.EncodingType === 'url' ? decodeName : (name: string) => name;
			for (const {Key = '', Size = 0, ETag = ''} of answer.Contents ?? []) {
				const name = decode(Key).slice(root.length);
				if (!hidden.has(name)) yield {name, bytes: Size, generation: ETag};
			}
			token = answer.IsTruncated ? answer.NextContinuationToken : undefined;
		}
	}

	/** Goes on where a connection broke, in the same generation. */
	async function* bytesOf(name: string, given?: string): AsyncGenerator<Buffer> {
		const doing = `read ${addressOf(name)}`;
		const tries = new Tries(s3Failures, bucket, doing);
		let generation = given;
		let size: number | undefined;
		for (let offset = 0; size === undefined || offset < size;) {
			let failure = passingFailure('the answer ended too early');
			try {
				const range = offset === 0 ? {} : {Range: `bytes=${offset}-`};
				const which = {...at(name), ...range, ...(generation === undefined ? {} : {IfMatch: generation})};
				const answer = await client.getObject(which, {abortSignal: signal});
				generation ??= answer.ETag;
				size ??= answer.ContentLength;
				for await (const chunk of answer.Body as AsyncIterable<Buffer>) {
					offset += chunk.length;
					tries.reached(offset);
					yield chunk;
				}
			} catch (error) {
				signal.throwIfAborted();
				failure = failureOf(error);
				if (!isPassing(failure)) throw s3Error(failure, doing, bucket.bucket);
			}
			if (size === undefined || offset < size) await tries.again(failure);
		}
	}

	/** Reads all of it. */
	async function sha256Of({name, generation}: StoredObject): Promise<string> {
		const hash = createHash('sha256');
		for await (const chunk of bytesOf(name, generation)) hash.update(chunk);
		return hash.digest('hex');
	}

	return {
		title,
		spoolFolder,
		put: createPut(bucket, {chunkBytes, at, find, remove, sha256Of}),
		async stat(name) {
			const held = await find(name);
			return held && {name, bytes: held.bytes, generation: held.generation};
		},
		async isSame({name, generation, bytes}, content) {
			if (bytes !== content.bytes) return false;
			const held = await find(name, generation);
			if (!held) return false;
			return (held.checkedSha256 ?? (await sha256Of(held))) === content.sha256;
		},
		remove,
		list,
		read: name => Readable.from(bytesOf(name), {objectMode: false}),
		async close() {
			client.destroy();
		},
	};
}

function heldOf(name: string, shown: HeadObjectOutput, checksums: boolean): HeldObject {
	const {ContentLength, ETag = '', ChecksumType, Metadata} = shown;
	const ChecksumSHA256 = checksums ? shown.ChecksumSHA256 : undefined;
	// That of an object in parts is not of the content. Some stores leave out the number of parts behind it.
	const isComposite = [ChecksumSHA256 ?? '', ETag].some(text => /-\d+"?$/.test(text)) || ChecksumType === 'COMPOSITE';
	const isWhole = ChecksumSHA256 !== undefined && !isComposite;
	return {
		name,
		bytes: ContentLength ?? 0,
		generation: ETag,
		checksum: ChecksumSHA256,
		checkedSha256: isWhole ? Buffer.from(ChecksumSHA256, 'base64').toString('hex') : undefined,
		claimedSha256: Metadata?.['sha256'],
	};
}

function decodeName(name: string): string {
	return decodeURIComponent(name.replaceAll('+', ' '));
}
