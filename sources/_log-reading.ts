import {reasonOf, type SourceError} from '../lib/model/errors.ts';
import type {Json} from '../lib/model/event.ts';
import {named} from '../lib/model/own-record.ts';
import {type Rejected, type SourceRecord, withNumber} from '../lib/model/page.ts';
import type {Meter} from '../lib/model/meter.ts';
import {parseRecord, readRecord, type RecordFacts} from '../lib/source/records.ts';
import type {ReadPage} from '../lib/source/paginate.ts';
import {checkFolders, lossOf, moved, type Place, placesOf, type ReadFolder, warnOfCopies} from './_log-place.ts';
import type {LogFile, LogFolder} from './_log-folders.ts';
import {beginOf, isGone, linesFrom, type LogLine, markOf} from './_log-lines.ts';

/** Where a pass begins; `upTo`: it reads again, for a time that was not asked for before, what an earlier one passed. */
export type LogCursor = {readonly place: Place; readonly upTo?: Place | undefined};

export interface Reading {
	readonly facts: RecordFacts<never>;
	readonly maxEventBytes: number;
	readonly meter: Meter;
	/** The folders as they are now. */
	folders(): readonly LogFolder[];
	/** The time of the first record in a file, where one can be read. */
	firstMsIn(file: LogFile): number | undefined;
	/** Events are lost: the run goes on, and ends with this error. */
	lost(error: SourceError): void;
	/** Called with each record as its line has it, to say once what is strange about one. */
	see(value: unknown): void;
}

/** A line as it is next in its folder. */
interface Head {
	readonly file: LogFile;
	readonly line: LogLine;
	/** Absent for what is no JSON, which keeps no other waiting. */
	readonly record?: SourceRecord;
	readonly rejected?: Rejected;
}

const pageBytes = 1024 * 1024;
const pageLines = 5000;
/** Equal records are logged at the same time: those further apart than this are copies. */
const twinMs = 2000;
/** And no more than so many different ones are remembered between them. */
const maxEquals = 2000;
/** What versions before the auditing plugin wrote: no JSON, with bars between. */
const oldLine = /^[^{|]*(\|[^|]*){3}/;

/** Reads pages of the lines of all folders, the oldest line first, each folder in its own order. */
export function createLogReader(reading: Reading): ReadPage<never> {
	const {meter} = reading;
	let open: OpenLogs | undefined;
	return async scan => {
		if (typeof scan.cursor === 'object') {
			const {place, upTo} = scan.cursor as unknown as LogCursor;
			if (open?.place !== place) open = new OpenLogs(reading, place, upTo);
		}
		if (!open) throw new Error('expected a pass to begin with its place');
		const {upTo} = open;
		const {rows, records, rejected, bytes} = open.take(scan.untilMs);
		const isOver = open.isOver(scan.untilMs);
		if (open.strange > 0 && isOver) {
			meter.warn(`left out lines that an old version wrote, which are no JSON: ${open.strange}`);
		}
		// the place is in the position already, unless it is that of what is read again
		const cursor = upTo ? {place: open.place, upTo} : ++open.pages;
		return {
			records,
			rejected,
			rows,
			bytes,
			...(isOver ? {} : {next: cursor as unknown as Json}),
			...(upTo ? {} : {place: open.place as unknown as Json}),
		};
	};
}

/** The folders while a pass goes through them. */
class OpenLogs {
	place: Place;
	readonly upTo: Place | undefined;
	strange = 0;
	pages = 0;
	readonly #folders: OpenFolder[];
	readonly #equals: Map<string, readonly [count: number, timeMs: number]>;

	constructor(reading: Reading, place: Place, upTo: Place | undefined) {
		const folders = reading.folders();
		this.place = moved(place, folders, reading.meter);
		this.upTo = upTo;
		this.#equals = new Map(Object.entries(place.equals));
		warnOfCopies(folders, this.place, reading.meter);
		if (!upTo) checkFolders(folders, this.place, reading);
		const opened = {place: this.place, upTo, strange: () => this.strange++};
		this.#folders = folders.map(folder => new OpenFolder(folder, reading, opened));
	}

	isOver(untilMs: number): boolean {
		return this.#next(untilMs) === undefined;
	}

	take(untilMs: number) {
		const records: SourceRecord[] = [];
		const rejected: Rejected[] = [];
		let bytes = 0;
		let rows = 0;
		for (; bytes < pageBytes && rows < pageLines; rows++) {
			const folder = this.#next(untilMs);
			if (!folder) break;
			const {record, rejected: flawed, line} = folder.head!;
			// a log that is there a second time counts from one again, as it did before
			if (record && folder.beginsAnew(record.timeMs)) this.#equals.clear();
			folder.shift();
			bytes += line.text.length;
			if (record) records.push(this.#numbered(record));
			if (flawed) rejected.push(flawed);
		}
		const folders = this.#folders.map(one => [one.folder, one.reached()] as const);
		this.place = {
			folders: {...this.place.folders, ...Object.fromEntries(folders)},
			equals: this.#remembered(records.at(-1)?.timeMs ?? -Infinity),
		};
		return {records, rejected, bytes, rows};
	}

	/** Those that a twin may follow yet. */
	#remembered(lastMs: number): Place['equals'] {
		for (const [key, [, timeMs]] of this.#equals) {
			if (timeMs >= lastMs - twinMs && this.#equals.size <= maxEquals) break;
			this.#equals.delete(key);
		}
		return Object.fromEntries(this.#equals);
	}

	/** The folder whose next line is the oldest; each stops at its first record behind the bound. */
	#next(untilMs: number): OpenFolder | undefined {
		let next: OpenFolder | undefined;
		for (const folder of this.#folders) {
			if (folder.headMs < untilMs && (!next || folder.headMs < next.headMs)) next = folder;
		}
		return next;
	}

	/** Ids hold the time; and lines may be some steps out of order. */
	#numbered(record: SourceRecord): SourceRecord {
		const key = record.id.slice(0, 16);
		const count = (this.#equals.get(key)?.[0] ?? 0) + 1;
		this.#equals.delete(key);
		this.#equals.set(key, [count, record.timeMs]);
		return withNumber(record, count);
	}
}

class OpenFolder {
	readonly folder: string;
	/** The time of the next line; Infinity where there is none. */
	headMs = Infinity;
	head: Head | undefined;
	readonly #heads: Generator<Head>;
	readonly #touched = new Map<string, {readonly file: LogFile; readonly offset: number}>();
	#reached: ReadFolder;
	#lastMs: number | undefined;
	#highMs: number;

	constructor(
		{folder, files}: Pick<LogFolder, 'folder' | 'files'>,
		reading: Reading,
		{place, upTo, strange}: LogCursor & {readonly strange: () => void},
	) {
		this.folder = folder;
		const known = place.folders[folder];
		this.#reached = {...known, files: placesOf(known?.files ?? {}, files)};
		this.#lastMs = known?.lastMs;
		this.#highMs = known?.highMs ?? -Infinity;
		this.#heads = headsOf({folder, files}, reading, {
			known: this.#reached.files,
			upTo: upTo && (upTo.folders[folder]?.files ?? {}),
			leaveOut: head => {
				if (!head.isNone) strange();
				this.#pass(head);
			},
			gone: ({name}) => reading.lost(lossOf(folder, name, [this.#lastMs])),
		});
		this.#advance();
	}

	/** Whether the next record steps back in time, further than nodes do by themselves. */
	beginsAnew(timeMs: number): boolean {
		const isAnew = timeMs < this.#highMs - twinMs;
		this.#highMs = isAnew ? timeMs : Math.max(this.#highMs, timeMs);
		return isAnew;
	}

	shift(): void {
		const head = this.head!;
		this.#pass(head);
		this.#lastMs = head.record?.timeMs ?? this.#lastMs;
		this.#advance();
	}

	/** How far it was read, with what tells each file from another of its name. */
	reached(): ReadFolder {
		const files = {...this.#reached.files};
		for (const [name, {file, offset}] of this.#touched) files[name] = [offset, markOf(file.path, offset) ?? ''];
		this.#touched.clear();
		const times = this.#lastMs === undefined ? {} : {lastMs: this.#lastMs, highMs: this.#highMs};
		this.#reached = {files, ...times};
		return this.#reached;
	}

	#pass({file, line}: Pick<Head, 'file' | 'line'>): void {
		this.#touched.set(file.name, {file, offset: line.end});
	}

	#advance(): void {
		const {done, value} = this.#heads.next();
		this.head = done ? undefined : value;
		this.headMs = this.head ? (this.head.record?.timeMs ?? -Infinity) : Infinity;
	}
}

interface Bounds {
	readonly known: ReadFolder['files'];
	readonly upTo: ReadFolder['files'] | undefined;
	leaveOut(line: Pick<Head, 'file' | 'line'> & {readonly isNone: boolean}): void;
	gone(file: LogFile): void;
}

/** What there is to read in a folder, from where it was read to. */
function* headsOf(
	{folder, files}: Pick<LogFolder, 'folder' | 'files'>,
	reading: Reading,
	bounds: Bounds,
): Generator<Head> {
	const {known, upTo, leaveOut, gone} = bounds;
	for (const [index, file] of files.entries()) {
		const stretch = {
			from: known[file.name]?.[0] ?? 0,
			// what is written from now on is for the next run: this one must have an end
			to: upTo ? (upTo[file.name]?.[0] ?? 0) : file.size,
			maxBytes: reading.maxEventBytes,
			isFinished: upTo !== undefined || index < files.length - 1,
		};
		try {
			const lines = linesFrom(file.path, stretch);
			let next = lines.next();
			for (; !next.done; next = lines.next()) {
				const line = next.value;
				const begin = beginOf(line.text);
				// an empty one is none
				const isNone = begin === line.text.length;
				if (isNone || oldLine.test(line.text.subarray(begin, 1000).toString('latin1'))) leaveOut({file, line, isNone});
				else yield {file, line, ...readLine(line, begin, {folder, file}, reading)};
			}
			if (next.value > 0 && !upTo) sayUnfinished(file, next.value, reading);
		} catch (error) {
			if (!isGone(error)) throw error;
			gone(file);
		}
	}
}

function sayUnfinished({path, size}: LogFile, bytes: number, {meter}: Reading): void {
	meter.note(`${path}: its last ${bytes} bytes, of ${size}, are a line without an end; it is read when it has one`);
}

function readLine(
	line: LogLine,
	begin: number,
	{folder, file}: {readonly folder: string; readonly file: LogFile},
	{facts, maxEventBytes, see}: Reading,
) {
	const {bytes, end} = line;
	const text = line.text.subarray(begin);
	try {
		if (bytes > maxEventBytes) {
			throw new Error(`it has ${bytes} bytes, more than maxEventBytes (${maxEventBytes}); this is its beginning`);
		}
		const parsed = parseRecord(text);
		const record = readRecord(facts, parsed, undefined);
		see(parsed.value);
		// nodes may log the like at the same time, and copies of one node's files may lie in several folders
		return {record: named(record, {identity: `${folder}\n${record.id}`})};
	} catch (error) {
		return {
			rejected: {
				text,
				identity: `${file.path} ${end}`,
				reason: `the line of ${file.path} that ends at byte ${end}: ${reasonOf(error)}`,
			},
		};
	}
}
