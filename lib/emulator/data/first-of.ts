/** The first `count` items, at least one asked for, of what may have many. */
export function firstOf<T>(items: Iterable<T>, count: number): T[] {
	const first: T[] = [];
	for (const item of items) {
		if (first.push(item) === count) break;
	}
	return first;
}
