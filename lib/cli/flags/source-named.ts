import {z} from 'zod';
import {deadLetters, sourcesOf} from '../../source/dead-letters.ts';
import {ConfigError} from '../../model/errors.ts';
import {load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import type {Start} from '../../model/start.ts';
import {fileIn, type World} from '../world.ts';

const deadLetterName = 'dead-letter';

/** The file of an argument that names one as the source: `dead-letter:FILE`. */
export function deadLetterFile(arg: string | undefined): string | undefined {
	const found = /^dead-letter(?::(.*))?$/s.exec(arg ?? '');
	return found ? (found[1] ?? '') : undefined;
}

/** The source that an argument names: one of the registry, or `dead-letter:FILE`. */
export async function sourceNamed(name: string, world?: Pick<World, 'cwd'>): Promise<Source> {
	const file = deadLetterFile(name);
	return file === undefined ? load('source', name) : deadLetterSource(world ? fileIn(world, file) : file);
}

async function deadLetterSource(path: string): Promise<Source> {
	if (path === '') throw new ConfigError(`pull: expected a file, as in ${deadLetterName}:rxaudit.dead-letter.ndjson`);
	const sources = await Promise.all(sourcesOf(path).map(async name => load('source', name)));
	const letters = (_: object, start?: Start) => deadLetters({path, sources}, start);
	Object.defineProperty(letters, 'name', {value: deadLetterName});
	const [first] = sources;
	return Object.assign(letters, {
		docs: 'The records of a dead-letter file, as if they came from their sources again.',
		reference: '',
		endpoint: undefined,
		auth: [],
		order: first?.order ?? ('none' as const),
		ids: first?.ids ?? ('tenant' as const),
		rate: undefined,
		lagMs: 0,
		options: z.object({}),
		filters: [],
		operations: {},
		records: first?.records as never,
	});
}
