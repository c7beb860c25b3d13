import fs from 'node:fs';
import {join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import type {Readable} from 'node:stream';
import {createGunzip} from 'node:zlib';
import {commonColumns} from '../../model/columns.ts';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {entryOf, objectOf} from '../../sink/archive-names.ts';
import {emptyChain, openEntry} from '../../sink/manifest.ts';

/** What a folder holds, as far as a query must know. */
export interface FoundArchive {
	/** An absolute path. */
	readonly dir: string;
	/** How the names of its files end: `.ndjson.gz`, `.parquet`. */
	readonly endings: readonly string[];
	/** The names of the sources whose events its manifest lists. */
	readonly sources: readonly string[];
}

/** Looks through an archive. Throws a ConfigError for a folder that is none, or that holds other than common records. */
export async function findArchive(given: string): Promise<FoundArchive> {
	const dir = resolve(given);
	const refuse = (expected: string, cause?: unknown) => new ConfigError(`sql: ${given}: expected ${expected}`, {cause});
	if (dir.includes('\\')) throw refuse('a path without \\, which DuckDB takes for no part of a name');
	const endings = new Set<string>();
	const sources = new Set<string>();
	/** One file of each part: all files of a part are of one format. */
	const lines = new Map<string, string>();
	try {
		for (const name of fs.readdirSync(dir, {recursive: true, encoding: 'utf8'})) {
			const object = objectOf(name);
			if (entryOf(name)) for (const source of sourcesIn(join(dir, name))) sources.add(source);
			if (!object) continue;
			endings.add(object.ending);
			if (object.ending !== '.parquet' && !lines.has(object.run)) lines.set(object.run, name);
		}
		for (const name of lines.values()) {
			if (await holdsCommon(join(dir, name))) continue;
			throw refuse(`common records, got others in ${name}: write them with --format audit`);
		}
	} catch (error) {
		if (error instanceof ConfigError) throw error;
		throw refuse(`the folder of an archive: ${reasonOf(error)}`, error);
	}
	if (endings.size > 0) return {dir, endings: [...endings].sort(), sources: [...sources].sort()};
	throw refuse('the folder of an archive, of ndjson:DIR/ or parquet:DIR/, with events in it; got none');
}

function sourcesIn(entry: string): string[] {
	const opened = openEntry(fs.readFileSync(entry, 'utf8').replace(/\n$/, ''), emptyChain); // its place is not asked for
	const keys = 'entry' in opened ? Object.keys(opened.entry.sources) : [];
	return keys.map(key => key.slice(0, key.indexOf(':')));
}

/** Whether the first line of a file is a common record, or a selection of one. */
async function holdsCommon(file: string): Promise<boolean> {
	if (file.endsWith('.zst')) return true; // not every Node can look
	const bytes = fs.createReadStream(file);
	const input: Readable = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
	try {
		for await (const line of createInterface({input})) return isCommon(JSON.parse(line));
		return true;
	} finally {
		bytes.destroy();
	}
}

function isCommon(record: unknown): boolean {
	if (typeof record !== 'object' || record === null) return false;
	const {id, time, source} = record as Record<string, unknown>;
	const isWhole = [id, time, source].every(member => typeof member === 'string');
	return isWhole || Object.keys(record).every(member => Object.hasOwn(commonColumns(), member));
}
