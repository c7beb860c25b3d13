import {createHash} from 'node:crypto';

/** What a layout is filled with. */
interface EventPlace {
	readonly id: string;
	readonly timeMs: number;
	readonly source: string;
	readonly tenant: string;
}

/** The relative path of an event. It never leaves the folder that it is joined to. */
export type EventPath = (place: EventPlace) => string;

const byDay = '{year}/{month}/{day}/{id}.json';

/** The layout where none is given: ids that are unique within a tenant only get a folder per tenant. */
export function defaultLayout(ids: 'global' | 'tenant'): string {
	return ids === 'global' ? byDay : `{source}/{tenant}/${byDay}`;
}

const placeholders: Readonly<Record<string, (place: EventPlace, time: Date) => string>> = {
	year: (_, time) => year(time),
	month: (_, time) => twoDigits(time.getUTCMonth() + 1),
	day: (_, time) => twoDigits(time.getUTCDate()),
	hour: (_, time) => twoDigits(time.getUTCHours()),
	date: (_, time) => `${year(time)}-${twoDigits(time.getUTCMonth() + 1)}-${twoDigits(time.getUTCDate())}`,
	id: place => fileName(place.id),
	source: place => fileName(place.source),
	tenant: place => fileName(place.tenant),
};

/** What is wrong with a layout of files, one per event, as the end of `expected …`, or undefined. */
export function layoutProblem(layout: string): string | undefined {
	return (
		pathProblem(layout, Object.keys(placeholders)) ??
		(layout.split('/').at(-1)!.includes('{id}') ? undefined : '{id} in the file name')
	);
}

/** What is wrong with a layout of partitions, each of many events, as the end of `expected …`, or undefined. */
export function partitionProblem(layout: string): string | undefined {
	return pathProblem(
		layout,
		Object.keys(placeholders).filter(name => name !== 'id'),
	);
}

function pathProblem(layout: string, names: readonly string[]): string | undefined {
	const used = Array.from(layout.matchAll(/\{([^{}]*)\}/g), match => match[1]!);
	if (!used.every(name => names.includes(name))) {
		return `placeholders among ${names.map(name => `{${name}}`).join(' ')}`;
	}
	if (/[{}\\\0]/.test(layout.replaceAll(/\{\w+\}/g, '')))
		return 'no brace outside a placeholder, no backslash and no NUL';
	if (layout.split('/').some(segment => segment === '' || segment.startsWith('.'))) {
		return 'a relative path whose parts are not empty and do not begin with a dot';
	}
	return undefined;
}

/** Compiles a layout that has no {@link layoutProblem}. */
export function eventPath(layout: string): EventPath {
	// Odd parts are placeholders.
	const parts = layout.split(/\{(\w+)\}/);
	return place => {
		const time = new Date(place.timeMs);
		let path = '';
		for (const [index, part] of parts.entries()) path += index % 2 === 0 ? part : placeholders[part]!(place, time);
		return path;
	};
}

function year(time: Date): string {
	return String(time.getUTCFullYear()).padStart(4, '0');
}

function twoDigits(value: number): string {
	return value < 10 ? `0${value}` : String(value);
}

/** A name leaves room for a suffix of 20 bytes below the 255 that file systems allow. */
const maxNameBytes = 235;
const maxPlainBytes = 180;
const hashBytes = '~'.length + 64;

/** Names that Windows gives to devices, whatever extension follows. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * A file name for an id: two ids never share one, not even where upper and lower case are the same.
 *
 * Ids of `[a-z0-9_-]` and inner dots are their own name; other bytes become `%XX`. An id with an upper-case letter, or
 * one too long, ends in `~` and the SHA-256 of the id instead of relying on its letters.
 */
export function fileName(id: string): string {
	const bytes = utf8(id);
	const plain = escapeDevice(escapeDots(escapeBytes(bytes)));
	if (plain !== '' && plain.length <= maxPlainBytes && !/[A-Z]/.test(id)) return plain;
	const prefix = plain.slice(0, maxNameBytes - hashBytes).replace(/%.?$/, '');
	return `${prefix}~${createHash('sha256').update(bytes).digest('hex')}`;
}

/** As TextEncoder, but a lone surrogate keeps its value; UTF-8 proper makes all of them U+FFFD. */
function utf8(text: string): Buffer {
	if (!loneSurrogate.test(text)) return Buffer.from(text);
	const bytesOf = (char: string) => (loneSurrogate.test(char) ? surrogateBytes(char) : Buffer.from(char));
	return Buffer.concat(Array.from(text, bytesOf));
}

function surrogateBytes(char: string): Buffer {
	const unit = char.charCodeAt(0);
	return Buffer.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
}

/** A string of one character per byte, all of them kept or `%XX`. */
function escapeBytes(bytes: Buffer): string {
	return bytes.toString('latin1').replace(/[^A-Za-z0-9_.-]/g, escapeChar);
}

function escapeDots(name: string): string {
	return name.replace(/^\.+|\.+$/g, dots => '%2E'.repeat(dots.length));
}

function escapeDevice(name: string): string {
	return device.test(name) ? escapeChar(name.charAt(0)) + name.slice(1) : name;
}

function escapeChar(char: string): string {
	return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
