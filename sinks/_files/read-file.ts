import fs from 'node:fs';
import {resolve} from 'node:path';
import {Readable} from 'node:stream';
import {ConfigError} from '../../lib/model/errors.ts';
import {emptyChain, openEntry} from '../../lib/sink/manifest.ts';
import type {ReadOptions, Records} from '../../lib/sink/reading.ts';
import {manifestPath} from './manifest-file.ts';
import {manifestLines} from './manifest-lines.ts';
import {readPlain} from './plain-file.ts';
import {recordsOfLines} from './read-records.ts';

/** The records of a file of lines, up to the last commit that its manifest knows; all where it has no manifest. */
export async function* readFile(sink: string, given: string, options: ReadOptions): Records {
	if (given === '-') throw new ConfigError(`${sink}: expected a file to read, got standard output`);
	const path = resolve(given);
	const end = fs.existsSync(manifestPath(path)) ? await committedEnd(manifestPath(path)) : undefined;
	const open = () => (end === 0 ? Readable.from([]) : readPlain(fs.realpathSync(path), end ? {end: end - 1} : {}));
	yield* recordsOfLines(path, open, options);
}

async function committedEnd(manifest: string): Promise<number> {
	let end = 0;
	for await (const {text} of manifestLines(manifest)) {
		const opened = openEntry(text, emptyChain); // whether it is in its place is for verify to say
		if ('entry' in opened) end = Math.max(end, opened.entry.range?.to ?? 0);
	}
	return end;
}
