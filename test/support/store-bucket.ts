/** What a client says of an object beside its bytes. */
export interface ObjectFacts {
	readonly contentType?: string | undefined;
	readonly contentEncoding?: string | undefined;
	readonly metadata?: Readonly<Record<string, string>>;
}

export interface HeldObject extends ObjectFacts {
	readonly name: string;
	readonly bytes: Buffer;
	/** Which content has the name now, in the words of the store. */
	readonly generation: string;
	readonly createdMs: number;
}

/** An answer that is no success. */
export class Refusal extends Error {
	readonly status: number;
	/** The word of the store for it. */
	readonly code: string;

	constructor(status: number, code: string, message: string) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

export interface BucketOptions<Permission extends string = string> {
	readonly name: string;
	/** Whatever is removed or overwritten stays as a version. */
	readonly versioning?: boolean;
	/** Nothing younger is overwritten or removed; with versions no version is lost. */
	readonly retentionMs?: number;
	/** What the caller may not do. */
	readonly denied?: readonly Permission[];
}

/** The objects of a bucket. Conditions are checked before locks. */
export abstract class StoreBucket<Held extends HeldObject, Content, Conditions extends object> {
	readonly options: BucketOptions;
	protected readonly objects = new Map<string, Held>();
	readonly #versions: Held[] = [];
	/** Of what was removed or overwritten too. */
	readonly #writes = new Map<string, number>();

	constructor(options: BucketOptions) {
		this.options = options;
	}

	/** All objects by name, in the order of their UTF-8 bytes. */
	list(prefix = ''): Held[] {
		return [...this.objects.values()]
			.filter(({name}) => name.startsWith(prefix))
			.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
	}

	/** How often an object of this name was made. */
	writesOf(name: string): number {
		return this.#writes.get(name) ?? 0;
	}

	/** What was overwritten or removed, where the bucket has versions. */
	versionsOf(name: string): readonly Held[] {
		return this.#versions.filter(held => held.name === name);
	}

	has(name: string): boolean {
		return this.objects.has(name);
	}

	get(name: string, generation?: string): Held {
		const held = this.objects.get(name);
		if (held && (generation === undefined || generation === held.generation)) return held;
		throw this.missing(name);
	}

	put(name: string, content: Content, conditions?: Conditions): Held {
		if (conditions) this.check(name, conditions);
		const before = this.objects.get(name);
		if (before) this.#keepOrRefuse(before);
		const held = this.made(name, content);
		this.objects.set(name, held);
		this.#writes.set(name, this.writesOf(name) + 1);
		return held;
	}

	/** True where a delete marker has its place now. */
	remove(name: string, conditions?: Conditions): boolean {
		if (conditions) this.check(name, conditions);
		const held = this.objects.get(name);
		if (held) this.#keepOrRefuse(held);
		this.objects.delete(name);
		return this.options.versioning === true;
	}

	/** Changes one byte as a failing disk would; the checksum is another too. */
	spoil(name: string): Held {
		const held = this.get(name);
		const bytes = Buffer.from(held.bytes);
		bytes[bytes.length >> 1]! ^= 1;
		const spoilt = this.spoilt({...held, bytes});
		this.objects.set(name, spoilt);
		return spoilt;
	}

	abstract check(name: string, conditions: Conditions): void;
	protected abstract made(name: string, content: Content): Held;
	protected abstract missing(name: string): Refusal;
	protected abstract locked(held: Held, untilMs: number): Refusal;
	protected abstract spoilt(held: Held): Held;

	#keepOrRefuse(held: Held): void {
		const {versioning, retentionMs = 0} = this.options;
		if (versioning) return void this.#versions.push(held);
		const untilMs = held.createdMs + retentionMs;
		if (Date.now() < untilMs) throw this.locked(held, untilMs);
	}
}
