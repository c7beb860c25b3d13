import {readdirSync, readFileSync} from 'node:fs';

/** The repository's root, with a slash at its end. */
export const root = new URL('../../', import.meta.url);

/** The .ts files of these folders, as sorted paths from the root: `lib/http/client.ts`. */
export function filesOf(...folders: string[]): string[] {
	return folders
		.flatMap(folder =>
			readdirSync(new URL(folder, root), {recursive: true, encoding: 'utf8'}).map(f => `${folder}/${f}`),
		)
		.map(file => file.replaceAll('\\', '/'))
		.filter(file => file.endsWith('.ts'))
		.sort();
}

/** The text of a file, by its path from the root. */
export function textOf(file: string): string {
	return readFileSync(new URL(file, root), 'utf8');
}
