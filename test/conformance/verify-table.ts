import fs from 'node:fs';
import path from 'node:path';
import {createHash} from 'node:crypto';
import {emptyChain, type ManifestEntry, sealEntry} from '../../lib/sink/manifest.ts';

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
	const parts = fs.readdirSync(folder).filter(name => /^_rxaudit\.manifest\.[0-9a-f]{8}$/.test(name));
	return path.join(folder, parts.sort((one, other) => size(other) - size(one))[0] ?? '_rxaudit.manifest');
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

const entryFolder = (folder: string) => path.join(folder, '_rxaudit.manifest');
const entryFiles = (folder: string) =>
	fs
		.readdirSync(entryFolder(folder), {recursive: true, encoding: 'utf8'})
		.filter(name => name.endsWith('.entry'))
		.sort()
		.map(name => path.join(entryFolder(folder), name));

/** One of objects in a folder; buckets are verified by the same code. */
export const objectFolder: ArchiveEntry = {
	sink: 'ndjson',
	options: folder => ({path: `${folder}/`}),
	goOn: {mode: 'append'},
	manifest: folder => entryFiles(folder).at(-1)!,
	data: folder =>
		fs
			.readdirSync(folder, {recursive: true, encoding: 'utf8'})
			.filter(name => name.endsWith('.ndjson.gz'))
			.sort()
			.map(name => path.join(folder, name)),
	nameOf: (folder, file) => path.relative(folder, file),
	addsFiles: true,
	readEntries: folder => entryFiles(folder).map(file => fs.readFileSync(file, 'utf8').trimEnd()),
	writeEntries(folder, lines) {
		const old = entryFiles(folder);
		for (const file of old) fs.rmSync(file);
		for (const [at, line] of lines.entries()) {
			const name = `${String(at).padStart(12, '0')}.entry`;
			fs.writeFileSync(path.join(path.dirname(old[0]!), name), `${line}\n`);
		}
	},
	listed: (folder, listedPath) => path.join(folder, listedPath!),
};

export function entriesOf(archive: ArchiveEntry, folder: string): ManifestEntry[] {
	return archive.readEntries(folder).map(line => (JSON.parse(line) as {entry: ManifestEntry}).entry);
}

/** What somebody would do who knows how all of this works: the data as it is now, under a new chain. */
export function rewriteChain(archive: ArchiveEntry, folder: string, sign?: (text: string) => string): void {
	const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
	let chain = emptyChain;
	const lines = entriesOf(archive, folder).map(({entry: _entry, previous: _previous, files, range, ...content}) => {
		const read = (at?: string) => fs.readFileSync(archive.listed(folder, at));
		const sealed = sealEntry(
			chain,
			{
				...content,
				...(files
					? {files: files.map(file => ({...file, bytes: read(file.path).length, sha256: sha256(read(file.path))}))}
					: {}),
				...(range ? {range: {...range, sha256: sha256(read().subarray(range.from, range.to))}} : {}),
			},
			sign,
		);
		({chain} = sealed);
		return sealed.line;
	});
	archive.writeEntries(folder, lines);
}
