import {pipeline, type Readable} from 'node:stream';
import zlib, {createGunzip} from 'node:zlib';
import {AuditError, reasonOf} from '../../lib/model/errors.ts';
import type {ReadOptions, Records} from '../../lib/sink/reading.ts';

/** What is longer was not written by us. */
const maxLineLength = 64 * 1024 * 1024;

/** Node has it from 22.15 and 23.8 on; its types here are older. */
const {createZstdDecompress} = zlib as typeof zlib & {readonly createZstdDecompress?: () => NodeJS.ReadWriteStream};

/** The records of a file of lines, as the end of its name says that they are compressed. */
export async function* recordsOfLines(name: string, open: () => Readable, options: ReadOptions): Records {
	try {
		let rest = '';
		const decoder = new TextDecoder('utf-8', {ignoreBOM: true});
		for await (const chunk of decompressed(name, open())) {
			options.signal?.throwIfAborted();
			const lines = (rest + decoder.decode(chunk as Uint8Array, {stream: true})).split('\n');
			rest = lines.pop()!;
			if (rest.length > maxLineLength) throw new Error(`a line is longer than ${maxLineLength} characters`);
			if (lines.length > 0) yield lines.map(parsed);
		}
		if (rest !== '') yield [parsed(rest)];
	} catch (error) {
		sayUnreadable(name, error, options);
	}
}

/** Says it of a file, and ends the reading for what is no fault of one file: a bucket that fails, or a stop. */
export function sayUnreadable(name: string, error: unknown, {signal, onUnreadable}: ReadOptions): void {
	signal?.throwIfAborted();
	if (error instanceof AuditError || error instanceof DOMException) throw error;
	onUnreadable?.(name, reasonOf(error));
}

/** The value of a text; undefined where it is no JSON. */
export function parsed(line: string): unknown {
	try {
		return JSON.parse(line) as unknown;
	} catch {
		return undefined;
	}
}

function decompressed(name: string, bytes: Readable): AsyncIterable<unknown> {
	if (name.endsWith('.gz')) return pipeline(bytes, createGunzip(), () => {});
	if (!name.endsWith('.zst')) return bytes;
	if (createZstdDecompress) return pipeline(bytes, createZstdDecompress(), () => {}) as unknown as Readable;
	bytes.destroy();
	throw new Error(`expected Node 22.15 or 23.8 to read zstd, this is ${process.version}`);
}
