import type {Json} from '../model/event.ts';
import type {Journal} from '../state/state.ts';

/** From all entries of the journal to those still needed as of these snapshots. */
type KeepIdentities = (entries: Uint8Array, snapshots: Readonly<Record<string, Json>>) => Uint8Array;

/**
 * The journal is rewritten with the identities that are still needed when it is this large, and then whenever it is
 * twice as large as after the last time; in the checkpoint sooner, since each commit writes all of them.
 */
const minCompactionBytes = {journal: 4 * 1024 * 1024, checkpoint: 1024 * 1024};

/** Adds identities to the store's journal, or to the checkpoint itself where the store has none. */
export class IdentityJournal {
	readonly #journal: Journal | undefined;
	readonly #minBytes: number;
	#mark: Json | undefined;
	#bytes: number;
	/** Of each run anew: else a journal would only grow when every run adds less than there was. */
	#compactAt: number;

	/** The next bytes go to a new journal. */
	#mustRewrite: boolean;

	/** `bytes` is how much lies before the mark; `tailIsNeeded`: what lies behind it belongs to a pending checkpoint. */
	constructor(journal: Journal | undefined, mark: Json | undefined, bytes: number, tailIsNeeded = false) {
		this.#journal = journal;
		this.#minBytes = minCompactionBytes[journal ? 'journal' : 'checkpoint'];
		this.#compactAt = this.#minBytes;
		this.#mark = mark;
		this.#bytes = bytes;
		this.#mustRewrite = tailIsNeeded;
	}

	/** Where the journal ends, for the checkpoint. */
	get mark(): Json | undefined {
		return this.#mark;
	}

	/** Resolves when they are durable. `keep` says which are still needed when the journal has grown too large. */
	async append(
		parts: readonly Uint8Array[],
		keep: KeepIdentities,
		snapshots: Readonly<Record<string, Json>>,
	): Promise<void> {
		const added = concat(parts);
		if (added.length === 0 && this.#mark !== undefined) return;
		const bytes = this.#bytes + added.length;
		if (bytes <= this.#compactAt && this.#journal && this.#mark !== undefined && !this.#mustRewrite) {
			this.#mark = await this.#journal.append(added);
			this.#bytes = bytes;
			return;
		}
		this.#mustRewrite = false;
		const all = concat([await this.#read(), added]);
		const thinned = bytes > this.#compactAt;
		const needed = thinned ? keep(all, snapshots) : all;
		this.#mark = this.#journal ? await this.#journal.rewrite(needed) : Buffer.from(needed).toString('base64');
		this.#bytes = needed.length;
		if (thinned) this.#compactAt = Math.max(this.#minBytes, needed.length * 2);
	}

	async #read(): Promise<Uint8Array> {
		if (this.#mark === undefined) return new Uint8Array();
		return this.#journal ? this.#journal.read(this.#mark) : Buffer.from(this.#mark as string, 'base64');
	}
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
	return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
