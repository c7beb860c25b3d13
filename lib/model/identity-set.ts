import {hash} from 'node:crypto';

/** The size of one entry: 16 bytes of SHA-256 and the second (epoch, uint32) of the record. */
export const entryBytes = 20;
const entryWords = 5;

/** The hash of the identity that was asked for last: four words, reused. */
const word = new Uint32Array(4);

/** In UTF-8 all of them are one character, so that identities would be equal that are not. */
const loneSurrogate = /\p{Surrogate}/u;

function hashInto(identity: string): void {
	const digest = hash('sha256', loneSurrogate.test(identity) ? JSON.stringify(identity) : identity, 'binary');
	for (let index = 0; index < 4; index++) {
		const at = index * 4;
		word[index] =
			digest.charCodeAt(at) |
			(digest.charCodeAt(at + 1) << 8) |
			(digest.charCodeAt(at + 2) << 16) |
			(digest.charCodeAt(at + 3) << 24);
	}
	// a first word of 0 marks a free slot
	if (word[0] === 0) word[0] = 1;
}

/** The second of a record's time, as entries hold it. */
export function secondOf(ms: number): number {
	return Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000)));
}

/**
 * A set of identities in 20 bytes each, outside the JavaScript heap: open addressing over one typed array, at most
 * 70 % full. Equal hashes count as equal identities: by accident in none of 10^18 records, and nobody can make one.
 */
export class IdentitySet {
	#slots: Uint32Array;
	#capacity: number;
	#size = 0;

	constructor(expected = 0) {
		this.#capacity = Math.max(1024, Math.ceil(expected / 0.7));
		this.#slots = new Uint32Array(this.#capacity * entryWords);
	}

	get size(): number {
		return this.#size;
	}

	get bytes(): number {
		return this.#slots.byteLength;
	}

	/** Adds an identity; false when it was in the set already. */
	add(identity: string, second: number): boolean {
		hashInto(identity);
		return this.#insert(word[0]!, word[1]!, word[2]!, word[3]!, second);
	}

	/** Writes the entry of the identity that was added last. */
	writeLast(entries: Uint32Array, index: number, second: number): void {
		entries.set(word, index * entryWords);
		entries[index * entryWords + 4] = second;
	}

	/** Adds entries as `writeLast()` or `entries()` gave them. */
	addEntries(entries: Uint32Array): void {
		for (let at = 0; at + entryWords <= entries.length; at += entryWords) {
			this.#insert(entries[at]!, entries[at + 1]!, entries[at + 2]!, entries[at + 3]!, entries[at + 4]!);
		}
	}

	/** A set of only those entries whose second passes; the bytes of the others are free again. */
	filter(keep: (second: number) => boolean): IdentitySet {
		let count = 0;
		const slots = this.#slots;
		for (let at = 0; at < slots.length; at += entryWords) if (slots[at] !== 0 && keep(slots[at + 4]!)) count++;
		const kept = new IdentitySet(count * 1.4);
		for (let at = 0; at < slots.length; at += entryWords) {
			if (slots[at] === 0 || !keep(slots[at + 4]!)) continue;
			kept.#insert(slots[at]!, slots[at + 1]!, slots[at + 2]!, slots[at + 3]!, slots[at + 4]!);
		}
		return kept;
	}

	#insert(a: number, b: number, c: number, d: number, second: number): boolean {
		if (this.#size >= this.#capacity * 0.7) this.#grow();
		const slots = this.#slots;
		for (let slot = a % this.#capacity; ; slot = slot + 1 === this.#capacity ? 0 : slot + 1) {
			const at = slot * entryWords;
			if (slots[at] === 0) {
				slots[at] = a;
				slots[at + 1] = b;
				slots[at + 2] = c;
				slots[at + 3] = d;
				slots[at + 4] = second;
				this.#size++;
				return true;
			}
			if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d) return false;
		}
	}

	#grow(): void {
		const grown = new IdentitySet(this.#size * 1.6);
		grown.#addAll(this.#slots);
		this.#slots = grown.#slots;
		this.#capacity = grown.#capacity;
	}

	#addAll(slots: Uint32Array): void {
		for (let at = 0; at < slots.length; at += entryWords) {
			if (slots[at] !== 0) this.#insert(slots[at]!, slots[at + 1]!, slots[at + 2]!, slots[at + 3]!, slots[at + 4]!);
		}
	}
}
