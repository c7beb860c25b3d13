import {readFile} from 'node:fs/promises';
import type {Readable} from 'node:stream';
import {buffer} from 'node:stream/consumers';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {excerpt} from '../../http/secrets.ts';
import {type FlagValues, textIn} from './flags.ts';

interface JsonInput {
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

/** The value of the JSON in the file that a flag names, where it names one. */
export async function jsonOf(values: FlagValues, flag: string, stdin: Readable): Promise<Json | undefined> {
	const file = textIn(values, flag);
	return file === undefined ? undefined : (await jsonInput(file, stdin, `--${flag}`)).value;
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

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const stringStart = /"(?:[^"\\\0-\x1f]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;

/**
 * Where a text stops being JSON: the place of the first character that cannot stand there, or of the end where more
 * had to come; undefined for JSON. The parser itself says it in some cases only, and shows what stands around it.
 */
export function jsonMistakeAt(text: string): number | undefined {
	const ends: ('}' | ']')[] = [];
	let at = 0;
	const take = (pattern: RegExp): boolean => {
		pattern.lastIndex = at;
		if (!pattern.test(text)) return false;
		at = pattern.lastIndex;
		return true;
	};
	const sign = (expected: string): boolean => {
		take(space);
		if (text[at] !== expected) return false;
		at++;
		return true;
	};
	const string = () => take(stringStart) && text[at] === '"' && ++at > 0;
	const key = () => take(space) && string() && sign(':');

	for (;;) {
		if (sign('{')) {
			ends.push('}');
			if (!sign('}')) {
				if (!key()) return at;
				continue;
			}
			ends.pop();
		} else if (sign('[')) {
			ends.push(']');
			if (!sign(']')) continue;
			ends.pop();
		} else if (!string() && !take(scalar)) {
			return at;
		}
		while (ends.length > 0 && sign(ends.at(-1)!)) ends.pop();
		if (ends.length === 0) {
			take(space);
			return at < text.length ? at : undefined;
		}
		if (!sign(',')) return at;
		if (ends.at(-1) === '}' && !key()) return at;
	}
}
