import {hash} from './random.ts';

const ID_SALT = 10;

const hexDigits = Buffer.from('0123456789abcdef');
const uuid = Buffer.from('00000000-0000-4000-8000-000000000000');
/** Where the digits go: the version digit stays, the variant digit has two free bits. */
const uuidPlaces = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 17, 20, 21, 22, 24, 25, 26, 27, 28, 29, 30, 31];

/**
 * The ASCII bytes of the lower-case UUID of a row number (32 bits). Unique, since the first group is a bijection of
 * the number. They are overwritten by the next call.
 */
export function uuidBytes(seed: number, row: number): Buffer {
	let word = 0;
	for (const [index, place] of uuidPlaces.entries()) {
		if (index % 8 === 0) word = hash(seed, ID_SALT + index, row);
		uuid[place] = hexDigits[word & 15] as number;
		word >>>= 4;
	}
	uuid[19] = hexDigits[8 + (word % 4)] as number;
	return uuid;
}

/** Ids that are unsafe as file names: unique, but not on a file system that folds case or normalizes. */
export function hostileIdOf(row: number): string {
	const round = Math.floor(row / hostile.length);
	return (hostile[row % hostile.length] as (round: number) => string)(round);
}

const hostile: readonly ((round: number) => string)[] = [
	round => `../../escape-${round}`,
	round => `A-case-${round}`,
	round => `a-case-${round}`,
	round => '.'.repeat(2 * round + 1),
	round => '.'.repeat(2 * round + 2),
	round => `/etc/${round}`,
	round => `back\\slash\\${round}`,
	round => `nul\0${round}`,
	round => `${'long-'.repeat(80)}${round}`,
	round => `żółć-文件-🦊-${round}`,
	round => `caf\u00e9-${round}`,
	round => `cafe\u0301-${round}`,
	round => `CON.${round}`,
	round => ` space and\nline break ${round} `,
	round => `%2e%2e%2f${round}`,
	round => `-rf ~ $(id) "quoted" ${round}.json`,
	round => `lone\ud800-${round}`,
];
