/** Resolves when the action has been done for each item, for some of them at a time; the first failure ends it. */
export async function inParallel<T>(
	atOnce: number,
	items: Iterable<T> | AsyncIterable<T>,
	action: (item: T) => Promise<void>,
): Promise<void> {
	// A generator gives each item to one of those who ask it.
	const queue = (async function* () {
		yield* items;
	})();
	const work = async () => {
		for await (const item of queue) await action(item);
	};
	// All must have ended before anybody cleans up behind them.
	const ended = await Promise.allSettled(Array.from({length: atOnce}, work));
	const failed = ended.find(({status}) => status === 'rejected');
	if (failed) throw (failed as PromiseRejectedResult).reason;
}
