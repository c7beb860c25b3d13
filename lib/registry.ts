import {readdirSync} from 'node:fs';
import {ConfigError} from './model/errors.ts';
import type {SinkFactory} from './sink/define-sink.ts';
import type {Source} from './source/define-source.ts';

export type Kind = 'source' | 'sink';

/** What a plug-in of a kind is. */
export interface Plugins {
	readonly source: Source;
	readonly sink: SinkFactory;
}

/** The names of all sources or sinks: the folder is the registry, a file's name is its plug-in's name. */
export function list(kind: Kind): string[] {
	return readdirSync(folder(kind))
		.filter(file => /^[a-z][a-z0-9-]*\.(ts|js)$/.test(file))
		.map(file => file.replace(/\.(ts|js)$/, ''))
		.sort();
}

/** A source or sink by its name. Throws a ConfigError that lists what there is. */
export async function load<K extends Kind>(kind: K, name: string): Promise<Plugins[K]> {
	const names = list(kind);
	if (!names.includes(name)) {
		throw new ConfigError(`unknown ${kind} ${JSON.stringify(name)}: expected one of ${names.join(', ')}`);
	}
	// the compiled files lie in the same tree as the sources, with another ending
	const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
	const module = (await import(new URL(name + ending, folder(kind)).href)) as {default: Plugins[K]};
	return module.default;
}

function folder(kind: Kind): URL {
	return new URL(`../${kind}s/`, import.meta.url);
}
