import {createHash, randomUUID} from 'node:crypto';
import {type Body, type Checksum, compositeOf} from './s3-body.ts';
import type {Bucket, Conditions, HeldObject} from './s3-bucket.ts';
import {type ObjectFacts, Refusal} from './store-bucket.ts';

interface Part extends Body {
	readonly etag: string;
}

export interface UploadInParts {
	readonly id: string;
	readonly key: string;
	readonly facts: ObjectFacts;
	/** Of each part, where the client announced one. */
	readonly algorithm: string | undefined;
	startedMs: number;
	readonly parts: Map<number, Part>;
}

/** What CompleteMultipartUpload says of a part. */
export interface GivenPart {
	readonly number: number;
	readonly etag: string;
	readonly checksum: Checksum | undefined;
}

/** Uploads in parts that are under way: an object appears when one is completed, if its conditions hold then. */
export class Uploads {
	readonly #uploads = new Map<string, UploadInParts>();
	readonly #bucket: Bucket;
	readonly #minPartBytes: number;

	constructor(bucket: Bucket, minPartBytes: number) {
		this.#bucket = bucket;
		this.#minPartBytes = minPartBytes;
	}

	create(key: string, facts: ObjectFacts, algorithm: string | undefined): string {
		const id = randomUUID();
		this.#uploads.set(id, {id, key, facts, algorithm, startedMs: Date.now(), parts: new Map()});
		return id;
	}

	put(key: string, id: string, number: number, body: Body): Part {
		const upload = this.#get(key, id);
		if (upload.algorithm !== undefined && upload.algorithm !== body.checksum?.algorithm) {
			throw new Refusal(400, 'InvalidRequest', `Checksum Type mismatch occurred, expected ${upload.algorithm}`);
		}
		const part = {...body, etag: `"${createHash('md5').update(body.bytes).digest('hex')}"`};
		upload.parts.set(number, part);
		return part;
	}

	complete(key: string, id: string, given: readonly GivenPart[], conditions: Conditions): HeldObject {
		const upload = this.#get(key, id);
		if (given.some(({number}, index) => number <= (given[index - 1]?.number ?? 0))) {
			throw new Refusal(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.');
		}
		const parts = given.map(({number, etag, checksum}, index) => {
			const part = upload.parts.get(number);
			const isSame = part?.etag === etag && (checksum === undefined || checksum.value === part.checksum?.value);
			if (!part || !isSame)
				throw new Refusal(400, 'InvalidPart', 'One or more of the specified parts could not be found.');
			if (upload.algorithm !== undefined && checksum === undefined) {
				throw new Refusal(400, 'InvalidRequest', 'The upload was created with a checksum; the request must have them.');
			}
			if (index < given.length - 1 && part.bytes.length < this.#minPartBytes) {
				throw new Refusal(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
			}
			return part;
		});
		if (parts.length === 0) throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed');
		const digests = Buffer.concat(parts.map(({etag}) => Buffer.from(etag.slice(1, -1), 'hex')));
		const etag = `"${createHash('md5').update(digests).digest('hex')}-${parts.length}"`;
		const sums = parts.flatMap(({checksum}) => checksum ?? []);
		const checksum = sums.length === parts.length ? compositeOf(sums) : undefined;
		const bytes = Buffer.concat(parts.map(part => part.bytes));
		const held = this.#bucket.put(key, {...upload.facts, bytes, etag, checksum}, conditions);
		this.#uploads.delete(id);
		return held;
	}

	abort(key: string, id: string): void {
		this.#get(key, id);
		this.#uploads.delete(id);
	}

	list(prefix = ''): UploadInParts[] {
		return [...this.#uploads.values()].filter(({key}) => key.startsWith(prefix));
	}

	/** As a lifecycle rule does. */
	lose(id: string): void {
		this.#uploads.delete(id);
	}

	#get(key: string, id: string): UploadInParts {
		const upload = this.#uploads.get(id);
		if (upload?.key === key) return upload;
		throw new Refusal(404, 'NoSuchUpload', 'The specified multipart upload does not exist.');
	}
}
