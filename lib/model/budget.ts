/** How much may be in memory between a source and its sinks: pages fetched, or being fetched, and not yet taken. */
export interface BudgetLimits {
	readonly maxPages: number;
	readonly maxBytes: number;
}

export const defaultBudget: BudgetLimits = {maxPages: 4, maxBytes: 16 * 1024 * 1024};

/** Nobody holds back fewer pages than before because others are read ahead. */
const leftForTurn = defaultBudget.maxPages;

/**
 * The credit that bounds memory. A page takes its place before it is requested and says its size when it has come;
 * the next one must wait while either limit is reached. One page larger than `maxBytes` passes alone, and so does one
 * whose turn it is where all other places are those of pages read ahead.
 */
export class Budget {
	readonly #chosen: Partial<BudgetLimits>;
	#limits: BudgetLimits;
	#pages = 0;
	#bytes = 0;
	/** The largest page so far. */
	#largest = 0;
	/** What is read ahead: all of it, what has come, and how many pages have not. */
	#ahead = 0;
	#aheadBytes = 0;
	#asked = 0;
	#waiting: (() => void)[] = [];
	readonly #listeners = new Set<() => void>();

	/** With these limits, and the defaults for others. */
	constructor(chosen: Partial<BudgetLimits> = {}) {
		const {maxPages = defaultBudget.maxPages, maxBytes = defaultBudget.maxBytes} = chosen;
		this.#chosen = chosen;
		this.#limits = {maxPages, maxBytes};
	}

	get limits(): BudgetLimits {
		return this.#limits;
	}

	/** Makes room for a source that reads ahead, as far as nobody has chosen how much there is to be. */
	widen({maxPages, maxBytes}: BudgetLimits): void {
		this.#limits = {
			maxPages: this.#chosen.maxPages ?? Math.max(maxPages, this.#limits.maxPages),
			maxBytes: this.#chosen.maxBytes ?? Math.max(maxBytes, this.#limits.maxBytes),
		};
	}

	/** Pages fetched, or being fetched, and not yet taken. */
	get pages(): number {
		return this.#pages;
	}

	/** What they hold, as far as they have come. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Whether there may be room for pages that are read ahead at all. */
	get readsAhead(): boolean {
		return this.#limits.maxPages > leftForTurn && this.#largest < this.#limits.maxBytes / 2;
	}

	get hasRoom(): boolean {
		const {maxPages, maxBytes} = this.#limits;
		return this.#pages === this.#ahead || (this.#pages < maxPages && this.#bytes < maxBytes);
	}

	/** What there is no room for any more, in words; undefined while there is. */
	get held(): string | undefined {
		if (this.hasRoom) return undefined;
		const {maxPages, maxBytes} = this.#limits;
		return `${this.#pages} pages of ${this.#bytes} bytes are held back, and the budget allows ${maxPages} pages and ${maxBytes} bytes; run() has an option budget for more`;
	}

	/** Resolves with a place as soon as there is one; rejects with the signal's reason when it aborts. */
	async acquire(signal: AbortSignal): Promise<BudgetPlace> {
		while (!this.hasRoom) await this.#change(signal);
		signal.throwIfAborted();
		return this.take();
	}

	/** Takes a place whether there is room or not. */
	take(): BudgetPlace {
		this.#pages++;
		let held = 0;
		let open = true;
		return {
			hold: bytes => {
				if (!open) return;
				this.#bytes += bytes - held;
				this.#largest = Math.max(this.#largest, bytes);
				held = bytes;
			},
			release: () => {
				if (!open) return;
				open = false;
				this.#pages--;
				this.#bytes -= held;
				const waiting = this.#waiting;
				this.#waiting = [];
				for (const resolve of waiting) resolve();
				for (const listener of this.#listeners) listener();
			},
		};
	}

	/** Takes a place for a page whose turn has not come, in half of the memory; undefined where there is no room for it. */
	takeAhead(): BudgetPlace | undefined {
		const {maxPages, maxBytes} = this.#limits;
		if (this.#pages >= maxPages || this.#ahead >= maxPages - leftForTurn) return undefined;
		const bytes = this.#aheadBytes + (this.#asked + 1) * this.#largest;
		if (bytes >= maxBytes / 2 || this.#bytes + bytes - this.#aheadBytes >= maxBytes) return undefined;
		const place = this.take();
		this.#ahead++;
		this.#asked++;
		let held: number | undefined;
		let open = true;
		const come = (bytes: number) => {
			if (held === undefined) this.#asked--;
			this.#aheadBytes += bytes - (held ?? 0);
			held = bytes;
		};
		return {
			hold: bytes => {
				if (!open) return;
				place.hold(bytes);
				come(bytes);
			},
			release: () => {
				if (!open) return;
				open = false;
				come(0);
				this.#ahead--;
				place.release();
			},
		};
	}

	/** Calls the listener whenever a place is given back, until what it returns is called. */
	onRelease(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => void this.#listeners.delete(listener);
	}

	#change(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) return reject(signal.reason);
			const onAbort = () => reject(signal.reason);
			signal.addEventListener('abort', onAbort, {once: true});
			this.#waiting.push(() => {
				signal.removeEventListener('abort', onAbort);
				resolve();
			});
		});
	}
}

export interface BudgetPlace {
	/** Says that the page has come, and how many bytes it holds. */
	hold(bytes: number): void;
	/** Gives the place and its bytes back; a second call does nothing. */
	release(): void;
}
