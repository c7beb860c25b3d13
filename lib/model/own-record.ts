import type {Entry, SourceRecord} from './page.ts';

/** What a record is known by; absent is as it was. */
type Names = Partial<Pick<SourceRecord, 'id' | 'identity'>>;

/**
 * A record that holds its own text only: its value is parsed when somebody asks for it. Records wait to be written,
 * and a parsed one is several times as large as its text.
 */
export class OwnRecord implements SourceRecord {
	readonly id: string;
	declare readonly identity?: string;
	readonly timeMs: number;
	readonly orderMs: number;
	readonly wholeSecond: boolean;
	readonly text: Uint8Array;
	readonly #asGiven: ((value: object) => unknown) | undefined;
	#raw: string | undefined;
	#value: unknown;

	/**
	 * `text` is JSON of an object; the value is what `asGiven` makes of that object, where it is given. `known` is what was
	 * made of the text already.
	 */
	constructor(
		{id, identity, timeMs, orderMs, wholeSecond, text}: Omit<SourceRecord, 'raw' | 'value'>,
		asGiven: ((value: object) => unknown) | undefined,
		known: Partial<Pick<SourceRecord, 'raw' | 'value'>> = {},
	) {
		this.id = id;
		if (identity !== undefined) this.identity = identity;
		this.timeMs = timeMs;
		this.orderMs = orderMs;
		this.wholeSecond = wholeSecond;
		this.text = text;
		this.#asGiven = asGiven;
		this.#raw = known.raw;
		this.#value = known.value;
	}

	get raw(): string {
		return (this.#raw ??= Buffer.from(this.text.buffer, this.text.byteOffset, this.text.length).toString('utf8'));
	}

	/** The same object each time, until it is forgotten. */
	get value(): unknown {
		if (this.#value === undefined) {
			const parsed = JSON.parse(this.raw) as object;
			this.#value = this.#asGiven ? this.#asGiven(parsed) : parsed;
		}
		return this.#value;
	}

	/** Lets go of what was made of the text. */
	forget(): void {
		this.#raw = undefined;
		this.#value = undefined;
	}

	/** The same record with other names. */
	named(names: Names): OwnRecord {
		const {id, identity, timeMs, orderMs, wholeSecond, text} = this;
		const before = {id, timeMs, orderMs, wholeSecond, text, ...(identity === undefined ? {} : {identity})};
		return new OwnRecord({...before, ...names}, this.#asGiven, {raw: this.#raw!, value: this.#value});
	}
}

/** Lets go of what was made of the text of a record. */
export function forgetValue(record: SourceRecord): void {
	if (record instanceof OwnRecord) record.forget();
}

/** The same record with other names. */
export function named(record: SourceRecord, names: Names): SourceRecord {
	return record instanceof OwnRecord ? record.named(names) : {...record, ...names};
}

/** An entry whose event is the value of its record. */
export class OwnEntry<T> implements Entry<T> {
	readonly record: SourceRecord;

	constructor(record: SourceRecord) {
		this.record = record;
	}

	get event(): T {
		return this.record.value as T;
	}
}

/** Whether the event is the parsed record itself, which an {@link OwnEntry} says without parsing it. */
export function isOwn(entry: Entry): boolean {
	return entry instanceof OwnEntry || entry.event === entry.record.value;
}
