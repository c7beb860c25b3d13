import type {Json} from '../../lib/model/event.ts';
import {type Chain, emptyChain, type EntryContent, type ManifestFile, openEntry} from '../../lib/sink/manifest.ts';
import {type EntryPlace, objectOf} from './archive-names.ts';
import {changed, missingOrChanged} from '../_files/file-errors.ts';
import {findEntry, orElse, putEntry} from './manifest-objects.ts';
import type {ObjectStore} from './object-store.ts';
import {inParallel} from './parallel.ts';

/** How far an archive is committed, as the state holds it. */
export interface ArchiveMark {
	/** Made once for a state, 8 hex digits: in all its names. */
	readonly run: string;
	/** The part of the manifest that is the state's own: `run`, or '' in an archive from before there were parts. */
	readonly part: string;
	readonly chain: Chain;
	/** The last entry, '' where there is none yet. */
	readonly line: string;
	/** Objects of runs that died, which no entry tells of yet. */
	readonly leftovers: readonly string[];
	readonly [member: string]: Json;
}

/** The place of the entry that comes next. */
export function nextEntry({part, chain}: Pick<ArchiveMark, 'part' | 'chain'>): EntryPlace {
	return {part, entry: chain.entries};
}

export function markOf(sink: string, store: ObjectStore, value: Json): ArchiveMark {
	const {run, chain, line, leftovers} = value as Partial<ArchiveMark>;
	const isMark = typeof run === 'string' && typeof chain?.head === 'string' && typeof line === 'string';
	if (isMark && Array.isArray(leftovers)) return {part: '', ...(value as object)} as ArchiveMark;
	throw changed(sink, `the state holds no position for ${store.title}`);
}

/** What a run that died behind `prepare()` may have put. */
export function leftoversOf({chain}: ArchiveMark, prepared: ArchiveMark): string[] {
	const {files, superseded} = contentOf(prepared);
	const names = [...files.map(file => file.path), ...superseded, ...prepared.leftovers];
	// A commit without events has the entry before it, whose objects are there to stay.
	return names.filter(name => objectOf(name)?.entry === chain.entries);
}

/** Removes those objects that this archive made itself; others may be of a run that is still alive. */
export async function removeOwn(store: ObjectStore, run: string, names: readonly string[]): Promise<void> {
	for (const name of names) {
		const object = objectOf(name)?.run === run ? await store.stat(name) : undefined;
		// One that is locked stays: the entry says that it is no part of the archive.
		if (object) await store.remove(object);
	}
}

/**
 * Whether all that a `prepare()` promised is in the store. The entry is made up for when only that is missing.
 * For `Sink.holds`.
 */
export async function archiveHolds(store: ObjectStore, prepared: Json): Promise<boolean> {
	const mark = {part: '', ...(prepared as object)} as ArchiveMark;
	if (mark.line === '') return true;
	const {files, superseded} = contentOf(mark);
	for (const file of files) {
		const object = await store.stat(file.path);
		if (!object || !(await store.isSame(object, file))) return false;
	}
	const {part, entry} = nextEntry(mark);
	const place = {part, entry: entry - 1};
	const found = await findEntry(store, place, mark.line);
	if (found !== 'none') return found === 'same';
	await removeOwn(store, mark.run, superseded);
	return putEntry(store, place, mark.line);
}

/** Objects that are asked for at the same time. */
const statsAtOnce = 8;

/** Rejects with `TARGET_CHANGED` where objects of the last commit are missing or hold something else. */
export async function checkLastObjects(sink: string, store: ObjectStore, mark: ArchiveMark): Promise<void> {
	const wrong: string[] = [];
	const files = contentOf(mark).files.map(file => [file.path, file] as const);
	await inParallel(statsAtOnce, files, async ([path, file]) => {
		const object = await store.stat(path);
		if (!object || !(await store.isSame(object, file))) wrong.push(path);
	});
	if (wrong.length === 0) return;
	const problem = missingOrChanged(`${files.length} objects of the last commit`, wrong.sort());
	throw changed(sink, `${store.title}: ${problem}${orElse}`);
}

function contentOf({
	line,
}: ArchiveMark): Required<Pick<EntryContent, 'superseded'>> & {readonly files: readonly ManifestFile[]} {
	const opened = openEntry(line, emptyChain);
	const {files = [], superseded = []} = 'entry' in opened ? opened.entry : {};
	return {files, superseded};
}
