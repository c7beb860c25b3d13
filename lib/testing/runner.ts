/** What mocha, jest and vitest (with its globals) have in common. */
interface Runner {
	describe(title: string, declare: () => void): void;
	it(title: string, test: () => void | Promise<void>): void;
	beforeEach(prepare: () => void): void;
	afterEach(clear: () => void): void;
}

/** The globals of the runner that loads this. */
export const {describe, it, beforeEach, afterEach} = globalThis as unknown as Runner;
