import {existsSync, statSync, readFileSync} from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {ConfigError, reasonOf} from '../../model/errors.ts';
import {type Kind, list, load, type Plugins} from '../../registry.ts';
import {resolve, seenFrom} from './plugin-hooks.ts';

/** Whether a name is that of a file or folder: it begins with `./`, `../` or `/`. */
export function isPath(name: string): boolean {
	return /^(\.{0,2}\/|\.{1,2}$)/.test(name);
}

/**
 * The source or sink that a name stands for: one of the registry, a file or a folder with a package by its path, or an
 * installed package, seen from `cwd` or from here; undefined where there is none. Throws a ConfigError where something
 * else is there.
 */
export async function pluginNamed<K extends Kind>(kind: K, name: string, cwd: string): Promise<Plugins[K] | undefined> {
	if (list(kind).includes(name)) return load(kind, name);
	return isPath(name) ? pluginAt(kind, name, cwd) : pluginOfPackage(kind, name, cwd);
}

async function pluginAt<K extends Kind>(kind: K, name: string, cwd: string): Promise<Plugins[K]> {
	const place = path.resolve(cwd, name);
	if (!existsSync(place)) throw new ConfigError(`${name}: expected a file or folder with a ${kind}, got nothing there`);
	const specifier = statSync(place).isDirectory() ? inFolder(kind, name, place) : pathToFileURL(place).href;
	return loadPlugin(kind, name, specifier);
}

async function pluginOfPackage<K extends Kind>(kind: K, name: string, cwd: string): Promise<Plugins[K] | undefined> {
	if (!/^(@[a-z\d~-][a-z\d._~-]*\/)?[a-z\d~-][a-z\d._~-]*$/.test(name) || module.isBuiltin(name)) return undefined;
	for (const from of [pathToFileURL(path.resolve(cwd) + path.sep), new URL(import.meta.url)]) {
		try {
			return await loadPlugin(kind, name, seenFrom(from, name));
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
function inFolder(kind: Kind, name: string, folder: string): string {
	const file = path.join(folder, 'package.json');
	try {
		const about = JSON.parse(readFileSync(file, 'utf8')) as {name?: string; exports?: unknown; main?: string};
		if (about.name !== undefined && about.exports !== undefined) return seenFrom(pathToFileURL(file), about.name);
		return pathToFileURL(path.join(folder, about.main ?? 'index.js')).href;
	} catch (error) {
		throw new ConfigError(
			`${name}: expected a ${kind}: a file, or a folder with a package.json, but ${reasonOf(error)}`,
		);
	}
}

let areHooked = false;

/** Once for the process; `registerHooks` is what newer versions of Node have. */
function hook(): void {
	const {registerHooks} = module as unknown as {registerHooks?(hooks: object): void};
	if (registerHooks) registerHooks({resolve});
	else {
		module.register(new URL(`plugin-hooks${path.extname(import.meta.url)}`, import.meta.url));
		hookRequire();
	}
	areHooked = true;
}

/** The same for `require`, which the hooks of older versions do not reach. */
function hookRequire(): void {
	const {Module} = module as unknown as {Module: {_resolveFilename(request: string, ...more: unknown[]): string}};
	const others = Module._resolveFilename.bind(Module);
	Module._resolveFilename = (request, ...more) =>
		/^rxaudit(\/|$)/.test(request) ? fileURLToPath(import.meta.resolve(request)) : others(request, ...more);
}

/** What each kind has, and how it is made. */
const kinds = {
	source: {member: 'records', made: 'defineSource'},
	sink: {member: 'target', made: 'defineSink'},
} as const;

async function loadPlugin<K extends Kind>(kind: K, name: string, specifier: string): Promise<Plugins[K]> {
	if (!areHooked) hook();
	const {default: plugin} = await import(specifier).then(
		(loaded: {readonly default?: unknown}) => loaded,
		(error: unknown) => {
			if (isMissing(error, name)) throw error;
			const reason = reasonOf(error);
			const advice = /^Unknown file extension "\.[cm]?ts"/.test(reason)
				? '; give it as JavaScript, or use a Node that runs TypeScript (22.18)'
				: '';
			throw new ConfigError(`${name}: expected a ${kind}, but it could not be loaded: ${reason}${advice}`);
		},
	);
	const {member, made} = kinds[kind];
	if (typeof plugin === 'function' && member in plugin && 'options' in plugin) {
		if (!list(kind).includes(plugin.name)) return plugin as unknown as Plugins[K];
		throw new ConfigError(`${name}: expected a ${kind} with a name of its own, got ${plugin.name}, which rxaudit has`);
	}
	const got = plugin === undefined ? 'none' : `${/^[aeiou]/.test(typeof plugin) ? 'an' : 'a'} ${typeof plugin}`;
	throw new ConfigError(`${name}: expected a ${kind} as its default export, got ${got}; see ${made}`);
}
