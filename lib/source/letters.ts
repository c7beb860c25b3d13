import {isUtf8} from 'node:buffer';
import fs from 'node:fs';
import {SourceError} from '../model/errors.ts';
import type {Rejected} from '../model/page.ts';

/** One line of a dead-letter file: a record that could not be processed, and whose it is. */
interface Letter {
	readonly name: string;
	readonly tenant: string;
	readonly id: string | undefined;
	/** The record's own text, byte for byte. */
	readonly text: Buffer;
	/** Where its line begins and ends in the file, in bytes. */
	readonly begin: number;
	readonly end: number;
}

/** The line of a letter, without its end. What is no text is kept in base64, so that no byte of it changes. */
export function letterLine({id, reason, text}: Rejected, {name, tenant}: Pick<Letter, 'name' | 'tenant'>): string {
	const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
	const record = isUtf8(bytes) ? {record: bytes.toString('utf8')} : {base64: bytes.toString('base64')};
	return JSON.stringify({reason, source: name, tenant, id, ...record});
}

const chunkBytes = 256 * 1024;
const lineBreak = 0x0a;

/** Each source and tenant that the file holds letters of, in the order of their first. */
export function sendersOf(path: string): Pick<Letter, 'name' | 'tenant'>[] {
	const senders = new Map<string, Pick<Letter, 'name' | 'tenant'>>();
	for (const {name, tenant} of lettersFrom(path, 0)) senders.set(`${name}:${tenant}`, {name, tenant});
	return [...senders.values()];
}

/** The letters from an offset on, one by one: no more than one line and one chunk of the file is held. */
export function* lettersFrom(path: string, offset: number): Generator<Letter> {
	const descriptor = fs.openSync(path, 'r');
	try {
		let rest = Buffer.alloc(0);
		let begin = offset;
		for (;;) {
			// twice as much each time, so that a long line is not copied over and over
			const chunk = Buffer.alloc(Math.max(chunkBytes, rest.length));
			const read = fs.readSync(descriptor, chunk, 0, chunk.length, begin + rest.length);
			if (read === 0) break;
			rest = Buffer.concat([rest, chunk.subarray(0, read)]);
			let from = 0;
			for (let end = rest.indexOf(lineBreak); end >= 0; end = rest.indexOf(lineBreak, from)) {
				yield letterOf(path, rest.subarray(from, end), begin + from, begin + end + 1);
				from = end + 1;
			}
			rest = rest.subarray(from);
			begin += from;
		}
		if (rest.length > 0) throw strange(path, begin, 'a line without an end: is a run still writing it?');
	} finally {
		fs.closeSync(descriptor);
	}
}

function letterOf(path: string, line: Uint8Array, begin: number, end: number): Letter {
	let letter: Partial<Record<'source' | 'tenant' | 'id' | 'record' | 'base64', unknown>> | null;
	try {
		letter = JSON.parse(Buffer.from(line).toString('utf8')) as typeof letter;
	} catch {
		throw strange(path, begin, 'a line that is no JSON');
	}
	const {source: name, tenant, id, record, base64} = letter ?? {};
	const text =
		typeof record === 'string'
			? Buffer.from(record)
			: typeof base64 === 'string'
				? Buffer.from(base64, 'base64')
				: undefined;
	if (typeof name !== 'string' || typeof tenant !== 'string' || text === undefined) {
		throw strange(path, begin, 'a line without source, tenant and record');
	}
	return {name, tenant, id: typeof id === 'string' ? id : undefined, text, begin, end};
}

function strange(path: string, offset: number, got: string): SourceError {
	return new SourceError('BAD_BODY', `${path}: expected a dead letter of rxaudit at byte ${offset}, got ${got}`);
}
