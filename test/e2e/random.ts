/** What chooses the instants and places of a whole run; another one: `RXAUDIT_E2E_SEED=7`. */
export const seed = Number(process.env['RXAUDIT_E2E_SEED'] ?? 1);

/** Numbers from 0 (inclusive) to 1 (exclusive), the same ones for the same seed and name. */
export function createRandom(name: string): () => number {
	let state = seed;
	for (const character of name) state = Math.imul(state ^ character.codePointAt(0)!, 0x9e3779b1);
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
