import {hash, randomBytes} from 'node:crypto';
import fs from 'node:fs';
import {discard} from '../../lib/state/durable-file.ts';
import type {Json} from '../../lib/model/event.ts';
import {IdentitySet} from '../../lib/model/identity-set.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import {type Chain, emptyChain, type ManifestFile, openEntry, sealEntry, Tally} from '../../lib/sink/manifest.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {changed, missingOrChanged, type Retry} from './file-errors.ts';
import {filesBelow} from './folders.ts';
import {type GrowingFile, growTarget} from './growing-file.ts';
import type {ManifestMark} from './manifest-file.ts';
import {manifestEntries, manifestLines} from './manifest-lines.ts';
import {endMarker, findMarker, lifeOfMarker, placeMarker, removeMarker} from './writers.ts';
import {checkPlain} from './plain-file.ts';
import {closeTarget, endingAt, openTarget, tailBefore, type Target} from './open-target.ts';
import type {Placed} from './place-file.ts';
import {isTempFile} from './temp-files.ts';

const manifestPattern = /^_rxaudit\.manifest(?:\.([0-9a-f]{8}))?$/;
const markerPattern = /^_rxaudit\.manifest(?:\.[0-9a-f]{8})?\.open$/;

/** The file of a part of the manifest, the chain of one state; '' is that of a folder from before there were parts. */
function manifestName(part: string): string {
	return part === '' ? '_rxaudit.manifest' : `_rxaudit.manifest.${part}`;
}

/** The parts whose files lie in a folder, and the names of markers there. */
export function manifestsIn(dir: string): {readonly parts: ReadonlyMap<string, string>; readonly markers: string[]} {
	const parts = new Map<string, string>();
	const markers: string[] = [];
	for (const name of fs.readdirSync(dir).sort()) {
		const [found, part = ''] = manifestPattern.exec(name) ?? [];
		if (found !== undefined) parts.set(part, name);
		if (markerPattern.test(name)) markers.push(name);
	}
	return {parts, markers};
}

/** Bounds the line of an entry: what is more begins another. */
const maxFiles = 10_000;

interface FolderManifestOptions extends Retry {
	readonly dir: string;
	readonly durability: 'process' | 'power';
}

/** The manifest of a folder: the files that an entry lists stay, even if the run fails. */
interface FolderManifest {
	/** Takes a file for the next entry; false when an entry lists it already. */
	add(path: string, placed: Placed): boolean;
	/** What of the files that were taken are events. */
	count(events: Pick<Batch, 'records' | 'source'>): void;
	/** True when the next entry has files enough. */
	readonly isFull: boolean;
	/** Writes the entry of all that was taken, and read; the files must be as durable as the entry is going to be. */
	commit(asked?: Asked): Promise<ManifestMark>;
	/** Lets go of it; `isClean`: whatever was placed was taken too. */
	close(isClean: boolean): void;
}

/** How far the part of a state goes. */
interface PartMark extends ManifestMark {
	readonly part: string;
}

/**
 * Opens a state's part of the manifest behind its last whole entry, or a new part; entries are never cut, since their
 * files stay. Rejects with `TARGET_CHANGED`, and changes nothing, when the part is not what the state knows.
 */
export async function openFolderManifest(options: FolderManifestOptions): Promise<FolderManifest> {
	const {sink, dir, durability, context} = options;
	const {manifest, part = manifest ? '' : randomBytes(4).toString('hex')} = (context.resume ?? {}) as Partial<PartMark>;
	const path = `${dir}/${manifestName(part)}`;
	const marker = `${path}.open`;
	checkPlain(sink, path);
	const wasOpen = findMarker(sink, marker);
	const before = manifestsIn(dir);
	const others = before.markers.map(name => `${dir}/${name}`).filter(other => other !== marker);
	const mayBeDead = others.some(other => lifeOfMarker(other) !== 'running');
	const dead = others.filter(other => lifeOfMarker(other) === 'dead');
	const sizeOf = () => fs.statSync(path, {throwIfNoEntry: false})?.size;
	const size = sizeOf();
	const {target, chain: begin} = await openBehindLast(path, options);
	const disturbed = () =>
		changed(sink, `another run has written to ${path} meanwhile: let one at a time write with a state`);
	let strays: Set<string>;
	let file: GrowingFile;
	try {
		strays = wasOpen || mayBeDead || before.parts.size === 0 ? await unlisted(dir) : new Set();
		await placeMarker(marker, durability);
		if (sizeOf() !== size) throw disturbed(); // before its entries are cut
		file = growTarget(target, options);
	} catch (error) {
		closeTarget(target);
		throw error;
	}
	let chain = begin;
	let mark: PartMark = {part, chain, manifest: file.keep()};
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
		async commit(asked) {
			if (files.length > 0 || asked) {
				if (file.size !== file.end) throw disturbed();
				const sealed = sealEntry(chain, {sources: tally.take(), files, ...(asked ? {asked} : {})}, context.sign);
				await file.put(Buffer.from(`${sealed.line}\n`));
				({chain} = sealed);
				files = [];
				mark = {part, chain, manifest: file.keep()};
			}
			if (durability === 'power') await file.sync();
			return mark;
		},
		close(isClean) {
			file.close();
			if (chain.entries === 0) discard(path);
			if (!isClean || files.length > 0) return endMarker(marker);
			// What is left may be of a run that comes again, or of others who are at work.
			if (strays.size === 0) for (const other of dead) removeMarker(other);
			if (strays.size === 0 || !(wasOpen || before.parts.size === 0)) removeMarker(marker);
		},
	};
}

/** True for what is in the folder beside the files of events. */
export function isOwnFile(path: string): boolean {
	return manifestPattern.test(path) || markerPattern.test(path);
}

async function openBehindLast(path: string, options: FolderManifestOptions): Promise<{target: Target; chain: Chain}> {
	const {sink, context} = options;
	const {manifest, chain: committed} = (context.resume ?? {}) as Partial<ManifestMark>;
	const resume = manifest as Json | undefined;
	const target = await openTarget({...options, path, mode: 'append', context: {...context, resume}});
	let place = manifest && committed ? {chain: committed, end: target.end} : {chain: emptyChain, end: 0};
	if (target.descriptor === undefined) return {target, chain: place.chain};
	try {
		checkLastCommit({sink, dir: options.dir, manifest: path, end: place.end});
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
	for (const name of manifestsIn(dir).parts.values()) {
		for await (const {text} of manifestLines(`${dir}/${name}`)) {
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

/** Far more than an entry has. */
const maxLineBytes = 16 * 1024 * 1024;
const maxChecked = 1_000;
const lineBreak = 0x0a;

interface LastCommit {
	readonly sink: string;
	readonly dir: string;
	readonly manifest: string;
	/** Where the last entry ends that the state knows. */
	readonly end: number;
}

/** Throws where files of the last entry are missing or have another size: the last 1,000 of it, since each costs a stat. */
function checkLastCommit({sink, dir, manifest, end}: LastCommit): void {
	const files = filesOfEntry(manifest, end).slice(-maxChecked);
	const wrong = files.filter(({path, bytes}) => {
		const found = fs.lstatSync(`${dir}/${path}`, {throwIfNoEntry: false});
		return !found?.isFile() || found.size !== bytes;
	});
	if (wrong.length === 0) return;
	const problem = missingOrChanged(
		`${files.length} last files that this state wrote`,
		wrong.map(({path}) => path),
	);
	throw changed(
		sink,
		`${dir}: ${problem}, or remove what was changed and begin a new state, which writes again what is not there`,
	);
}

/** The files of the entry whose line ends there; none where the line cannot be read, which others report. */
function filesOfEntry(manifest: string, end: number): readonly {readonly path: string; readonly bytes: number}[] {
	if (end === 0) return [];
	const descriptor = fs.openSync(manifest, 'r');
	try {
		const text = Buffer.from(tailBefore(descriptor, end, maxLineBytes));
		const line = text.subarray(text.lastIndexOf(lineBreak, -2) + 1, -1).toString();
		const opened = openEntry(line, emptyChain); // its place in the chain was checked
		return 'entry' in opened ? (opened.entry.files ?? []) : [];
	} finally {
		fs.closeSync(descriptor);
	}
}
