import {createHash, randomUUID} from 'node:crypto';
import type {Checksum} from './s3-body.ts';
import * as store from './store-bucket.ts';
import {Refusal} from './store-bucket.ts';

/** Its generation is the ETag, with its quotes. */
export interface HeldObject extends store.HeldObject {
	readonly checksum: Checksum | undefined;
	readonly version: string;
}

export type Permission = 'PutObject' | 'GetObject' | 'ListBucket' | 'DeleteObject' | 'ListBucketMultipartUploads';

export interface Conditions {
	readonly ifMatch?: string | undefined;
	readonly ifNoneMatch?: string | undefined;
}

/** What is to be stored; the ETag of an object in parts is not that of its bytes. */
export interface Content extends store.ObjectFacts {
	readonly bytes: Buffer;
	readonly checksum?: Checksum | undefined;
	readonly etag?: string;
}

/** The objects of a bucket, with the rules that S3 keeps. */
export class Bucket extends store.StoreBucket<HeldObject, Content, Conditions> {
	check(name: string, {ifMatch, ifNoneMatch}: Conditions): void {
		const etag = this.objects.get(name)?.generation;
		if (ifMatch !== undefined && etag === undefined) this.get(name);
		if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
			throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
		}
		if ((ifMatch !== undefined && ifMatch !== etag) || (ifNoneMatch !== undefined && etag !== undefined)) {
			throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
		}
	}

	protected made(name: string, {etag, ...content}: Content): HeldObject {
		const generation = etag ?? `"${createHash('md5').update(content.bytes).digest('hex')}"`;
		return {checksum: undefined, ...content, name, generation, version: randomUUID(), createdMs: Date.now()};
	}

	protected missing(): Refusal {
		return new Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
	}

	protected locked(): Refusal {
		return new Refusal(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
	}

	protected spoilt(held: HeldObject): HeldObject {
		return {...held, checksum: held.checksum && {...held.checksum, value: `AAAA${held.checksum.value.slice(4)}`}};
	}
}
