import {createHash, randomUUID} from 'node:crypto';
import type {Checksum} from './s3-body.ts';

/** What a client says of an object beside its bytes. */
export interface ObjectFacts {
	readonly contentType?: string | undefined;
	readonly contentEncoding?: string | undefined;
	readonly metadata?: Readonly<Record<string, string>>;
}

export interface HeldObject extends ObjectFacts {
	readonly key: string;
	readonly bytes: Buffer;
	/** With its quotes. */
	readonly etag: string;
	readonly checksum: Checksum | undefined;
	readonly version: string;
	readonly createdMs: number;
}

/** An answer that is no success. */
export class Refusal extends Error {
	readonly status: number;
	readonly code: string;

	constructor(status: number, code: string, message: string) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

export type Permission = 'PutObject' | 'GetObject' | 'ListBucket' | 'DeleteObject' | 'ListBucketMultipartUploads';

export interface BucketOptions {
	readonly name: string;
	/** Whatever is removed or overwritten stays as a version. */
	readonly versioning?: boolean;
	/** As Object Lock does: no version that is younger is lost. Without versioning nothing is overwritten or removed. */
	readonly retentionMs?: number;
	/** What the caller may not do. */
	readonly denied?: readonly Permission[];
	/** Of these writes conditions are overlooked, as some stores do. */
	readonly ignoresConditions?: readonly ('put' | 'complete' | 'delete')[];
}

export interface Conditions {
	readonly ifMatch?: string | undefined;
	readonly ifNoneMatch?: string | undefined;
}

/** What is to be stored; the ETag of an object in parts is not that of its bytes. */
export interface Content extends ObjectFacts {
	readonly bytes: Buffer;
	readonly checksum?: Checksum | undefined;
	readonly etag?: string;
}

/** The objects of a bucket, with the rules that S3 keeps. Conditions are checked before locks. */
export class Bucket {
	readonly options: BucketOptions;
	readonly #objects = new Map<string, HeldObject>();
	readonly #versions: HeldObject[] = [];
	/** Of what was removed or overwritten too. */
	readonly #writes = new Map<string, number>();

	constructor(options: BucketOptions) {
		this.options = options;
	}

	/** All objects by key, in the order of their UTF-8 bytes. */
	list(prefix = ''): HeldObject[] {
		return [...this.#objects.values()]
			.filter(({key}) => key.startsWith(prefix))
			.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
	}

	/** How often an object of this key was made. */
	writesOf(key: string): number {
		return this.#writes.get(key) ?? 0;
	}

	/** What was overwritten or removed, where the bucket has versions. */
	versionsOf(key: string): readonly HeldObject[] {
		return this.#versions.filter(held => held.key === key);
	}

	has(key: string): boolean {
		return this.#objects.has(key);
	}

	get(key: string): HeldObject {
		const held = this.#objects.get(key);
		if (held) return held;
		throw new Refusal(404, 'NoSuchKey', 'The specified key does not exist.');
	}

	put(key: string, content: Content, conditions: Conditions = {}): HeldObject {
		this.check(key, conditions);
		const before = this.#objects.get(key);
		if (before) this.#keepOrRefuse(before);
		const etag = content.etag ?? `"${createHash('md5').update(content.bytes).digest('hex')}"`;
		const held = {checksum: undefined, ...content, key, etag, version: randomUUID(), createdMs: Date.now()};
		this.#objects.set(key, held);
		this.#writes.set(key, this.writesOf(key) + 1);
		return held;
	}

	/** True where a delete marker has its place now. */
	remove(key: string, conditions: Conditions = {}): boolean {
		this.check(key, conditions);
		const held = this.#objects.get(key);
		if (held) this.#keepOrRefuse(held);
		this.#objects.delete(key);
		return this.options.versioning === true;
	}

	/** Changes one byte as a failing disk would; what the store says of the checksum is of what is there now. */
	spoil(key: string): HeldObject {
		const held = this.get(key);
		const bytes = Buffer.from(held.bytes);
		bytes[bytes.length >> 1]! ^= 1;
		const checksum = held.checksum && {...held.checksum, value: `AAAA${held.checksum.value.slice(4)}`};
		const spoilt = {...held, bytes, checksum};
		this.#objects.set(key, spoilt);
		return spoilt;
	}

	check(key: string, {ifMatch, ifNoneMatch}: Conditions): void {
		const etag = this.#objects.get(key)?.etag;
		if (ifMatch !== undefined && etag === undefined) this.get(key);
		if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
			throw new Refusal(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented');
		}
		if ((ifMatch !== undefined && ifMatch !== etag) || (ifNoneMatch !== undefined && etag !== undefined)) {
			throw new Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
		}
	}

	#keepOrRefuse(held: HeldObject): void {
		const {versioning, retentionMs = 0} = this.options;
		if (versioning) return void this.#versions.push(held);
		if (Date.now() >= held.createdMs + retentionMs) return;
		throw new Refusal(403, 'AccessDenied', 'Access Denied because object protected by object lock.');
	}
}
