import type {ObjectStore, Spooled, StoredObject} from '../_objects/object-store.ts';
import type {S3Bucket} from './client.ts';
import {type Failure, isConditionFailure, isPassing, passingFailure, s3Error, s3Failures} from './errors.ts';
import {Tries} from '../_objects/bucket-retry.ts';
import {abortUpload, type ObjectAt, type Session, upload} from './upload.ts';

/** An object as the store shows it. */
export interface HeldObject extends StoredObject {
	/** SHA-256 as the store has checked it: of the content, or of the checksums of its parts. */
	readonly checksum: string | undefined;
	/** Of the content, in hex, where the store has checked that. */
	readonly checkedSha256: string | undefined;
	/** What it says of itself. */
	readonly claimedSha256: string | undefined;
}

/** What storing needs of the other operations. */
export interface PutParts {
	readonly chunkBytes: number;
	at(name: string): ObjectAt;
	find(name: string): Promise<HeldObject | undefined>;
	remove: ObjectStore['remove'];
	sha256Of(object: StoredObject): Promise<string>;
}

/**
 * Stores files so that each try is decided by what is in the bucket: an answer may be lost, and a refusal may be about
 * an object that an earlier try left there.
 */
export function createPut(bucket: S3Bucket, {chunkBytes, at, find, remove, sha256Of}: PutParts): ObjectStore['put'] {
	return async (name, spooled) => {
		const doing = `write ${bucket.addressOf(name)}`;
		const tries = new Tries(s3Failures, bucket, doing);
		const onProgress = (bytes: number) => tries.reached(bytes);
		const session: Session = {parts: []};
		try {
			for (;;) {
				const tried = await upload(bucket, at(name), session, {spooled, chunkBytes, onProgress});
				const isShown = 'checksum' in tried && isSame(tried.checksum, session.checksum);
				if (isShown && bucket.can.checksums) return 'stored';
				let failure = 'failure' in tried ? tried.failure : undefined;
				const held = await find(name);
				if (held && (await isStored(held, spooled, session.checksum))) return 'stored';

				if (held?.claimedSha256 === spooled.sha256) {
					// one of these tries made it, but it is not as it was sent
					failure = passingFailure('what is stored is not what was sent');
					if ((await remove(held!)) === 'locked') throw s3Error(failure, doing, bucket.bucket);
				} else if (held) {
					return 'taken';
				} else {
					failure ??= passingFailure('the store said that it has it, but it has not');
					const vanished = isConditionFailure(failure);
					if (!vanished && !isPassing(failure) && !isLostSession(failure)) {
						throw s3Error(failure, doing, bucket.bucket);
					}
				}
				if (needsNewSession(failure)) await abortUpload(bucket, at(name), session);
				await tries.again(failure);
			}
		} finally {
			await abortUpload(bucket, at(name), session);
		}
	};

	/** Read back, unless the store shows a checksum that can be compared: it may have none, or of parts of another size. */
	async function isStored(held: HeldObject, {bytes, sha256}: Spooled, expected: string | undefined): Promise<boolean> {
		if (held.bytes !== bytes) return false;
		if (held.checkedSha256 !== undefined) return held.checkedSha256 === sha256;
		return isSame(held.checksum, expected) || (await sha256Of(held)) === sha256;
	}
}

/** Whether two checksums are of the same bytes; some stores leave out the number of parts. */
function isSame(shown: string | undefined, expected: string | undefined): boolean {
	const [one, other] = [shown, expected].map(checksum => checksum?.replace(/-\d+$/, ''));
	return one !== undefined && one === other;
}

function isLostSession({status, code}: Failure): boolean {
	return status === 404 && code === 'NoSuchUpload';
}

/** S3 wants all parts anew behind a conflict (409), and those of a condition that failed are of no use. */
function needsNewSession(failure: Failure): boolean {
	return isLostSession(failure) || failure.status === 409 || isConditionFailure(failure);
}
