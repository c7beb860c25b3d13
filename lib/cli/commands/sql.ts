import {resolve, sep} from 'node:path';
import {ConfigError} from '../../model/errors.ts';
import {parseFlags} from '../flags/flags.ts';
import {write} from '../output/log.ts';
import {type FoundArchive, findArchive} from '../sql/find-archive.ts';
import {sqlScript} from '../sql/script.ts';
import {fileIn, type World} from '../world.ts';

export function help(): string {
	return `Usage: rxaudit sql DIR…

Prints a script for DuckDB: a view events over all archives of ndjson:DIR/ and parquet:DIR/ with common records, and a view
over each source, named like it with _ for -. The columns and their types are the same for both kinds of files; times are in
UTC; manifests are left out. Nothing is read but names, manifests and the first line of a file or two, and DuckDB is not
needed here. New events are in the views as soon as they are in the archive. docs/analyse.md has queries.

Examples:
  rxaudit sql ./archive > views.sql && duckdb -init views.sql
  rxaudit sql ./archive ./old | duckdb audit.duckdb
`;
}

/** `rxaudit sql DIR…`: views over archives, as a script for DuckDB. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {rest} = parseFlags(args, {}, Infinity, world);
	if (rest.length === 0) throw new ConfigError('sql: expected the folders of archives, got none');
	const dirs = rest.map(given => fileIn(world, folderIn(given)));
	checkApart(dirs);
	const archives: FoundArchive[] = [];
	for (const dir of dirs) archives.push(await findArchive(dir));
	await write(world.stdout, sqlScript(archives));
	return 0;
}

function folderIn(given: string): string {
	const [, folder] = /^(?:ndjson|parquet):(.*)$/s.exec(given) ?? [];
	if (folder === undefined) return given;
	throw new ConfigError(`sql: ${given}: expected a folder, got a target; write ${folder}`);
}

/** Events of a folder that is there twice would be counted twice. */
function checkApart(dirs: readonly string[]): void {
	const within = (dir: string) => `${resolve(dir)}${sep}`;
	for (const [at, dir] of dirs.entries()) {
		const other = dirs.find((one, index) => index !== at && within(dir).startsWith(within(one)));
		if (other === undefined) continue;
		throw new ConfigError(`sql: ${dir}: expected folders apart from each other, got it within ${other}; leave it out`);
	}
}
