import fs from 'node:fs';
import path from 'node:path';
import {ConfigError, reasonOf} from '../lib/model/errors.ts';

/** One file of a node's log. */
export interface LogFile {
	readonly name: string;
	readonly path: string;
	/** Sorts as the node wrote them. */
	readonly key: string;
	/** How many bytes it had when it was found. */
	readonly size: number;
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
	const seen = new Set<string>();
	const files = names
		.filter(name => !name.endsWith('.gz'))
		.map((name): LogFile & {readonly is: string | undefined} => {
			const place = path.join(folder, name);
			return {name, path: place, key: keyOf(name)!, ...fileAt(place)};
		})
		.sort((one, other) => (one.key < other.key ? -1 : 1))
		// no folder, no pipe; and a file once, whatever other names it has
		.filter(({is}) => is !== undefined && !seen.has(is) && seen.add(is));
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
	return places.filter(place => statOf(place));
}

function subfolders(place: string): string[] {
	return namesIn(place)
		.map(name => path.join(place, name))
		.filter(one => statOf(one)?.isDirectory());
}

/** What tells a file from others; one that was deleted just now is still one, and whoever reads it sees to that. */
function fileAt(place: string): {readonly is: string | undefined; readonly size: number} {
	const stat = statOf(place);
	if (stat) return {is: stat.isFile() ? `${stat.dev} ${stat.ino}` : undefined, size: stat.size};
	return {is: fs.lstatSync(place, {throwIfNoEntry: false}) ? undefined : place, size: 0};
}

/** Undefined for what is not there, or a link to nothing; throws for what may not be looked at. */
function statOf(place: string): fs.Stats | undefined {
	try {
		return fs.statSync(place);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
		throw new ConfigError(`${place}: ${reasonOf(error)}; ${readAs}`, {cause: error});
	}
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
			: roots.every(root => statOf(root)?.isDirectory())
				? 'no such file in it, in its log/audit, or in those of its folders'
				: 'a file: give its folder';
	return ConfigError.of('', [{expected: `files such as 20260131.00000.audit.log at ${given}`, got}]);
}
