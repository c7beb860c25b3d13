import {createHash} from 'node:crypto';

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
