import {existsSync} from 'node:fs';
import {deadLetters, sourcesOf} from '../../source/dead-letters.ts';
import {ConfigError} from '../../model/errors.ts';
import {list, load} from '../../registry.ts';
import {defineFileSource} from '../../source/define-file-source.ts';
import type {Source} from '../../source/define-source.ts';
import {fileIn, type World} from '../world.ts';
import {noSuchName} from './flags.ts';
import {isPath, pluginNamed} from './plugin-named.ts';

const deadLetterName = 'dead-letter';

/** The file of an argument that names one as the source: `dead-letter:FILE`. */
export function deadLetterFile(arg: string | undefined): string | undefined {
	const found = /^dead-letter(?::(.*))?$/s.exec(arg ?? '');
	return found ? (found[1] ?? '') : undefined;
}

/**
 * The source that a name stands for: one of the registry, `dead-letter:FILE`, a path that begins with `./`, `../` or `/`,
 * or an installed package; undefined where there is none.
 */
export async function sourceNamed(name: string, world: Pick<World, 'cwd'>): Promise<Source | undefined> {
	const file = deadLetterFile(name);
	if (file !== undefined) return deadLetterSource(fileIn(world, file));
	return pluginNamed('source', name, world.cwd);
}

/** The source among the arguments of a command, and how it is named there; undefined where none is. */
export async function sourceIn(args: readonly string[], world: Pick<World, 'cwd'>) {
	const [first = '-'] = args;
	const known = args.find(arg => deadLetterFile(arg) !== undefined || list('source').includes(arg));
	const name = isPath(first) || known === undefined ? first : known;
	const source = name.startsWith('-') ? undefined : await sourceNamed(name, world);
	return source && {name, source};
}

/** Throws a ConfigError for a name that no source has. */
export async function requiredSource(of: string, what: string, name: string | undefined, world: Pick<World, 'cwd'>) {
	const source = name === undefined ? undefined : await sourceNamed(name, world);
	if (source) return source;
	throw noSuchSource(of, name, world, what);
}

/** A name that no source has, and how another one is named. */
export function noSuchSource(
	of: string,
	name: string | undefined,
	world: Pick<World, 'cwd'>,
	what = 'a source',
): ConfigError {
	const isFile = name !== undefined && existsSync(fileIn(world, name));
	const advice = isFile
		? `; a source in a file or folder begins with ./, as in ./${name}`
		: ', or of a package that is installed in the working folder or beside rxaudit, or a path that begins with ./';
	return noSuchName(of, what, name, list('source'), advice);
}

async function letterSource(name: string): Promise<Source> {
	if (list('source').includes(name)) return load('source', name);
	throw new ConfigError(
		`the file holds records of the source ${JSON.stringify(name)}, which is not rxaudit's own; read them in code: deadLetters({path, sources: [yours]})`,
	);
}

async function deadLetterSource(path: string): Promise<Source> {
	if (path === '') throw new ConfigError(`pull: expected a file, as in ${deadLetterName}:rxaudit.dead-letter.ndjson`);
	const sources = await Promise.all(sourcesOf(path).map(async name => letterSource(name)));
	const [first] = sources;
	return defineFileSource({
		name: deadLetterName,
		comesAs: sources.map(({name}) => name),
		docs: 'The records of a dead-letter file, as if they came from their sources again.',
		reference: '',
		order: first?.order ?? ('none' as const),
		ids: first?.ids ?? ('tenant' as const),
		options: {},
		records: first?.records as never,
		open: (_, start) => () => deadLetters({path, sources}, start),
	});
}
