import fs from 'node:fs';
import {dirname} from 'node:path';
import {makeFolders} from '../../lib/state/durable-file.ts';
import {errnoOf, refused} from './file-errors.ts';

const maxRemembered = 10_000;

/** The folders below a root, made when they are first asked for. */
export interface Folders {
	/** Makes the folder with all between it and the root. A symbolic link on the way is refused: it may lead outside. */
	make(path: string): void;
	/** Folders that got a new entry since this was last called. */
	takeTouched(): readonly string[];
	/** Says that the folder got a new entry. */
	touch(path: string): void;
}

export function createFolders(sink: string, root: string): Folders {
	const known = new Set<string>();
	const touched = new Set<string>();

	function make(path: string): void {
		if (path === root || known.has(path)) return;
		const parent = dirname(path);
		make(parent);
		try {
			fs.mkdirSync(path);
			touched.add(parent);
		} catch (error) {
			if (errnoOf(error) !== 'EEXIST') throw error;
			if (!fs.lstatSync(path).isDirectory()) throw refused(sink, `${path} is in the way: expected a folder`, error);
		}
		if (known.size >= maxRemembered) known.clear();
		known.add(path);
	}

	return {
		make,
		takeTouched() {
			const paths = [...touched];
			touched.clear();
			return paths;
		},
		touch: path => void touched.add(path),
	};
}

/** Makes the folder and its parents; returns the folders that got a new entry. */
export function makeFolder(path: string): readonly string[] {
	return makeFolders(path).map(made => dirname(made));
}

/** Everything below a folder that is no folder, by its path below it, with `/`; no link is followed. */
export async function* filesBelow(dir: string, below = ''): AsyncGenerator<string> {
	const folders: string[] = [];
	for await (const entry of await fs.promises.opendir(dir + below, {bufferSize: 1024})) {
		const path = `${below}/${entry.name}`;
		if (entry.isDirectory()) folders.push(path);
		else yield path.slice(1);
	}
	for (const folder of folders) yield* filesBelow(dir, folder);
}
