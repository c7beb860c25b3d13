import fs from 'node:fs';
import {basename, extname, resolve} from 'node:path';
import {ConfigError} from '../../lib/model/errors.ts';

const compressions = ['.zst', '.zstd', '.bz2', '.xz', '.lz4', '.br', '.sz', '.snappy', '.lzma', '.z'];

/** What a file's extension promises, where a sink of text cannot write it. */
const promises: Readonly<Record<string, string>> = {
	...each('a compression that is not written here: end the name in .gz, or pipe SINK:- into a program', compressions),
	...each('an archive of files', ['.zip', '.tgz', '.tar', '.7z', '.rar']),
	...each('a binary format; see rxaudit list', ['.avro', '.orc', '.feather', '.arrow', '.duckdb']),
	...each('a database', ['.sqlite', '.sqlite3', '.db']),
	...each('a spreadsheet; a .csv opens in one', ['.xlsx', '.xls', '.ods']),
	...each('another format', ['.xml', '.html', '.pdf', '.yaml', '.yml']),
	'.parquet': 'Parquet; write parquet:DIR/',
	'.csv': 'CSV; write csv:FILE.csv',
	'.tsv': 'a table; write csv:FILE.tsv?delimiter=tab',
	'.ndjson': 'NDJSON; write ndjson:FILE.ndjson',
	'.jsonl': 'NDJSON; write ndjson:FILE.jsonl',
	'.json': 'JSON; write ndjson:FILE.json',
};

function each(promise: string, extensions: readonly string[]): Record<string, string> {
	return Object.fromEntries(extensions.map(extension => [extension, promise]));
}

/** Names of the system for standard output. */
const standardOutput = /^\/(dev\/(stdout|fd\/1)|proc\/self\/fd\/1)$/;

/** True for a name whose file holds gzip. */
export function isCompressed(path: string): boolean {
	return /\.gz$/i.test(path);
}

/** The absolute path of a folder. Throws a ConfigError for a name that is no path. */
export function folderTarget(sink: string, given: string): string {
	checkPath(sink, given);
	return resolve(given);
}

/**
 * The absolute path of a file, or - for standard output. Throws a ConfigError where the name promises something else
 * than a file of these formats: `own` are their extensions.
 */
export function fileTarget(sink: string, given: string, own: readonly string[]): string {
	if (given === '-' || standardOutput.test(given)) return '-';
	checkPath(sink, given);
	if (given.endsWith('/') || isFolder(given)) {
		const wayOut = sink === 'ndjson' ? `write ndjson:${given}/` : `write ${sink}:${given}/NAME${own[0]}`;
		throw new ConfigError(`${sink}: ${given} is a folder, expected a file; ${wayOut.replace('//', '/')}`);
	}
	const plain = isCompressed(given) ? given.slice(0, -'.gz'.length) : given;
	const extension = extname(basename(plain)).toLowerCase();
	const promise = own.includes(extension) ? undefined : promises[extension];
	if (promise === undefined) return resolve(given);
	throw new ConfigError(`${sink}: ${given}: the name promises ${promise}; expected a name like FILE${own[0]}`);
}

function isFolder(path: string): boolean {
	try {
		return fs.statSync(path).isDirectory();
	} catch {
		return false; // whoever opens it says what is wrong with it
	}
}

function checkPath(sink: string, given: string): void {
	const refuse = (got: string, wayOut: string) =>
		new ConfigError(`${sink}: ${given}: expected a path, got ${got}; ${wayOut}`);
	if (given.includes('\0')) throw new ConfigError(`${sink}: expected a path, got one with a NUL`);
	if (given.startsWith('~'))
		throw refuse('a ~, which only a shell at the beginning of a word replaces', 'write $HOME, or ./~ for that name');
	if (/^(file:|[a-z][a-z\d+.-]*:\/\/)/i.test(given))
		throw refuse('a URL', 'write /PATH, or see rxaudit list for other targets');
}
