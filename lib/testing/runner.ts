/** What mocha, jest and vitest (with its globals) have in common. */
interface Runner {
	describe(title: string, declare: () => void): void;
	it(title: string, test: () => void | Promise<void>): void;
	beforeEach(prepare: () => void): void;
	afterEach(clear: () => void): void;
}

// Looked up at each call: a runner that runs several files in one process has other ones for each.
const runner = globalThis as unknown as Runner;

export const describe: Runner['describe'] = (title, declare) => runner.describe(title, declare);
export const it: Runner['it'] = (title, test) => runner.it(title, test);
export const beforeEach: Runner['beforeEach'] = prepare => runner.beforeEach(prepare);
export const afterEach: Runner['afterEach'] = clear => runner.afterEach(clear);
