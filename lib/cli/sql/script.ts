import {type Columns, type ColumnType, commonColumns} from '../../model/columns.ts';
import type {FoundArchive} from './find-archive.ts';

/** How each kind of file is read; DuckDB would not see the compression of one whose folder has a `?` in its name. */
const readers: Readonly<Record<string, (files: string) => string>> = {
	'.ndjson': files => readLines(files, 'uncompressed'),
	'.ndjson.gz': files => readLines(files, 'gzip'),
	'.ndjson.zst': files => readLines(files, 'zstd'),
	'.parquet': readParquet,
};

/** A script of DuckDB: a view `events` over all archives, and one over each source in them. */
export function sqlScript(archives: readonly FoundArchive[]): string {
	const parts = Object.entries(readers).flatMap(([ending, read]) => {
		const dirs = archives.filter(({endings}) => endings.includes(ending)).map(({dir}) => dir);
		return dirs.length === 0 ? [] : [read(`[${dirs.map(dir => text(patternOf(dir, ending))).join(', ')}]`)];
	});
	const sources = [...new Set(archives.flatMap(archive => archive.sources))].sort();
	return `-- Views over archives, for DuckDB, by rxaudit sql. New events are in them at once; new sources or kinds of files take it anew.
SET TimeZone = 'UTC';

CREATE OR REPLACE VIEW events AS
${parts.join('\nUNION ALL BY NAME\n')};
${sources.map(viewOf).join('')}`;
}

/** The files of an archive: nothing else has such a name, manifests least of all. */
function patternOf(dir: string, ending: string): string {
	return `${literal(dir)}/**/????????????-????????*${ending}`;
}

/** A path within a pattern. */
function literal(path: string): string {
	return (path === '/' ? '' : path).replaceAll(/[*?[]/g, '[$&]');
}

function readLines(files: string, compression: string): string {
	const columns = Object.entries(commonColumns()).map(
		([name, type]) => `\t\t${identifier(name)}: ${text(sqlType(type))}`,
	);
	return `SELECT * FROM read_json(${files},
	format = 'newline_delimited', compression = '${compression}', hive_partitioning = false, columns = {
${columns.join(',\n')}
	})`;
}

function readParquet(files: string): string {
	return `SELECT * FROM read_parquet(${files},
	union_by_name = true, hive_partitioning = false)`;
}

/** A view under the name of a source, with `_` for what needs no quotes then. */
function viewOf(source: string): string {
	const name = source.replaceAll('-', '_');
	if (name === 'events') return '';
	return `\nCREATE OR REPLACE VIEW ${identifier(name)} AS\nSELECT * FROM events WHERE source = ${text(source)};\n`;
}

function sqlType(type: ColumnType): string {
	if (type === 'text') return 'VARCHAR';
	if (type === 'time') return 'TIMESTAMPTZ';
	return 'items' in type ? `${sqlType(type.items)}[]` : `STRUCT(${membersOf(type.members)})`;
}

function membersOf(members: Columns): string {
	return Object.entries(members)
		.map(([name, type]) => `${identifier(name)} ${sqlType(type)}`)
		.join(', ');
}

function text(value: string): string {
	return `'${value.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}
