import type {KeyObject} from 'node:crypto';
import {Coverage} from './asked.ts';
import {addTally, type Chain, emptyChain, type ManifestEntry, openEntry, type SourceTally} from './manifest.ts';

export interface VerifyOptions {
	/** The Ed25519 public key that every entry must be signed with. */
	readonly publicKey?: KeyObject;
	/** True where something else knows of entries, as a state does: a manifest that is gone is damage then. */
	readonly isExpected?: boolean;
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

/** The chain of one state. */
interface VerifiedPart {
	/** 8 hex digits; '' where a target has but one, or from before there were parts. */
	readonly part: string;
	readonly entries: number;
	readonly head: string;
	readonly hashes: readonly string[];
	readonly signed: number;
}

/** What a target holds, as its manifest and its data say. */
export interface Verification {
	/** Empty: every byte that was committed is as it was written. */
	readonly damage: readonly Damage[];
	/** What lies behind the last commit: a run wrote it before it died, or somebody added it since. */
	readonly uncommitted: readonly string[];
	/** The chain; of several parts the sum of their entries, and no head. */
	readonly chain: Chain;
	/** The hash of each entry, in order; of several parts one behind the other. */
	readonly hashes: readonly string[];
	/** How many entries carry a signature; where a key was given, of that key. */
	readonly signed: number;
	/** The parts that have entries: a chain for each state that wrote to the target. */
	readonly parts: readonly VerifiedPart[];
	/** What was committed, by `name:tenant`. */
	readonly sources: Readonly<Record<string, SourceTally>>;
	/** What was read of the time of each source, by `name:tenant`; absent of one whose entries do not say. */
	readonly coverage: ReadonlyMap<string, Coverage>;
}

/** What was found, with what an empty chain means: it proves nothing, neither a signature nor what lies there. */
export function verificationOf(
	walks: readonly ChainWalk[],
	found: Pick<Verification, 'damage' | 'uncommitted'>,
	options: VerifyOptions,
): Verification {
	const damage = [...walks.flatMap(walk => walk.damage), ...found.damage];
	let {uncommitted} = found;
	const parts = walks
		.filter(({chain}) => chain.entries > 0)
		.map(({part, chain, hashes, signed}) => ({part, ...chain, hashes, signed}));
	const entries = parts.reduce((sum, part) => sum + part.entries, 0);
	if (entries === 0) {
		if (needsManifest(options)) {
			const detail = `expected ${options.publicKey ? 'a signed' : 'an'} entry, got none at all`;
			damage.push({kind: 'missing', what: 'entry 0', detail});
		}
		damage.push(...addedBehind(uncommitted, 'the manifest has no entry that lists it'));
		uncommitted = [];
	}
	const head = parts.length > 1 ? '' : (parts[0]?.head ?? emptyChain.head);
	let sources: Record<string, SourceTally> = {};
	const coverage = new Map<string, Coverage>();
	for (const walk of walks) {
		for (const [key, part] of walk.coverage) coverageOf(coverage, key).join(part);
		for (const [key, tally] of Object.entries(walk.sources))
			sources = {...sources, [key]: addTally(sources[key], tally)};
	}
	return {
		damage,
		uncommitted,
		chain: {entries, head},
		hashes: parts.flatMap(part => part.hashes),
		signed: parts.reduce((sum, {signed}) => sum + signed, 0),
		parts,
		sources,
		coverage,
	};
}

function coverageOf(all: Map<string, Coverage>, source: string): Coverage {
	const known = all.get(source) ?? new Coverage();
	all.set(source, known);
	return known;
}

/** Whether a manifest that is not there is damage, and no reason to ask for another target. */
export function needsManifest({publicKey, isExpected}: VerifyOptions): boolean {
	return publicKey !== undefined || isExpected === true;
}

/** What is no longer taken for the work of a run that died. */
function addedBehind(uncommitted: readonly string[], detail: string): Damage[] {
	return uncommitted.map(what => ({kind: 'added', what, detail}));
}

/** Follows a chain from its first line to its last, and keeps what a {@link Verification} says of it. */
export class ChainWalk {
	readonly damage: Damage[] = [];
	readonly hashes: string[] = [];
	chain: Chain = emptyChain;
	signed = 0;
	sources: Readonly<Record<string, SourceTally>> = {};
	readonly coverage = new Map<string, Coverage>();
	readonly part: string;
	readonly #publicKey: KeyObject | undefined;
	/** True behind an entry that could not be read: what the next one follows is not known. */
	#isLost = false;

	constructor(publicKey?: KeyObject, part = '') {
		this.part = part;
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
			const what = this.part === '' ? `entry ${entry}` : `entry ${entry} of part ${this.part}`;
			this.damage.push({kind: 'entry', what, detail: opened.problem});
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
		const {at, sources = []} = entry.asked ?? {};
		for (const asked of sources) coverageOf(this.coverage, asked.source).add(asked, at!);
		return entry;
	}
}
