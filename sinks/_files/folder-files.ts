import fs from 'node:fs';

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
