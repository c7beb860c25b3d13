import assert from 'node:assert/strict';

/** How often each text is there. */
export function tally(texts: Iterable<string>): Map<string, number> {
	const counts = new Map<string, number>();
	for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
	return counts;
}

/** The same texts in the same order; true twins count. */
export function assertInOrder(got: readonly string[], held: readonly string[], where = ''): void {
	assertBetween(got, held, held, where);
	const index = got.findIndex((text, at) => text !== held[at]);
	assert.equal(got[index], held[index], `${where} the order changes at record ${index}`);
}

/** Each text as often as it was held, whatever the order: true twins count. */
export function assertSame(got: readonly string[], held: readonly string[]): void {
	assertBetween(got, held, held);
}

/** Each text at least as often as in `least`, at most as often as in `most`. */
export function assertBetween(
	got: readonly string[],
	least: readonly string[],
	most: readonly string[],
	where = '',
): void {
	const [counts, lower, upper] = [tally(got), tally(least), tally(most)];
	const lost = [...lower].filter(([text, count]) => (counts.get(text) ?? 0) < count);
	const doubled = [...counts].filter(([text, count]) => count > (upper.get(text) ?? 0));
	assert.deepEqual({where, lost, doubled}, {where, lost: [], doubled: []});
}
