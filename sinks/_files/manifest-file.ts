import {createHash} from 'node:crypto';
import fs from 'node:fs';
import type {Json} from '../../lib/model/event.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import {type Chain, emptyChain, type EntryContent, sealEntry, Tally} from '../../lib/sink/manifest.ts';
import type {Batch} from '../../lib/sink/sink.ts';
import {changed, notOpened, refused} from './file-errors.ts';
import {type GrowingFile, growTarget} from './growing-file.ts';
import {checkPlain, hashOfRange} from './plain-file.ts';
import {manifestEntries} from './manifest-lines.ts';
import {closeTarget, endingAt, type FileMark, openTarget, type Target, type TargetOptions} from './open-target.ts';

/** How far the manifest of a target goes, for the state. */
export interface ManifestMark {
	readonly chain: Chain;
	readonly manifest: FileMark;
	readonly [member: string]: Json;
}

/** The manifest that belongs to a file. */
export function manifestPath(path: string): string {
	return `${path}.manifest`;
}

/** The manifest of one file: an entry for each range of its bytes that was committed. */
export interface RangeManifest {
	/** Makes it where there is none, and cuts what lies behind its end. */
	begin(): void;
	/** Says what was put behind the bytes before, and what of it are events. */
	add(bytes: Uint8Array): void;
	count(events: Pick<Batch, 'records' | 'source'>): void;
	/** Adds the entry of the range that ends there, if anything was added, and of what was read. */
	commit(end: number, asked?: Asked): Promise<ManifestMark>;
	close(): void;
}

interface RangeManifestOptions extends TargetOptions {
	readonly durability: 'process' | 'power';
}

/**
 * Opens the manifest of a file that is open itself, behind the last entry that is to be kept. Bytes of the file that no
 * entry lists (of a run that died, or from before there was a manifest) get one of their own. Rejects as `openTarget()`
 * does, nothing changed.
 */
export async function openRangeManifest(options: RangeManifestOptions, data: Target): Promise<RangeManifest> {
	const {sink, path, durability, context} = options;
	const {target, covered, ...place} = await openBehind(options, data);
	let {chain} = place;
	let unlisted: EntryContent | undefined;
	try {
		if (covered > data.end) {
			throw refused(
				sink,
				`${path} has ${data.end} bytes, but ${target.path} lists ${covered}: put back the file that it belongs to, ` +
					'or add ?mode=replace',
			);
		}
		if (covered < data.end) unlisted = await foundRange(path, covered, data.end);
	} catch (error) {
		closeTarget(target);
		throw notOpened(sink, 'read', path, error);
	}
	const tally = new Tally();
	let file: GrowingFile | undefined;
	let hash = createHash('sha256');
	let from = data.end;

	async function append(content: EntryContent): Promise<void> {
		const sealed = sealEntry(chain, content, context.sign);
		await file!.put(Buffer.from(`${sealed.line}\n`));
		({chain} = sealed);
	}

	return {
		begin: () => void (file = growTarget(target, options)),
		add: bytes => void hash.update(bytes),
		count: events => tally.add(events),
		async commit(end, asked) {
			if (unlisted) await append(unlisted);
			unlisted = undefined;
			const range = end > from ? {range: {from, to: end, sha256: hash.digest('hex')}} : {};
			if (end > from || asked) await append({sources: tally.take(), ...range, ...(asked ? {asked} : {})});
			if (end > from) hash = createHash('sha256');
			from = end;
			if (durability === 'power') await file!.sync();
			return {chain, manifest: file!.keep()};
		},
		close() {
			if (file) file.close();
			else closeTarget(target);
		},
	};
}

interface Place {
	readonly target: Target;
	readonly chain: Chain;
	/** Where the last range ends. */
	readonly covered: number;
}

async function openBehind(options: RangeManifestOptions, data: Target): Promise<Place> {
	const {sink, mode, context} = options;
	const path = manifestPath(options.path);
	checkPlain(sink, path);
	const resume = context.resume as ({readonly bytes: number} & Partial<ManifestMark>) | undefined;
	const begin = {target: undefined, chain: emptyChain, covered: 0};
	if (resume?.manifest && resume.chain) {
		const place = {target: await openTarget(at(options, path, resume.manifest)), chain: resume.chain};
		await checkBehind(sink, path, {bytes: resume.manifest.bytes, chain: resume.chain}, data).catch((error: unknown) => {
			closeTarget(place.target);
			throw error;
		});
		return {...place, covered: resume.bytes};
	}
	// The state may be of a run that wrote no manifest; what one before it wrote stays true.
	const how = resume ? 'append' : mode;
	const wayOut = resume ? 'removing it' : '?mode=replace';
	const committed = resume?.bytes ?? Infinity;
	const target = await openTarget(at(options, path, undefined, how));
	if (how !== 'append' || target.descriptor === undefined) return {...begin, target};
	try {
		let place: Omit<Place, 'target'> & {end: number} = {...begin, end: 0};
		const refuse = (problem: string) =>
			refused(sink, `${path} is damaged: ${problem}; rxaudit verify says more, ${wayOut} begins anew`);
		for await (const {entry, chain, end} of manifestEntries(path, {bytes: 0, chain: emptyChain}, refuse)) {
			const covered = entry.range?.to ?? place.covered;
			if (covered > committed) break; // of a run that died
			place = {chain, end, covered};
		}
		return {...place, target: endingAt(target, place.end)};
	} catch (error) {
		closeTarget(target);
		throw error;
	}
}

/** Behind its mark may only be the entry of a commit that the state did not get, whose bytes are there. */
async function checkBehind(
	sink: string,
	path: string,
	mark: {readonly bytes: number; readonly chain: Chain},
	{path: data, descriptor}: Target,
): Promise<void> {
	const size = descriptor === undefined ? 0 : fs.fstatSync(descriptor).size;
	const refuse = (problem: string) => changed(sink, `${path} was changed behind byte ${mark.bytes}: ${problem}`);
	if (!fs.existsSync(path)) return;
	for await (const {entry} of manifestEntries(path, mark, refuse)) {
		if ((entry.range?.to ?? (entry.asked ? 0 : Infinity)) <= size) continue;
		throw refuse(`it lists what is not in ${data}: put back the file and the state that belong to it`);
	}
}

function at(
	options: RangeManifestOptions,
	path: string,
	resume: Json | undefined,
	mode?: TargetOptions['mode'],
): TargetOptions {
	return {...options, path, mode, context: {...options.context, resume}};
}

async function foundRange(path: string, from: number, to: number): Promise<EntryContent> {
	const descriptor = fs.openSync(path, 'r');
	try {
		const {sha256} = await hashOfRange(descriptor, from, to);
		return {sources: {}, range: {from, to, sha256}, found: true};
	} finally {
		fs.closeSync(descriptor);
	}
}
