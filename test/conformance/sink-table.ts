import fs from 'node:fs';
import path from 'node:path';

/** A sink that writes files: how to point it at a folder of its own, and how another program reads what it holds. */
export interface FileSinkEntry {
	readonly options: (folder: string) => Readonly<Record<string, unknown>>;
	/** The texts of its events; sorted where it keeps no order. */
	readonly read: (folder: string) => string[];
	readonly ordered: boolean;
}

/** A sink that changes what an API holds, so that a folder says nothing of it: why, and which spec proves it. */
export interface ApiSinkEntry {
	readonly writesBack: string;
}

const lines = (file: string) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);

function filesBelow(folder: string, ending: string): string[] {
	const names = fs.readdirSync(folder, {recursive: true, encoding: 'utf8'});
	return names.filter(name => name.endsWith(ending)).map(name => fs.readFileSync(path.join(folder, name), 'utf8'));
}

/** One entry for each sink of the registry, by its name. */
export const sinkTable: Readonly<Partial<Record<string, FileSinkEntry | ApiSinkEntry>>> = {
	'atlassian-user-profile': {
		writesBack: 'it changes users instead of keeping events; test/sinks/atlassian-user-profile.spec.ts',
	},
	'crowd-changeset': {
		writesBack: "it stores events in Crowd's own log, of times and ids; test/sinks/crowd-changeset.spec.ts",
	},
	filesystem: {
		options: folder => ({dir: path.join(folder, 'events')}),
		read: folder => filesBelow(path.join(folder, 'events'), '.json').sort(),
		ordered: false,
	},
	ndjson: {
		options: folder => ({path: path.join(folder, 'events.ndjson')}),
		read: folder => lines(path.join(folder, 'events.ndjson')),
		ordered: true,
	},
};
