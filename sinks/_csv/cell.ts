import {ExactNumber} from '../../lib/sink/exact-numbers.ts';

/**
 * The text of a member in a cell. A list of plain values is joined by `; `, or is JSON where it could not be split
 * again; an object and a list of objects are JSON. Absent, null, `""` and an empty list are all an empty cell. NUL is
 * written as its symbol, U+2400.
 */
export function cellOf(value: unknown): string {
	// many readers end a text there
	return textOf(value).replaceAll('\0', '\u2400');
}

function textOf(value: unknown): string {
	if (typeof value === 'string') return value;
	if (value === undefined || value === null) return '';
	if (Array.isArray(value) && value.every(isSeparable)) return value.join('; ');
	const json = JSON.stringify(value) as string | undefined;
	if (json === undefined || json === 'null') return '';
	return json.startsWith('"') ? (JSON.parse(json) as string) : json; // a Date, for one
}

/** A cell that begins with `[` is JSON, another one is split at `; `: both must be certain. */
function isSeparable(item: unknown): boolean {
	if (typeof item === 'string') return /^[^[;][^;]*$/.test(item);
	if (item instanceof ExactNumber) return true;
	return typeof item === 'boolean' || (typeof item === 'number' && Number.isFinite(item));
}

/**
 * What a spreadsheet takes for a formula, behind what it does not show. Besides `= + - @` all that Unicode normalizes to
 * those, as Numbers does. A leading tab, line break or NUL is dropped by some, and what follows evaluated.
 */
const formula =
	/^'*(?:[\p{Z}\p{C}\p{DI}]*[=+\-@\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]|[\0\t\r\n])/u;

/**
 * The cell as text for a spreadsheet: `'` before what it would run. Apostrophes that were there already are counted in,
 * so that one less `'` before such a cell is always the value.
 */
export function neutralize(cell: string): string {
	return formula.test(cell) ? `'${cell}` : cell;
}
