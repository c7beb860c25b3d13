import {hash} from 'node:crypto';
import fs from 'node:fs';
import type {Json} from '../../lib/event.ts';
import {IdentitySet} from '../../lib/identity-set.ts';
import {type Chain, emptyChain, type ManifestFile, openEntry, sealEntry, Tally} from '../../lib/manifest.ts';
import type {Batch} from '../../lib/sink.ts';
import {changed, type Retry} from './file-errors.ts';
import {filesBelow} from './folder-files.ts';
import {type GrowingFile, growTarget} from './growing-file.ts';
import type {ManifestMark} from './manifest-file.ts';
import {manifestEntries, manifestLines} from './manifest-lines.ts';
import {findMarker, markerName, placeMarker, removeMarker} from './open-marker.ts';
import {checkPlain} from './open-plain.ts';
import {closeTarget, endingAt, openTarget, type Target} from './open-target.ts';
import type {Placed} from './place-file.ts';
import {isTempFile} from './temp-files.ts';

export const manifestName = 'rxaudit.manifest';

/** Bounds the line of an entry: what is more begins another. */
const maxFiles = 10_000;

export interface FolderManifestOptions extends Retry {
	readonly dir: string;
	readonly durability: 'process' | 'power';
}

/** The manifest of a folder: each entry lists files that lie there for good, whatever becomes of the run. */
export interface FolderManifest {
	/** Takes a file for the next entry; false when an entry lists it already. */
	add(path: string, placed: Placed): boolean;
	/** What of the files that were taken are events. */
	count(events: Pick<Batch, 'records' | 'source'>): void;
	/** True when the next entry has files enough. */
	readonly isFull: boolean;
	/** Writes the entry of all that was taken; the files must be as durable as the entry is going to be. */
	commit(): Promise<ManifestMark>;
	/** Lets go of it; `isClean`: whatever was placed was taken too. */
	close(isClean: boolean): void;
}

/**
 * Opens the manifest of a folder behind its last whole entry, whoever wrote that: unlike the range of a file, a list of
 * files that are there stays true. Rejects with `TARGET_CHANGED` when it is not what it was, nothing changed.
 */
export async function openFolderManifest(options: FolderManifestOptions): Promise<FolderManifest> {
	const {sink, dir, durability, context} = options;
	checkPlain(sink, `${dir}/${manifestName}`);
	const wasOpen = findMarker(sink, dir);
	const {target, chain: begin} = await openBehindLast(options);
	let strays: Set<string>;
	let file: GrowingFile;
	try {
		strays = wasOpen || begin.entries === 0 ? await unlisted(dir) : new Set();
		await placeMarker(dir, durability);
		file = growTarget(target, options);
	} catch (error) {
		closeTarget(target);
		throw error;
	}
	let chain = begin;
	let mark: ManifestMark = {chain, manifest: file.keep()};
	let files: ManifestFile[] = [];
	const tally = new Tally();

	return {
		add(path, {isNew, content}) {
			const below = path.slice(dir.length + 1);
			if (!strays.delete(below) && !isNew) return false;
			files.push({path: below, bytes: content.length, sha256: hash('sha256', content, 'hex')});
			return true;
		},
		count: events => tally.add(events),
		get isFull() {
			return files.length >= maxFiles;
		},
		async commit() {
			if (files.length > 0) {
				if (file.size !== file.end) {
					throw changed(sink, `another run has written to ${dir} meanwhile: let one run at a time write to it`);
				}
				const sealed = sealEntry(chain, {sources: tally.take(), files}, context.sign);
				await file.put(Buffer.from(`${sealed.line}\n`));
				({chain} = sealed);
				files = [];
				mark = {chain, manifest: file.keep()};
			}
			if (durability === 'power') await file.sync();
			return mark;
		},
		close(isClean) {
			file.close();
			if (isClean && files.length === 0 && strays.size === 0) removeMarker(dir);
		},
	};
}

/** True for what is in the folder beside the files of events. */
export function isOwnFile(path: string): boolean {
	return path === manifestName || path === markerName;
}

async function openBehindLast(options: FolderManifestOptions): Promise<{target: Target; chain: Chain}> {
	const {sink, dir, context} = options;
	const path = `${dir}/${manifestName}`;
	const {manifest, chain: committed} = (context.resume ?? {}) as Partial<ManifestMark>;
	const resume = manifest as Json | undefined;
	const target = await openTarget({...options, path, mode: 'append', context: {...context, resume}});
	let place = manifest && committed ? {chain: committed, end: target.end} : {chain: emptyChain, end: 0};
	if (target.descriptor === undefined) return {target, chain: place.chain};
	try {
		const refuse = (problem: string) => changed(sink, `${path} is damaged: ${problem}; rxaudit verify says more`);
		for await (const {chain, end} of manifestEntries(path, {bytes: place.end, chain: place.chain}, refuse)) {
			place = {chain, end};
		}
		return {target: endingAt(target, place.end), chain: place.chain};
	} catch (error) {
		closeTarget(target);
		throw error;
	}
}

/** The files that no entry lists: a run that died has left them, or they were there before the manifest. */
async function unlisted(dir: string): Promise<Set<string>> {
	const listed = new IdentitySet();
	const path = `${dir}/${manifestName}`;
	if (fs.existsSync(path)) {
		for await (const {text} of manifestLines(path)) {
			const opened = openEntry(text, emptyChain); // its place in the chain was checked
			if ('entry' in opened) for (const {path: file} of opened.entry.files ?? []) listed.add(file, 0);
		}
	}
	const files = new Set<string>();
	for await (const file of filesBelow(dir)) {
		if (!isOwnFile(file) && !isTempFile(file) && listed.add(file, 0)) files.add(file);
	}
	return files;
}
