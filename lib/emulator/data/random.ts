/** A bijection of unsigned 32-bit numbers that looks random: the finalizer of MurmurHash3. */
export function scramble(value: number): number {
	let mixed = value ^ (value >>> 16);
	mixed = Math.imul(mixed, 0x85ebca6b);
	mixed ^= mixed >>> 13;
	mixed = Math.imul(mixed, 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A random-looking 32-bit number for an index: different for different indexes, the same for the same arguments. */
export function hash(seed: number, salt: number, index: number): number {
	return scramble(scramble(Math.imul(seed, 0x9e3779b1) + salt) ^ index);
}

/** A seeded stream of random numbers. */
export interface Random {
	/** A whole number from 0 to `limit` - 1. */
	below(limit: number): number;
	/** True `percent` times out of a hundred. */
	chance(percent: number): boolean;
	pick<T>(list: readonly T[]): T;
}

/** The same seed and salt give the same stream. */
export function createRandom(seed: number, salt: number): Random {
	let drawn = 0;
	const below = (limit: number) => hash(seed, salt, ++drawn) % limit;
	return {
		below,
		chance: percent => below(100) < percent,
		pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
	};
}
