import {existsSync, readFileSync, statSync} from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import type {Source} from '../../source/define-source.ts';
import {list} from '../../registry.ts';
import {resolve, seenFrom} from './plugin-hooks.ts';

/** Whether a source's name is that of a file or folder: it begins with `./`, `../` or `/`. */
export function isPath(name: string): boolean {
	return /^(\.{0,2}\/|\.{1,2}$)/.test(name);
}

/** The source that a file, or a folder with a package, exports as its default. Throws a ConfigError where none does. */
export async function sourceAt(name: string, cwd: string): Promise<Source> {
	const place = path.resolve(cwd, name);
	if (!existsSync(place)) throw new ConfigError(`${name}: expected a file or folder with a source, got nothing there`);
	return loadSource(name, statSync(place).isDirectory() ? inFolder(name, place) : pathToFileURL(place).href);
}

/** The source that an installed package exports as its default, seen from `cwd` or from here; undefined where none is. */
export async function sourceOfPackage(name: string, cwd: string): Promise<Source | undefined> {
	if (!/^(@[a-z\d~-][a-z\d._~-]*\/)?[a-z\d~-][a-z\d._~-]*$/.test(name) || module.isBuiltin(name)) return undefined;
	for (const from of [pathToFileURL(path.resolve(cwd) + path.sep), new URL(import.meta.url)]) {
		try {
			return await loadSource(name, seenFrom(from, name));
		} catch (error) {
			if (!isMissing(error, name)) throw error;
		}
	}
	return undefined;
}

/** Whether this package itself is missing, and not one that it imports. */
function isMissing(error: unknown, name: string): boolean {
	return reasonOf(error).startsWith(`Cannot find package '${name}'`);
}

/** By its own name, as `exports` of its package.json say. */
function inFolder(name: string, folder: string): string {
	const file = path.join(folder, 'package.json');
	try {
		const about = JSON.parse(readFileSync(file, 'utf8')) as {name?: string; exports?: unknown; main?: string};
		if (about.name !== undefined && about.exports !== undefined) return seenFrom(pathToFileURL(file), about.name);
		return pathToFileURL(path.join(folder, about.main ?? 'index.js')).href;
	} catch (error) {
		throw new ConfigError(`${name}: expected a file, or a folder with a package.json, but ${reasonOf(error)}`);
	}
}

let areHooked = false;

/** Once for the process; `registerHooks` is what newer versions of Node have. */
function hook(): void {
	const {registerHooks} = module as unknown as {registerHooks?(hooks: object): void};
	if (registerHooks) registerHooks({resolve});
	else module.register(new URL(`plugin-hooks${path.extname(import.meta.url)}`, import.meta.url));
	areHooked = true;
}

async function loadSource(name: string, specifier: string): Promise<Source> {
	if (!areHooked) hook();
	const {default: source} = await import(specifier).then(
		(loaded: {readonly default?: unknown}) => loaded,
		(error: unknown) => {
			if (isMissing(error, name)) throw error;
			throw new ConfigError(`${name}: expected a source, but it could not be loaded: ${reasonOf(error)}`);
		},
	);
	if (typeof source === 'function' && 'records' in source && 'options' in source) {
		if (!list('source').includes(source.name)) return source as unknown as Source;
		throw new ConfigError(`${name}: expected a source with a name of its own, got ${source.name}, which rxaudit has`);
	}
	throw new ConfigError(
		`${name}: expected a source as its default export, got ${source === undefined ? 'none' : `an ${typeof source}`.replace(/an (?=[^aeiou])/, 'a ')}; see defineSource`,
	);
}
