import {randomBytes} from 'node:crypto';
import type {Json} from '../../lib/model/event.ts';
import {type Chain, emptyChain, type EntryContent, type ManifestFile, openEntry} from '../../lib/sink/manifest.ts';
import {entryName, entryOf, type EntryPlace, objectOf} from '../../lib/sink/archive-names.ts';
import {checkChain, findEntry, orElse, putEntry, sourcesOfOthers} from './entries.ts';
import {changed, missingOrChanged, notOpened, refused} from '../_files/file-errors.ts';
import {inParallel} from '../_files/verify-listed.ts';
import type {ObjectStore} from './object-store.ts';
import {createFolder} from '../../lib/state/durable-file.ts';
import {AuditError} from '../../lib/model/errors.ts';
import type {Batch, SinkContext} from '../../lib/sink/sink.ts';
import {sweepTempFiles} from '../_files/temp-files.ts';

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
function leftoversOf({chain}: ArchiveMark, prepared: ArchiveMark): string[] {
	const {files, superseded} = contentOf(prepared);
	const names = [...files.map(file => file.path), ...superseded, ...prepared.leftovers];
	// A commit without events has the entry before it, whose objects are there to stay.
	return names.filter(name => objectOf(name)?.entry === chain.entries);
}

/** Removes those objects that this archive made itself; others may be of a run that is still alive. */
export async function removeOwn(store: ObjectStore, run: string, names: readonly string[]): Promise<void> {
	for (const name of names) {
		const object = objectOf(name)?.run === run ? await store.stat(name) : undefined;
		// a locked object stays: the entry says that it is no part of the archive
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
async function checkLastObjects(sink: string, store: ObjectStore, mark: ArchiveMark): Promise<void> {
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

export interface ArchiveTarget {
	readonly sink: string;
	readonly store: ObjectStore;
	/** `append`: accept a target that holds other events when there is nothing to resume. */
	readonly mode: 'append' | undefined;
	readonly context: SinkContext;
}

/** Finds where the archive goes on, checks that it is as the state says, and changes nothing where it is not. */
export async function beginArchive({sink, store, mode, context}: ArchiveTarget): Promise<ArchiveMark> {
	try {
		const {resume, prepared} = context;
		const mark = resume === undefined ? await begin() : markOf(sink, store, resume);
		const pending = resume === undefined || prepared === undefined ? undefined : markOf(sink, store, prepared);
		if (resume !== undefined) {
			await checkChain(sink, store, mark, pending?.line);
			await checkLastObjects(sink, store, mark);
		}
		if (pending) await takeBack(mark);
		createFolder(store.spoolFolder);
		sweepTempFiles(store.spoolFolder);
		return pending ? {...mark, leftovers: [...mark.leftovers, ...leftoversOf(mark, pending)]} : mark;
	} catch (error) {
		await store.close?.();
		throw error instanceof AuditError ? error : notOpened(sink, 'use', store.title, error);
	}

	/** Another sink lacks the commit of this entry: the same pages come again, and may hold other events. */
	async function takeBack(mark: ArchiveMark): Promise<void> {
		const name = entryName(nextEntry(mark));
		const entry = await store.stat(name);
		if (!entry || (await store.remove(entry)) === 'removed') return;
		context.warn(
			`${sink}: ${store.title}: ${name} is locked, of a commit that another sink has not got: ` +
				'the same events are to come again, or the run ends',
		);
	}

	/** A state that is new begins a part of its own, whoever else writes there. */
	async function begin(): Promise<ArchiveMark> {
		const run = randomBytes(4).toString('hex');
		if (mode === undefined) await refuseForeign();
		return {run, part: run, chain: emptyChain, line: '', leftovers: []};
	}

	/** What is there by the names of an archive may be of others who share it. */
	async function refuseForeign(): Promise<void> {
		for await (const {name} of store.list('')) {
			if (entryOf(name) || objectOf(name)) continue;
			throw refused(
				sink,
				`${store.title} holds ${name}, which is no part of an archive: expected an empty place, or an archive; ` +
					'give another one, or add ?mode=append',
			);
		}
	}
}

/** Whether a new part may take events of a source: where others hold events of the same, all would be there twice. */
interface SourceGuard {
	/** Asked for each batch; rejects with `TARGET_REFUSED` where another part held events of the source already. */
	check(source: Batch['source']): Promise<void>;
	/** Asked around the first commit: the same of all sources so far, since other states may have begun meanwhile. */
	checkAgain(): Promise<void>;
}

export function guardSources({sink, store, mode}: ArchiveTarget, {part, chain}: ArchiveMark): SourceGuard {
	const isNew = mode !== 'append' && chain.entries === 0;
	const checked = new Set<string>();
	let held: ReadonlySet<string> | undefined;

	function refuseHeld(sources: Iterable<string>, since: string): void {
		for (const source of sources) {
			if (!held!.has(source)) continue;
			throw refused(
				sink,
				`${store.title} ${since} of ${source} already, and no state says that they are ours; ` +
					'give the --state they were written with, or add ?mode=append',
			);
		}
	}

	return {
		async check({name, tenant}) {
			const source = `${name}:${tenant}`;
			if (!isNew || checked.has(source)) return;
			held ??= await sourcesOfOthers(store, part);
			refuseHeld([source], 'is not empty: it holds events');
			checked.add(source);
		},
		async checkAgain() {
			if (!isNew) return;
			held = await sourcesOfOthers(store, part);
			refuseHeld(checked, 'was written to by another run meanwhile: it holds events');
		},
	};
}
