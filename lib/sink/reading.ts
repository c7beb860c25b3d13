/** How a target is read back. */
export interface ReadOptions {
	/** Ends it with the signal's reason. */
	readonly signal?: AbortSignal;
	/** Called with a file that could not be read to its end, and why; what could be read of it is given all the same. */
	readonly onUnreadable?: (what: string, reason: string) => void;
}

/** What a target holds, some records at a time, parsed; undefined for what is no JSON. */
export type Records = AsyncGenerator<readonly unknown[]>;
