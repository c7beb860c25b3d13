/** Runs actions until one fails: that one and every later one rejects with what `brokenBy` makes of its error. */
export function untilBroken(brokenBy: (error: unknown) => unknown) {
	let broken: {readonly error: unknown} | undefined;
	return async <T>(action: () => Promise<T>): Promise<T> => {
		if (broken) throw broken.error;
		try {
			return await action();
		} catch (error) {
			broken = {error: brokenBy(error)};
			throw broken.error;
		}
	};
}
