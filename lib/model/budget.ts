/** How much may be in memory between a source and its sinks: pages fetched, or being fetched, and not yet taken. */
export interface BudgetLimits {
	readonly maxPages: number;
	readonly maxBytes: number;
}

export const defaultBudget: BudgetLimits = {maxPages: 4, maxBytes: 16 * 1024 * 1024};

/**
 * The credit that bounds memory. A page takes its place before it is requested and says its size when it has come;
 * the next one must wait while either limit is reached. One page larger than `maxBytes` passes alone.
 */
export class Budget {
	readonly limits: BudgetLimits;
	#pages = 0;
	#bytes = 0;
	#waiting: (() => void)[] = [];

	constructor(limits: BudgetLimits = defaultBudget) {
		this.limits = limits;
	}

	/** Pages fetched, or being fetched, and not yet taken. */
	get pages(): number {
		return this.#pages;
	}

	/** What they hold, as far as they have come. */
	get bytes(): number {
		return this.#bytes;
	}

	get hasRoom(): boolean {
		return this.#pages < this.limits.maxPages && this.#bytes < this.limits.maxBytes;
	}

	/** What there is no room for any more, in words; undefined while there is. */
	get held(): string | undefined {
		if (this.hasRoom) return undefined;
		const {maxPages, maxBytes} = this.limits;
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
			},
		};
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
