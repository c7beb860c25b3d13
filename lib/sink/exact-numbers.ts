import {randomBytes} from 'node:crypto';
import {ownText, type SourceRecord} from '../model/page.ts';

/** A number in the record's own spelling, where JSON.parse would change its value or spelling. */
export class ExactNumber {
	readonly #text: string;

	constructor(text: string) {
		this.#text = text;
	}

	toString(): string {
		return this.#text;
	}

	/** A string, since no number of JavaScript has these digits. */
	toJSON(): string {
		return this.#text;
	}
}

const strings = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;
const token = new RegExp(String.raw`${strings}|-?\d[\d.eE+-]*`, 'gs');
/** Sixteen digits, a fraction, an exponent, or minus zero: all other numbers are spelled in one way. */
const mayBeOther = /\d{16}|\d[.eE]|-0/;
/** No record holds it: it is another one in each process. */
const mark = `\0${randomBytes(16).toString('hex')} `;

/**
 * The event with the record's own numbers: where the event is the parsed record itself, each number that JSON.parse
 * would change is an {@link ExactNumber}. Any other event is returned untouched.
 */
export function exactly(event: unknown, record: Pick<SourceRecord, 'raw' | 'text' | 'value'>): unknown {
	if (event !== record.value) return event;
	const text = ownText(record);
	if (!mayBeOther.test(text)) return event;
	let changed = false;
	const marked = text.replace(token, found => {
		if (found.startsWith('"') || JSON.stringify(Number(found)) === found) return found;
		changed = true;
		return JSON.stringify(mark + found);
	});
	if (!changed) return event;
	return JSON.parse(marked, (_, value: unknown) =>
		typeof value === 'string' && value.startsWith(mark) ? new ExactNumber(value.slice(mark.length)) : value,
	);
}
