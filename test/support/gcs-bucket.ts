import {createHash} from 'node:crypto';
import {crc32c, crc32cText} from '../../sinks/_gcs/upload.ts';

/** What a client says of an object beside its bytes. */
export interface ObjectFacts {
	readonly contentType?: string;
	readonly contentEncoding?: string;
	readonly metadata?: Readonly<Record<string, string>>;
	/** Where it is given the bytes must agree. */
	readonly crc32c?: string;
	readonly md5Hash?: string;
}

export interface HeldObject extends ObjectFacts {
	readonly name: string;
	readonly bytes: Buffer;
	readonly generation: string;
	readonly metageneration: number;
	readonly crc32c: string;
	readonly md5Hash: string;
	readonly createdMs: number;
}

/** An answer of the JSON API that is no success. */
export class Refusal extends Error {
	readonly status: number;
	readonly reason: string;

	constructor(status: number, reason: string, message: string) {
		super(message);
		this.status = status;
		this.reason = reason;
	}
}

export type Permission = 'create' | 'get' | 'list' | 'delete';

export interface BucketOptions {
	readonly name: string;
	/** As a retention policy does: nothing younger is overwritten or deleted. */
	readonly retentionMs?: number;
	/** What the caller may not do. */
	readonly denied?: readonly Permission[];
}

/** What the query says the object must be: `0` for one that must not exist. */
export interface Preconditions {
	readonly ifGenerationMatch?: string | undefined;
}

/** The objects of a bucket without versioning, with the rules that Google keeps. Conditions are checked before locks. */
export class Bucket {
	readonly options: BucketOptions;
	readonly #objects = new Map<string, HeldObject>();
	/** Of what was deleted or overwritten too. */
	readonly #writes = new Map<string, number>();
	#lastGeneration = 1_760_000_000_000_000;

	constructor(options: BucketOptions) {
		this.options = options;
	}

	/** All objects by name, in the order of their UTF-8 bytes. */
	list(prefix = ''): HeldObject[] {
		return [...this.#objects.values()]
			.filter(({name}) => name.startsWith(prefix))
			.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
	}

	/** How often an object of this name was made. */
	writesOf(name: string): number {
		return this.#writes.get(name) ?? 0;
	}

	get(name: string, generation?: string): HeldObject {
		const held = this.#objects.get(name);
		if (held && (generation === undefined || generation === held.generation)) return held;
		throw new Refusal(404, 'notFound', `No such object: ${this.options.name}/${name}`);
	}

	has(name: string): boolean {
		return this.#objects.has(name);
	}

	put(name: string, bytes: Buffer, facts: ObjectFacts, conditions: Preconditions): HeldObject {
		this.#check(name, conditions);
		if (this.#objects.has(name)) this.#refuseLocked(name);
		const sums = {crc32c: crc32cText(crc32c(bytes)), md5Hash: createHash('md5').update(bytes).digest('base64')};
		refuseWrongSum('CRC32C', facts.crc32c, sums.crc32c);
		refuseWrongSum('MD5', facts.md5Hash, sums.md5Hash);
		const generation = String((this.#lastGeneration += 1009));
		const held = {...facts, ...sums, name, bytes, generation, metageneration: 1, createdMs: Date.now()};
		this.#objects.set(name, held);
		this.#writes.set(name, this.writesOf(name) + 1);
		return held;
	}

	/** Changes what is said of an object, not its bytes: retention does not forbid that. */
	patch(name: string, facts: ObjectFacts, conditions: Preconditions): HeldObject {
		this.#check(name, conditions);
		const held = this.get(name);
		const {metadata, contentType = held.contentType} = facts;
		const patched = {...held, ...(contentType === undefined ? {} : {contentType})};
		const changed = {
			...patched,
			metadata: {...held.metadata, ...metadata},
			metageneration: held.metageneration + 1,
		};
		this.#objects.set(name, changed);
		return changed;
	}

	remove(name: string, conditions: Preconditions, generation?: string): void {
		this.get(name, generation);
		this.#check(name, conditions);
		this.#refuseLocked(name);
		this.#objects.delete(name);
	}

	/** Changes one byte as a failing disk would; the checksums are those of what is there now. */
	spoil(name: string): HeldObject {
		const held = this.get(name);
		const bytes = Buffer.from(held.bytes);
		bytes[bytes.length >> 1]! ^= 1;
		const spoilt = {...held, bytes, crc32c: crc32cText(crc32c(bytes))};
		this.#objects.set(name, spoilt);
		return spoilt;
	}

	#check(name: string, {ifGenerationMatch}: Preconditions): void {
		const generation = this.#objects.get(name)?.generation ?? '0';
		if (ifGenerationMatch === undefined || ifGenerationMatch === generation) return;
		throw new Refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
	}

	#refuseLocked(name: string): void {
		const {name: bucket, retentionMs = 0, denied = []} = this.options;
		const untilMs = this.get(name).createdMs + retentionMs;
		if (Date.now() < untilMs) {
			throw new Refusal(
				403,
				'retentionPolicyNotMet',
				`Object '${bucket}/${name}' is subject to bucket's retention policy or object retention and cannot be ` +
					`deleted or overwritten until ${new Date(untilMs).toISOString()}`,
			);
		}
		if (denied.includes('delete')) throw forbidden('delete');
	}
}

export function forbidden(permission: Permission): Refusal {
	return new Refusal(
		403,
		'forbidden',
		`rxaudit@example.iam.gserviceaccount.com does not have storage.objects.${permission} access to the Google Cloud ` +
			`Storage object. Permission 'storage.objects.${permission}' denied on resource (or it may not exist).`,
	);
}

function refuseWrongSum(kind: string, given: string | undefined, actual: string): void {
	if (given === undefined || given === actual) return;
	throw new Refusal(400, 'invalid', `Provided ${kind} "${given}" doesn't match calculated ${kind} "${actual}".`);
}
