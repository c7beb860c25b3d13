import type {File, FileMetadata} from '@google-cloud/storage';
import {type BucketRetry, Tries} from '../_objects/bucket-retry.ts';
import {gcsError, gcsFailures, isGarbled, isPassing, passingFailure} from './errors.ts';
import {checksumOf, type Session, upload} from './upload.ts';
import type {ObjectStore, StoredObject} from '../_objects/object-store.ts';

/** More would need more memory, and one alone waits too much for answers. */
const chunkedAtOnce = 2;

/** An object as the store shows it. */
export interface HeldObject extends StoredObject {
	readonly crc32c: string;
	/** What it says of itself. */
	readonly sha256: string | undefined;
}

export interface PutOptions extends BucketRetry {
	readonly timeoutMs: number;
	/** Held in memory while it is under way; a multiple of 256 KiB, as Google demands. */
	readonly chunkBytes: number;
}

/** What storing needs of the other operations. */
export interface PutParts {
	addressOf(name: string): string;
	fileOf(name: string): File;
	heldOf(name: string, metadata: FileMetadata): HeldObject;
	find(name: string): Promise<HeldObject | undefined>;
	remove: ObjectStore['remove'];
}

/**
 * Stores files so that each try is decided by what is in the bucket: an answer may be lost, and a refusal may be about
 * an object that an earlier try left there.
 */
export function createPut(
	options: PutOptions,
	{addressOf, fileOf, heldOf, find, remove}: PutParts,
): ObjectStore['put'] {
	const lanes: Promise<unknown>[] = Array.from({length: chunkedAtOnce}, () => Promise.resolve());

	const putNow: ObjectStore['put'] = async (name, spooled) => {
		const {bucket, chunkBytes, timeoutMs, signal} = options;
		const doing = `write ${addressOf(name)}`;
		const tries = new Tries(gcsFailures, options, doing);
		const crc32c = await checksumOf(spooled.file);
		const onProgress = (bytes: number) => tries.reached(bytes);
		let session: Session = {};
		for (;;) {
			const what = {spooled, crc32c, chunkBytes, timeoutMs, signal, onProgress};
			const tried = await upload(fileOf(name), session, what);
			let failure = 'failure' in tried ? tried.failure : undefined;
			const held = 'stored' in tried ? heldOf(name, tried.stored) : await find(name);
			const isOurs = held?.sha256 === spooled.sha256;
			if (isOurs && held?.bytes === spooled.bytes && held.crc32c === crc32c) return 'stored';

			const lost = session.uri !== undefined && (failure?.status === 404 || failure?.status === 410);
			const vanished = failure?.status === 412 && held === undefined;
			if (held && (isOurs || !failure)) {
				// one of these tries made it, but it is not as it was sent
				failure = passingFailure(`what is stored has the checksum ${held.crc32c} instead of ${crc32c}`);
				if ((await remove(held)) === 'locked') throw gcsError(failure, doing, bucket);
				session = {};
			} else if (held) {
				return 'taken';
			} else if (lost || vanished || isGarbled(failure!)) {
				session = {};
			} else if (!isPassing(failure!)) {
				throw gcsError(failure!, doing, bucket);
			}
			await tries.again(failure!);
		}
	};

	return async (name, spooled) => {
		if (spooled.bytes <= options.chunkBytes) return putNow(name, spooled);
		const lane = lanes.shift()!;
		const putting = lane.then(async () => putNow(name, spooled));
		lanes.push(putting.catch(() => {}));
		return putting;
	};
}
