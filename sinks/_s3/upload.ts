import type {CompletedPart} from '@aws-sdk/client-s3';
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {type FileHandle, open, readFile} from 'node:fs/promises';
import {AuditError, SinkError} from '../../lib/model/errors.ts';
import type {BucketApi, HeldObject as HeldInBucket} from '../_objects/bucket-objects.ts';
import type {Spooled} from '../_objects/object-store.ts';
import type {S3Bucket} from './client.ts';
import {type Failure, failureOf, s3Failures} from './errors.ts';

/** S3 takes no more of them. */
const maxParts = 10_000;
/** S3 takes 2 KB of metadata, of which the ids of two events are the only part that may be long. */
const maxMetadataLength = 512;
/** The condition that nothing has the name. */
const ifFree = {IfNoneMatch: '*'};

/** Which object: as all requests have it. */
interface ObjectAt {
	readonly Bucket: string;
	readonly Key: string;
}

/** An object as the store shows it. */
export interface HeldObject extends HeldInBucket {
	/** SHA-256 as the store has checked it: of the content, or of the checksums of its parts. */
	readonly checksum: string | undefined;
}

interface Upload {
	readonly spooled: Spooled;
	/** Above, it goes in parts where the store can do that: a broken connection then costs one of them and not all. */
	readonly chunkBytes: number;
	/** Called when the store has so many bytes of it. */
	onProgress(bytes: number): void;
}

/** An upload in parts that is under way, and what the store is going to show as the checksum of the object. */
interface Session {
	id?: string | undefined;
	parts: CompletedPart[];
	checksum?: string;
}

export function createSend(
	bucket: S3Bucket,
	chunkBytes: number,
	at: (name: string) => ObjectAt,
): BucketApi<Failure, HeldObject>['send'] {
	return (name, spooled, onProgress) => {
		const session: Session = {parts: []};
		const abort = async () => abortUpload(bucket, at(name), session);
		const send = async () => {
			const how = spooled.bytes <= chunkBytes ? inOne : bucket.can.parts ? inParts : streamed;
			return how(bucket, at(name), session, {spooled, chunkBytes, onProgress});
		};
		return {
			async attempt() {
				try {
					// Some stores show what they were told.
					return isSame(await send(), session.checksum) && bucket.can.checksums ? 'stored' : {};
				} catch (error) {
					bucket.signal.throwIfAborted();
					if (error instanceof AuditError) throw error;
					return {failure: failureOf(error)};
				}
			},
			/** Read back, unless the store shows a checksum that can be compared: it may have none, or of parts of another size. */
			async isWhole({bytes, sha256: checked, checksum}, read) {
				if (bytes !== spooled.bytes) return false;
				if (checked !== undefined) return checked === spooled.sha256;
				return isSame(checksum, session.checksum) || (await read()) === spooled.sha256;
			},
			async restart(failure) {
				const isLost = failure?.status === 404 && failure.code === 'NoSuchUpload';
				const isRefused = failure !== undefined && s3Failures.isMissing(failure);
				// S3 wants all parts anew behind a conflict (409), and those of a condition that failed are of no use.
				if (!failure || isLost || isRefused || failure.status === 409) await abort();
				return isLost || isRefused;
			},
			end: abort,
		};
	};
}

/** Whether two checksums are of the same bytes; some stores leave out the number of parts. */
function isSame(shown: string | undefined, expected: string | undefined): boolean {
	const [one, other] = [shown, expected].map(checksum => checksum?.replace(/-\d+$/, ''));
	return one !== undefined && one === other;
}

async function inOne({client, signal}: S3Bucket, at: ObjectAt, session: Session, {spooled}: Upload) {
	const body = await readFile(spooled.file);
	const digest = sha256(body);
	refuseChanged(spooled, digest.toString('hex'));
	session.checksum = digest.toString('base64');
	const {ChecksumSHA256} = await client.putObject(
		{...at, ...factsOf(spooled), ...ifFree, Body: body, ChecksumSHA256: session.checksum},
		{abortSignal: signal},
	);
	return ChecksumSHA256;
}

/** In one request too, but not in memory. */
async function streamed({client, signal}: S3Bucket, at: ObjectAt, session: Session, {spooled}: Upload) {
	const digest = createHash('sha256');
	for await (const bytes of createReadStream(spooled.file)) digest.update(bytes as Buffer);
	const sum = digest.digest();
	refuseChanged(spooled, sum.toString('hex'));
	session.checksum = sum.toString('base64');
	const Body = createReadStream(spooled.file);
	try {
		const {ChecksumSHA256} = await client.putObject(
			{...at, ...factsOf(spooled), ...ifFree, Body, ContentLength: spooled.bytes, ChecksumSHA256: session.checksum},
			{abortSignal: signal},
		);
		return ChecksumSHA256;
	} finally {
		Body.destroy();
	}
}

async function inParts(bucket: S3Bucket, at: ObjectAt, session: Session, what: Upload): Promise<string | undefined> {
	const {client, signal} = bucket;
	const aborting = {abortSignal: signal};
	if (session.id === undefined) {
		const facts = {...at, ...factsOf(what.spooled), ChecksumAlgorithm: 'SHA256' as const};
		session.id = (await client.createMultipartUpload(facts, aborting)).UploadId;
		session.parts = [];
	}
	session.checksum = await sendParts(bucket, at, session, what);
	const {ChecksumSHA256} = await client.completeMultipartUpload(
		{...at, ...ifFree, UploadId: session.id, MultipartUpload: {Parts: session.parts}},
		aborting,
	);
	session.id = undefined;
	return ChecksumSHA256;
}

/** As asked for, or so large that S3 takes all of it. */
export function partSize(bytes: number, chunkBytes: number): number {
	return Math.max(chunkBytes, Math.ceil(bytes / maxParts));
}

/** Sends those parts that the store does not have yet; resolves with the checksum of the whole. */
async function sendParts(bucket: S3Bucket, at: ObjectAt, session: Session, what: Upload): Promise<string> {
	const {spooled, chunkBytes, onProgress} = what;
	const partBytes = partSize(spooled.bytes, chunkBytes);
	const content = createHash('sha256');
	const digests = createHash('sha256');
	let number = 0;
	const file = await open(spooled.file);
	try {
		for (let offset = 0; offset < spooled.bytes; offset += partBytes) {
			const body = await readPart(file, offset, Math.min(partBytes, spooled.bytes - offset));
			const digest = sha256(body);
			content.update(body);
			digests.update(digest);
			number++;
			if (number <= session.parts.length) continue;
			const part = {PartNumber: number, ChecksumSHA256: digest.toString('base64')};
			const {ETag} = await bucket.client.uploadPart(
				{...at, ...part, UploadId: session.id, Body: body},
				{abortSignal: bucket.signal},
			);
			session.parts.push({...part, ETag});
			onProgress(offset + body.length);
		}
	} finally {
		await file.close();
	}
	refuseChanged(spooled, content.digest('hex'));
	return `${digests.digest('base64')}-${number}`;
}

/** Gives up an upload in parts: nobody sees it, but it is stored and costs money. No error where that fails. */
async function abortUpload(bucket: S3Bucket, at: ObjectAt, session: Session): Promise<void> {
	const {id} = session;
	session.id = undefined;
	// A run that gives up does not wait; the next one does this.
	if (id === undefined || bucket.signal.aborted) return;
	await bucket.client
		.abortMultipartUpload({...at, UploadId: id}, {abortSignal: bucket.signal})
		.catch((error: unknown) => {
			const {status, message} = failureOf(error);
			if (status !== 404) bucket.warn(`s3: cannot abort the upload of ${at.Key}: ${message}; the next run tries again`);
		});
}

function factsOf({contentType, metadata, sha256: content}: Spooled) {
	const entries = Object.entries({...metadata, sha256: content});
	return {
		ContentType: contentType,
		Metadata: Object.fromEntries(entries.map(([key, value]) => [key, headerText(value)])),
	};
}

/** The text as a header can hold it: other bytes percent-encoded, cut where it gets too long. */
function headerText(value: string): string {
	let text = '';
	for (const character of value) {
		const isPlain = /^[!-$&-~]$/.test(character);
		const encoded = isPlain ? character : Buffer.from(character).toString('hex').replaceAll(/../g, '%$&');
		if (text.length + encoded.length > maxMetadataLength) break;
		text += encoded;
	}
	return text;
}

async function readPart(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
	const part = Buffer.allocUnsafe(bytes);
	for (let filled = 0; filled < bytes;) {
		const {bytesRead} = await file.read(part, filled, bytes - filled, offset + filled);
		if (bytesRead === 0) return part.subarray(0, filled);
		filled += bytesRead;
	}
	return part;
}

function refuseChanged({file, sha256: expected}: Spooled, found: string): void {
	if (found === expected) return;
	throw new SinkError('SINK_FAILED', `s3: ${file} is not what was written there; check the disk, and run again`);
}

function sha256(bytes: Buffer): Buffer {
	return createHash('sha256').update(bytes).digest();
}
