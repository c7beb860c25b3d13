import type {KeyObject} from 'node:crypto';
import {addTally, type Chain, emptyChain, type ManifestEntry, openEntry, type SourceTally} from './manifest.ts';

export interface VerifyOptions {
	/** The Ed25519 public key that every entry must be signed with. */
	readonly publicKey?: KeyObject;
	/** Called with each file or range that is about to be read. */
	readonly onProgress?: (path: string) => void;
}

/** Something in a target that is not as the manifest says. */
export interface Damage {
	readonly kind: 'missing' | 'changed' | 'added' | 'moved' | 'entry';
	/** The file, the range of the file, or the entry of the manifest. */
	readonly what: string;
	/** What was expected and what is there. */
	readonly detail: string;
}

/** What a target holds, as its manifest and its data say. */
export interface Verification {
	/** Empty: every byte that was committed is as it was written. */
	readonly damage: readonly Damage[];
	/** What a run wrote and did not commit before it died, or somebody added since: no more can be said of it. */
	readonly uncommitted: readonly string[];
	readonly chain: Chain;
	/** The hash of each entry, in order. */
	readonly hashes: readonly string[];
	/** How many entries carry a signature. */
	readonly signed: number;
	/** What was committed, by `name:tenant`. */
	readonly sources: Readonly<Record<string, SourceTally>>;
}

/** What was found, with what an empty chain means: it proves nothing, neither a signature nor what lies there. */
export function verificationOf(
	{chain, hashes, signed, sources, ...walk}: ChainWalk,
	found: Pick<Verification, 'damage' | 'uncommitted'>,
	{publicKey}: VerifyOptions,
): Verification {
	const damage = [...walk.damage, ...found.damage];
	let {uncommitted} = found;
	if (chain.entries === 0) {
		if (publicKey) damage.push({kind: 'missing', what: 'entry 0', detail: 'expected a signed entry, got none at all'});
		damage.push(...addedBehind(uncommitted, 'the manifest has no entry that lists it'));
		uncommitted = [];
	}
	return {damage, uncommitted, chain, hashes, signed, sources};
}

/** What is no longer taken for the work of a run that died. */
export function addedBehind(uncommitted: readonly string[], detail: string): Damage[] {
	return uncommitted.map(what => ({kind: 'added', what, detail}));
}

/** Follows a chain from its first line to its last, and keeps what a {@link Verification} says of it. */
export class ChainWalk {
	readonly damage: Damage[] = [];
	readonly hashes: string[] = [];
	chain: Chain = emptyChain;
	signed = 0;
	sources: Readonly<Record<string, SourceTally>> = {};
	readonly #publicKey: KeyObject | undefined;
	/** True behind an entry that could not be read: what the next one follows is not known. */
	#isLost = false;

	constructor(publicKey?: KeyObject) {
		this.#publicKey = publicKey;
	}

	/** The entry on the next line; undefined when the line is not what was written. */
	next(line: string): ManifestEntry | undefined {
		let opened = openEntry(line, this.chain, this.#publicKey);
		if (this.#isLost && 'entry' in opened) {
			opened = openEntry(line, {...this.chain, head: opened.entry.previous}, this.#publicKey);
		}
		this.#isLost = !('entry' in opened);
		const {entries} = this.chain;
		if (opened.problem !== undefined) {
			const entry = 'entry' in opened ? opened.entry.entry : entries;
			this.damage.push({kind: 'entry', what: `entry ${entry}`, detail: opened.problem});
		}
		if (!('entry' in opened)) {
			this.chain = {...this.chain, entries: entries + 1};
			return undefined;
		}
		const {entry, chain, isSigned} = opened;
		this.chain = chain;
		this.hashes.push(chain.head);
		if (isSigned) this.signed++;
		for (const [key, tally] of Object.entries(entry.sources)) {
			this.sources = {...this.sources, [key]: addTally(this.sources[key], tally)};
		}
		return entry;
	}
}
