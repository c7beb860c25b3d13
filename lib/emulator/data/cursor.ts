import {hash} from './random.ts';

const CHECK_SALT = 30;

/** What a cursor holds. Its users see opaque text. */
export interface Cursor {
	/** The last row that was served: the next page begins strictly behind it. */
	readonly timeMs: number;
	readonly row: number;
	/** When it was given out, where cursors expire; else 0. */
	readonly issuedMs: number;
	/** The request that it was given out by, where cursors expire or must differ; else 0. */
	readonly request: number;
}

/** The opaque text of a cursor: the same cursor and seed give the same text. */
export function formatCursor({timeMs, row, issuedMs, request}: Cursor, seed: number): string {
	return sealNumbers([timeMs, row, issuedMs, request], seed);
}

/** The cursor of a text, or undefined when no emulator of this seed gave it out. */
export function parseCursor(text: string, seed: number): Cursor | undefined {
	const [timeMs = NaN, row = NaN, issuedMs = NaN, request = NaN, ...more] = openNumbers(text, seed) ?? [];
	return Number.isNaN(request) || more.length > 0 ? undefined : {timeMs, row, issuedMs, request};
}

/** Opaque text that only {@link openNumbers} with the same seed reads. */
export function sealNumbers(numbers: readonly number[], seed: number): string {
	const content = numbers.join('/');
	return Buffer.from(`${content}/${checkOf(content, seed)}`).toString('base64url');
}

/** The numbers that were sealed, or undefined when the text was made up, cut or changed. */
export function openNumbers(text: string, seed: number): number[] | undefined {
	const content = Buffer.from(text, 'base64url').toString();
	const numbers = content.slice(0, content.lastIndexOf('/')).split('/').map(Number);
	return sealNumbers(numbers, seed) === text ? numbers : undefined;
}

function checkOf(content: string, seed: number): string {
	let check = CHECK_SALT;
	for (let index = 0; index < content.length; index++) check = hash(seed, check, content.charCodeAt(index));
	return check.toString(16);
}
