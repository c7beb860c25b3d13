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
	/** The latest time since the log began, or began anew: times that step back far are those of a copy. */
	readonly highMs?: number;
};

/** How far all were read, whatever the times are: it never depends on them. */
export type Place = {
	/** By the folder's real path: copies of several nodes have the same file names. */
	readonly folders: Readonly<Record<string, ReadFolder>>;
	/** How often the last records came, and their time, by the beginning of their ids. */
	readonly equals: Readonly<Record<string, readonly [count: number, timeMs: number]>>;
};

interface Checking {
	readonly meter: Meter;
	/** The time of the first record in a file, where one can be read. */
	firstMsIn(file: LogFile): number | undefined;
	/** Events are lost: the run goes on, and ends with this error. */
	lost(error: SourceError): void;
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
	const {meter, firstMsIn, lost} = checking;
	sayWhatLacks(folder, files, known, meter);
	const [oldest] = files;
	if (!known) {
		if (oldest) meter.note(`${folder}: the oldest file is ${oldest.name}; what the server wrote before is not there`);
		if (packed > 0) meter.warn(`${folder}: ${packed} files that end in .gz are not read; unpack them first`);
		return;
	}
	for (const file of files) checkFile(file, known.files[file.name]);
	const [last] = newestFirst(Object.keys(known.files));
	if (!last || !oldest || files.some(({name}) => name === last)) return;
	const later = files.find(({key}) => key > keyOf(last)!);
	if (!later) throw changed(`${folder}/${last}`, `got no file as new as that, the newest is ${files.at(-1)!.name}`);
	lost(lossOf(folder, last, [known.lastMs, firstMsIn(later)]));
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

/** The server deletes the oldest file for each that it begins: no other goes from between two. */
function sayWhatLacks(folder: string, files: readonly LogFile[], known: ReadFolder | undefined, meter: Meter): void {
	for (const [index, {name, key}] of files.entries()) {
		const before = files[index - 1];
		if (!before || known?.files[name] || !isGap(before.key, key)) continue;
		meter.warn(`${folder}: there is no file between ${before.name} and ${name}; what it held is not read`);
	}
}

/** Numbers begin anew with each day. */
function isGap(before: string, key: string): boolean {
	const [day, number] = key.split('.');
	const [dayBefore, numberBefore] = before.split('.');
	return Number(number) > (day === dayBefore ? Number(numberBefore) + 1 : 0);
}

/** That the server deleted a file before it was known to be read to its end. */
export function lossOf(folder: string, name: string, [fromMs, toMs]: readonly (number | undefined)[]): SourceError {
	const from = fromMs === undefined ? 'the beginning' : isoTime(fromMs);
	const to = toMs === undefined || toMs <= (fromMs ?? -Infinity) ? 'the next record' : isoTime(toMs);
	return new SourceError(
		'NOT_FOUND',
		`${folder}: ${name} was deleted before it was known to be read to its end; events from ${from} to ${to} may be lost, and the next run goes on without them; pull more often, or let the server keep more files`,
	);
}

/** The place where a folder that is known by another name is known by its own: as a disk is that is mounted elsewhere. */
export function moved(place: Place, folders: readonly LogFolder[], meter: Meter): Place {
	const isThere = (name: string) => folders.some(({folder, files}) => folder === name && files.length > 0);
	let known = place.folders;
	for (const {folder, files} of folders) {
		if (known[folder]) continue;
		const before = Object.keys(known).find(name => !isThere(name) && isSame(known[name]!, files));
		if (before === undefined) continue;
		const {[before]: reached, ...others} = known;
		known = {...others, [folder]: reached!};
		meter.note(`${folder}: it holds the files that were read as ${before}, and is gone on with`);
	}
	return known === place.folders ? place : {...place, folders: known};
}

function isSame(known: ReadFolder, files: readonly LogFile[]): boolean {
	const read = files.filter(({name}) => (known.files[name]?.[0] ?? 0) > 0);
	return read.length > 0 && read.every(file => isAsRead(file, known.files[file.name]!));
}

function isAsRead({path, size}: LogFile, [offset, mark]: ReadFolder['files'][string]): boolean {
	return size >= offset && markOf(path, offset) === mark;
}

const sampleBytes = 1024;

/** Two nodes never write the same text, down to the byte. */
export function warnOfCopies(folders: readonly LogFolder[], place: Place, meter: Meter): void {
	const seen = new Map<string | undefined, string>();
	for (const {folder, files} of folders) {
		const [oldest] = files;
		if (!oldest || oldest.size < sampleBytes) continue;
		const sample = markOf(oldest.path, sampleBytes);
		const other = seen.get(sample);
		seen.set(sample, other ?? folder);
		if (!other || (place.folders[folder] && place.folders[other])) continue;
		meter.warn(
			`${folder}: it holds what ${other} holds: if it is a copy and no node, its events come twice; leave it out`,
		);
	}
}

function newestFirst(names: readonly string[]): string[] {
	return names.toSorted((one, other) => (keyOf(one)! < keyOf(other)! ? 1 : -1));
}

/** The files of so many names, the newest, are known again where they come back. */
const maxGone = 200;

/** Files that are gone may come back: with a disk that was away for a while, or as a copy of its node. */
export function placesOf(known: ReadFolder['files'], files: readonly LogFile[]): ReadFolder['files'] {
	const names = new Set(files.map(({name}) => name));
	const gone = newestFirst(Object.keys(known).filter(name => !names.has(name)));
	const dropped = new Set(files.length === 0 ? [] : gone.slice(maxGone));
	const kept = Object.entries(known).filter(([name]) => !dropped.has(name));
	const begun = files.map(({name}) => [name, known[name] ?? [0, '']] as const);
	return Object.fromEntries([...kept, ...begun]);
}
