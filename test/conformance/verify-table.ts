import fs from 'node:fs';
import path from 'node:path';

/** An archive with a manifest: how to make one, and where its parts lie for whoever tampers with it. */
export interface ArchiveEntry {
	readonly sink: string;
	readonly options: (folder: string) => Readonly<Record<string, unknown>>;
	/** What it takes to write to one without a state. */
	readonly goOn: Readonly<Record<string, unknown>>;
	/** The file to which the next entry is written. */
	readonly manifest: (folder: string) => string;
	/** The files that hold events. */
	readonly data: (folder: string) => readonly string[];
	/** What a verification calls a file, or the place of a byte in it. */
	readonly nameOf: (folder: string, file: string) => string;
	/** True when each commit adds files, false when it adds to the one that there is. */
	readonly addsFiles: boolean;
	readonly readEntries: (folder: string) => readonly string[];
	readonly writeEntries: (folder: string, lines: readonly string[]) => void;
	/** The file that an entry lists under this path; of an archive that is one file, that. */
	readonly listed: (folder: string, listedPath?: string) => string;
}

function oneFile(sink: string, name: string, more: object = {}): ArchiveEntry {
	const file = (folder: string) => path.join(folder, name);
	return {
		sink,
		options: folder => ({path: file(folder), ...more}),
		goOn: {mode: 'append'},
		manifest: folder => `${file(folder)}.manifest`,
		data: folder => [file(folder)],
		nameOf: folder => file(folder),
		addsFiles: false,
		readEntries: folder => linesOf(`${file(folder)}.manifest`),
		writeEntries: (folder, lines) => writeLines(`${file(folder)}.manifest`, lines),
		listed: folder => file(folder),
	};
}

/** The part that says most, or the file from before there were parts. */
function partIn(folder: string): string {
	const size = (name: string) => fs.statSync(path.join(folder, name)).size;
	const parts = fs.readdirSync(folder).filter(name => /^rxaudit\.manifest\.[0-9a-f]{8}$/.test(name));
	return path.join(folder, parts.sort((one, other) => size(other) - size(one))[0] ?? 'rxaudit.manifest');
}

function linesOf(file: string): string[] {
	return fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

function writeLines(file: string, lines: readonly string[]): void {
	fs.writeFileSync(file, lines.map(line => `${line}\n`).join(''));
}

/** One entry for each way in which a sink keeps an archive. */
export const archiveTable: Readonly<Record<string, ArchiveEntry>> = {
	'ndjson file': oneFile('ndjson', 'events.ndjson'),
	'ndjson file, compressed': oneFile('ndjson', 'events.ndjson.gz'),
	'csv file': oneFile('csv', 'events.csv', {columns: 'id,text'}),
	'csv file, compressed': oneFile('csv', 'events.csv.gz', {columns: 'id,text'}),
	filesystem: {
		sink: 'filesystem',
		options: folder => ({dir: folder}),
		goOn: {},
		manifest: folder => partIn(folder),
		data: folder =>
			fs
				.readdirSync(folder, {recursive: true, encoding: 'utf8'})
				.filter(name => name.endsWith('.json'))
				.map(name => path.join(folder, name)),
		nameOf: (folder, file) => path.relative(folder, file),
		addsFiles: true,
		readEntries: folder => linesOf(partIn(folder)),
		writeEntries: (folder, lines) => writeLines(partIn(folder), lines),
		listed: (folder, listedPath) => path.join(folder, listedPath!),
	},
};
