import fs from 'node:fs';
import path from 'node:path';
import {ConfigError, reasonOf} from '../lib/model/errors.ts';

/** One file of a node's log. */
export interface LogFile {
	readonly name: string;
	readonly path: string;
	/** Sorts as the node wrote them. */
	readonly key: string;
}

/** Where one node wrote, or a copy of it. */
export interface LogFolder {
	readonly folder: string;
	/** The oldest first. */
	readonly files: readonly LogFile[];
	/** How many were packed, which nobody reads. */
	readonly packed: number;
}

/** The documents write the number behind a dash in one place, and behind a dot in another. */
const fileName = /^(\d{8})[.-](\d{5,})\.audit\.log(\.gz)?$/;

/** The files belong to the user that the product runs as. */
export const readAs = 'run as the user that the product runs as, or let that of this run read its log/audit';

/** The folders with log files that the paths stand for: themselves, `log/audit` in them, or both of their subfolders. */
export function logFolders(paths: readonly string[]): LogFolder[] {
	const found = new Map<string, LogFolder>();
	for (const given of paths) {
		const roots = expand(given);
		const around = roots.flatMap(root => [root, ...subfolders(root)]);
		const folders = [...new Set(around.flatMap(one => [one, path.join(one, 'log', 'audit')]))].flatMap(logFolder);
		if (folders.length === 0) throw nothingIn(given, roots);
		for (const folder of folders) found.set(folder.folder, folder);
	}
	return [...found.values()].sort((one, other) => (one.folder < other.folder ? -1 : 1));
}

/** What sorts a file as its node wrote them; undefined for the name of another file. */
export function keyOf(name: string): string | undefined {
	const [, day, number] = fileName.exec(name) ?? [];
	return day && number && `${day}.${number.padStart(12, '0')}`;
}

function logFolder(given: string): LogFolder[] {
	const names = namesIn(given).filter(name => keyOf(name) !== undefined);
	if (names.length === 0) return [];
	const folder = fs.realpathSync(given);
	const files = names
		// a folder may be called so too
		.filter(name => !name.endsWith('.gz') && isFile(path.join(folder, name)))
		.map((name): LogFile => ({name, path: path.join(folder, name), key: keyOf(name)!}))
		.sort((one, other) => (one.key < other.key ? -1 : 1));
	return [{folder, files, packed: names.filter(name => name.endsWith('.gz')).length}];
}

/** The places that a pattern stands for: `*` and `?` within a name. */
function expand(pattern: string): string[] {
	const {root} = path.parse(pattern);
	let places = [root];
	for (const part of pattern.slice(root.length).split(/[\\/]+/)) {
		if (!/[*?]/.test(part)) places = places.map(place => path.join(place, part));
		else {
			const source = part
				.replace(/[\\^$.+()[\]{}|]/g, '\\$&')
				.replace(/\*/g, '.*')
				.replace(/\?/g, '.');
			const matches = new RegExp(`^${source}$`, 's');
			places = places.flatMap(place =>
				namesIn(place || '.')
					.filter(name => matches.test(name))
					.map(name => path.join(place, name)),
			);
		}
	}
	return places.filter(place => fs.existsSync(place));
}

function subfolders(place: string): string[] {
	return namesIn(place)
		.map(name => path.join(place, name))
		.filter(one => fs.statSync(one, {throwIfNoEntry: false})?.isDirectory());
}

/** Also of one that was deleted just now: whoever reads it sees to that. */
function isFile(place: string): boolean {
	return fs.statSync(place, {throwIfNoEntry: false})?.isFile() !== false;
}

function namesIn(place: string): string[] {
	try {
		return fs.readdirSync(place);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return [];
		throw new ConfigError(`${place}: ${reasonOf(error)}; ${readAs}`, {cause: error});
	}
}

function nothingIn(given: string, roots: readonly string[]): ConfigError {
	const got =
		roots.length === 0
			? 'nothing there'
			: roots.every(root => fs.statSync(root).isDirectory())
				? 'no such file in it, in its log/audit, or in those of its folders'
				: 'a file: give its folder';
	return ConfigError.of('', [{expected: `files such as 20260131.00000.audit.log at ${given}`, got}]);
}
