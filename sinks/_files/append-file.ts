import fs from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {z} from 'zod';
import {trueOrFalse} from '../../lib/options/options.ts';
import type {Asked} from '../../lib/sink/asked.ts';
import type {Batch, CommitSize} from '../../lib/sink/sink.ts';
import {type CommittedFile, commitTo} from './committed-file.ts';
import {failed, notOpened, retryOptions, untilBroken} from './file-errors.ts';
import {isCompressed} from './file-target.ts';
import {type GzipMember, startGzipMember} from './compression.ts';
import {lockFile, makeFolderFor} from './writers.ts';
import {type ManifestMark, manifestPath, openRangeManifest, type RangeManifest} from './manifest-file.ts';
import {closeTarget, type FileMark, openTarget, type Target, type TargetOptions} from './open-target.ts';
import {checkTail, writerOf} from './uncommitted.ts';

const gzipLevel = 6;

/** The options of all sinks that write one file. */
export const appendOptions = {
	mode: z
		.enum(['append', 'replace'])
		.optional()
		.describe(
			'what to do with a target that has content but no state: append goes on behind its end, replace (of a file) ' +
				'empties it at once, before the first event is fetched; with a state it means nothing',
		),
	durability: z
		.enum(['process', 'power'])
		.default('power')
		.describe('what a commit survives: process, the end of this process; power, a power failure too'),
	manifest: trueOrFalse
		.default(true)
		.describe('false: write no FILE.manifest beside the file, which says what was written; it cannot be verified then'),
	...retryOptions,
};

/** What suits a file: members of 4 MiB of text are within a few per cent of one stream. */
export function commitSizeOf(path: string): {readonly commitSize?: Partial<CommitSize>} {
	return isCompressed(path) ? {commitSize: {pages: 10_000, bytes: 4 * 1024 * 1024, ageMs: 60_000}} : {};
}

interface AppendFileOptions extends TargetOptions {
	readonly durability: 'process' | 'power';
	/** False: none is written. */
	readonly manifest: boolean;
}

/** One file that grows; a path that ends in `.gz` gets one gzip member per flush. */
interface AppendFile {
	/** Resolves when the bytes are with the operating system, or in the compressor. `events` are those in the bytes. */
	write(bytes: Uint8Array, events?: Pick<Batch, 'records' | 'source'>): Promise<void>;
	/** True while no commit has put anything there, nor anybody before. */
	readonly isEmpty: boolean;
	/** Resolves when all that was written is there and durable, and the manifest says so. */
	flush(asked?: Asked): Promise<FileMark & Partial<ManifestMark>>;
	/** Says that the last flush is in the state. */
	committed(): void;
	/** Forgets what was not flushed and lets go of the file. */
	close(): Promise<void>;
}

/** Opens the file behind what is to be kept. After an error every later call but `close()` rejects with it. */
export async function openAppendFile(given: AppendFileOptions): Promise<AppendFile> {
	const options = {...given, path: realPath(given.path)};
	const {sink, path, context} = options;
	const {file, manifest, torn} = await openBoth(options);
	const compressed = isCompressed(path);
	let member: GzipMember | undefined;
	let isEmpty = file.end === 0;
	let closed = false;

	async function put(bytes: Uint8Array): Promise<void> {
		if (bytes.length === 0) return;
		await file.put(bytes);
		manifest?.add(bytes);
	}

	const unlessBroken = untilBroken(error =>
		// After a failed fsync the kernel may have dropped the bytes; the next one would succeed all the same.
		context.signal.aborted ? error : failed(sink, 'write', path, error),
	);

	const appending: AppendFile = {
		write: (bytes, events) =>
			unlessBroken(async () => {
				if (bytes.length === 0) return;
				if (events) manifest?.count(events);
				isEmpty = false;
				if (!compressed) return put(bytes);
				member ??= startGzipMember(gzipLevel);
				await put(await member.add(bytes));
			}),
		flush: asked =>
			unlessBroken(async () => {
				const finished = member;
				member = undefined;
				if (finished) await put(await finished.end());
				const end = await file.append();
				// Behind the data: an entry that lists bytes which are not there would look like tampering.
				const listed = await manifest?.commit(end, asked);
				return {...file.keep(), ...listed};
			}),
		get isEmpty() {
			return isEmpty;
		},
		committed: () => file.saved(),
		async close() {
			if (closed) return;
			closed = true;
			member?.destroy();
			closeBoth(manifest, file);
			// Zero bytes are no gzip.
			if (
				compressed &&
				file.end === 0 &&
				!context.isFenced?.() &&
				fs.statSync(path, {throwIfNoEntry: false})?.size === 0
			)
				fs.rmSync(path);
		},
	};
	try {
		if (torn) await appending.write(Buffer.from('\n'));
		return appending;
	} catch (error) {
		await appending.close();
		throw error;
	}
}

/** Takes the file's lock, then checks both before it changes one of them. */
async function openBoth(options: AppendFileOptions) {
	const {sink, path, durability} = options;
	const writer = writerOf(options);
	if (!fs.existsSync(dirname(path))) {
		closeTarget(await openTarget(options)); // refuses where there should be something
		await makeFolderFor(options);
	}
	const lock = await lockFile(options);
	const isFenced = () => options.context.isFenced?.() === true || !lock.isHeld();
	const held = {...options, context: {...options.context, isFenced}};
	let target: Target | undefined;
	let manifest: RangeManifest | undefined;
	try {
		target = await openTarget(options);
		await checkTail(options, writer, target, manifestPath(path));
		if (options.manifest) manifest = await openRangeManifest(held, target);
		// Never is there an entry whose bytes are not: it is cut before them.
		manifest?.begin();
		return {file: commitTo(target, {...held, durability, writer, lock}), manifest, torn: target.torn};
	} catch (error) {
		manifest?.close();
		if (target) closeTarget(target);
		lock.release();
		throw notOpened(sink, 'open', path, error);
	}
}

function closeBoth(manifest: RangeManifest | undefined, file: CommittedFile): void {
	try {
		manifest?.close();
	} finally {
		file.close();
	}
}

/** The file that a name leads to: the files beside it are found by every name that leads there. */
function realPath(path: string): string {
	if (fs.existsSync(path)) return fs.realpathSync(path);
	return fs.existsSync(dirname(path)) ? join(fs.realpathSync(dirname(path)), basename(path)) : path;
}
