import {readFile} from 'node:fs/promises';
import type {Readable} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {excerpt} from '../../http/secrets.ts';
import {jsonMistakeAt} from './json-mistake.ts';

export interface JsonInput {
	readonly text: string;
	readonly value: Json;
}

/**
 * The JSON in a file, or on standard input (`-`). A complaint begins with `name`, what the user calls it, and shows one
 * character of it.
 */
export async function jsonInput(place: string, stdin: Readable, name: string): Promise<JsonInput> {
	const text = decode(await read(place, stdin, name), name);
	try {
		return {text, value: JSON.parse(text) as Json};
	} catch {
		// the parser's own message shows what stands around the mistake
		throw new ConfigError(`${name}: expected JSON, got ${mistake(text, jsonMistakeAt(text) ?? text.length)}`);
	}
}

async function read(place: string, stdin: Readable, name: string): Promise<Buffer> {
	try {
		return place === '-' ? await buffer(stdin) : await readFile(place);
	} catch (error) {
		throw new ConfigError(`${name}: expected a file with JSON, or -, but ${reasonOf(error)}`, {cause: error});
	}
}

function decode(bytes: Buffer, name: string): string {
	try {
		return new TextDecoder('utf-8', {fatal: true}).decode(bytes);
	} catch {
		throw new ConfigError(`${name}: expected JSON in UTF-8, got bytes that are not UTF-8`);
	}
}

function mistake(text: string, at: number): string {
	const before = text.slice(0, at).split('\n');
	const found = at < text.length ? `"${excerpt(String.fromCodePoint(text.codePointAt(at)!))}"` : 'its end';
	return `${found} at line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
