import fs from 'node:fs';
import {SourceError} from '../lib/model/errors.ts';
import type {Meter} from '../lib/model/meter.ts';
import {isoTime} from '../lib/options/time.ts';
import {keyOf, type LogFile, type LogFolder} from './_log-folders.ts';
import {markOf} from './_log-lines.ts';

/** How far the files of a folder were read. Plain JSON, as all of this is. */
export type ReadFolder = {
	/** By name: the offset, and a mark of what lies in front of it. */
	readonly files: Readonly<Record<string, readonly [offset: number, mark: string]>>;
	/** The time of the last record. */
	readonly lastMs?: number;
};

/** How far all were read, whatever the times are: it never depends on them. */
export type Place = {
	/** By the folder's real path: copies of several nodes have the same file names. */
	readonly folders: Readonly<Record<string, ReadFolder>>;
	/** How often the last records came, by the beginning of their ids. */
	readonly equals: Readonly<Record<string, number>>;
};

interface Checking {
	readonly meter: Meter;
	/** The time of the first record in a file, where one can be read. */
	firstMsIn(file: LogFile): number | undefined;
}

/** Throws where a file is not the one that was read before; warns of what went away unread, and notes where logs begin. */
export function checkFolders(folders: readonly LogFolder[], place: Place, checking: Checking): void {
	for (const folder of Object.keys(place.folders)) {
		if (folders.some(one => one.folder === folder && one.files.length > 0)) continue;
		checking.meter.warn(`${folder}: it was read before, and none of its files is there now; its place is kept`);
	}
	for (const folder of folders) checkFolder(folder, place.folders[folder.folder], checking);
}

function checkFolder({folder, files, packed}: LogFolder, known: ReadFolder | undefined, checking: Checking): void {
	const {meter, firstMsIn} = checking;
	const [oldest] = files;
	if (!known) {
		if (oldest) meter.note(`${folder}: the oldest file is ${oldest.name}; what the server wrote before is not there`);
		if (packed > 0) meter.warn(`${folder}: ${packed} files that end in .gz are not read; unpack them first`);
		return;
	}
	for (const file of files) checkFile(file, known.files[file.name]);
	const [last] = Object.keys(known.files).sort((one, other) => (keyOf(one)! < keyOf(other)! ? 1 : -1));
	if (!last || !oldest || files.some(({name}) => name === last)) return;
	const later = files.find(({key}) => key > keyOf(last)!);
	if (!later) throw changed(`${folder}/${last}`, `got no file as new as that, the newest is ${files.at(-1)!.name}`);
	warnOfLoss(meter, folder, last, [known.lastMs, firstMsIn(later)]);
}

function checkFile({path}: LogFile, known: ReadFolder['files'][string] | undefined): void {
	const size = fs.statSync(path, {throwIfNoEntry: false})?.size;
	if (!known || size === undefined) return;
	const [offset, mark] = known;
	if (size < offset) throw changed(path, `got ${size} bytes of the ${offset} that were read`);
	if (mark !== (markOf(path, offset) ?? mark) && mark !== '')
		throw changed(path, `got other bytes in front of byte ${offset}`);
}

function changed(file: string, got: string): SourceError {
	return new SourceError(
		'SOURCE_CHANGED',
		`${file}: expected the file that was read before, or a longer one, ${got}: another disk, or a home that was restored? Put the files back, or read these into a new target with a state of their own`,
	);
}

/** The server deletes the oldest file for each that it begins. */
export function warnOfLoss(
	meter: Meter,
	folder: string,
	name: string,
	[fromMs, toMs]: readonly (number | undefined)[],
): void {
	const from = fromMs === undefined ? 'the beginning' : isoTime(fromMs);
	const to = toMs === undefined ? 'the next record' : isoTime(toMs);
	meter.warn(
		`${folder}: ${name} was deleted before it was known to be read to its end; events from ${from} to ${to} may be lost; pull more often, or let the server keep more files`,
	);
}
