import {createHash} from 'node:crypto';
import {crc32c, crc32cText} from '../../sinks/_gcs/upload.ts';
import * as store from './store-bucket.ts';
import {Refusal} from './store-bucket.ts';

/** Where checksums are given the bytes must agree. */
export interface ObjectFacts extends store.ObjectFacts {
	readonly crc32c?: string;
	readonly md5Hash?: string;
}

export interface HeldObject extends store.HeldObject {
	readonly metageneration: number;
	readonly crc32c: string;
	readonly md5Hash: string;
}

export interface Content extends ObjectFacts {
	readonly bytes: Buffer;
}

/** What the query says the object must be: `0` for one that must not exist. */
export interface Preconditions {
	readonly ifGenerationMatch?: string | undefined;
}

export type Permission = 'create' | 'get' | 'list' | 'delete';

/** The objects of a bucket without versioning, with the rules that Google keeps. */
export class Bucket extends store.StoreBucket<HeldObject, Content, Preconditions> {
	#lastGeneration = 1_760_000_000_000_000;

	/** Changes what is said of an object, not its bytes: retention does not forbid that. */
	patch(name: string, facts: ObjectFacts, conditions: Preconditions): HeldObject {
		this.check(name, conditions);
		const held = this.get(name);
		const {metadata, contentType = held.contentType} = facts;
		const metageneration = held.metageneration + 1;
		const changed = {...held, contentType, metadata: {...held.metadata, ...metadata}, metageneration};
		this.objects.set(name, changed);
		return changed;
	}

	check(name: string, {ifGenerationMatch}: Preconditions): void {
		const generation = this.objects.get(name)?.generation ?? '0';
		if (ifGenerationMatch === undefined || ifGenerationMatch === generation) return;
		throw new Refusal(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
	}

	protected made(name: string, content: Content): HeldObject {
		const {bytes} = content;
		const sums = {crc32c: crc32cText(crc32c(bytes)), md5Hash: createHash('md5').update(bytes).digest('base64')};
		refuseWrongSum('CRC32C', content.crc32c, sums.crc32c);
		refuseWrongSum('MD5', content.md5Hash, sums.md5Hash);
		const generation = String((this.#lastGeneration += 1009));
		return {...content, ...sums, name, generation, metageneration: 1, createdMs: Date.now()};
	}

	protected missing(name: string): Refusal {
		return new Refusal(404, 'notFound', `No such object: ${this.options.name}/${name}`);
	}

	protected locked({name}: HeldObject, untilMs: number): Refusal {
		return new Refusal(
			403,
			'retentionPolicyNotMet',
			`Object '${this.options.name}/${name}' is subject to bucket's retention policy or object retention and cannot be ` +
				`deleted or overwritten until ${new Date(untilMs).toISOString()}`,
		);
	}

	protected spoilt(held: HeldObject): HeldObject {
		return {...held, crc32c: crc32cText(crc32c(held.bytes))};
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
