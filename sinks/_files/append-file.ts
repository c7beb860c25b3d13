import {z} from 'zod';
import type {Batch} from '../../lib/sink.ts';
import {failed} from './file-errors.ts';
import {type GrowingFile, growTarget} from './growing-file.ts';
import {type GzipMember, startGzipMember} from './gzip-member.ts';
import {type ManifestMark, openRangeManifest, type RangeManifest} from './manifest-file.ts';
import {closeTarget, type FileMark, openTarget, type TargetOptions} from './open-target.ts';
import {untilBroken} from './until-broken.ts';

const gzipLevel = 6;

export const manifestOption = {
	manifest: z
		.union([z.boolean(), z.enum(['true', 'false']).transform(given => given === 'true')], {
			error: 'expected true or false',
		})
		.default(true)
		.describe('false: write no FILE.manifest beside the file, which says what was written; it cannot be verified then'),
};

export interface AppendFileOptions extends TargetOptions {
	readonly durability: 'process' | 'power';
	/** False: none is written. */
	readonly manifest: boolean;
}

/** One file that grows; a path that ends in `.gz` gets one gzip member per flush. */
export interface AppendFile {
	/** Resolves when the bytes are with the operating system, or in the compressor. `events` are those in the bytes. */
	write(bytes: Uint8Array, events?: Pick<Batch, 'records' | 'source'>): Promise<void>;
	/** Resolves when all that was written is durable, and the manifest says so. */
	flush(): Promise<FileMark & Partial<ManifestMark>>;
	/** Cuts what was not flushed and lets go of the file. */
	close(): Promise<void>;
}

/** Opens the file behind what is to be kept. After an error every later call but `close()` rejects with it. */
export async function openAppendFile(options: AppendFileOptions): Promise<AppendFile> {
	const {sink, path, durability, context} = options;
	const {file, manifest, torn} = await openBoth(options);
	const compressed = path.endsWith('.gz');
	let member: GzipMember | undefined;
	let closed = false;

	async function put(bytes: Uint8Array): Promise<void> {
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
				if (!compressed) return put(bytes);
				member ??= startGzipMember(gzipLevel);
				await put(await member.add(bytes));
			}),
		flush: () =>
			unlessBroken(async () => {
				if (compressed && file.end === 0) member ??= startGzipMember(gzipLevel); // an empty file is no gzip
				const finished = member;
				member = undefined;
				if (finished) await put(await finished.end());
				if (durability === 'power') await file.sync();
				// Behind the data: an entry that lists bytes which are not there would look like tampering.
				const listed = await manifest?.commit(file.end);
				return {...file.keep(), ...listed};
			}),
		async close() {
			if (closed) return;
			closed = true;
			member?.destroy();
			// So that whoever reads the file now finds no half line and no half member.
			closeBoth(manifest, file);
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

/** Checks both before it changes one of them. */
async function openBoth(options: AppendFileOptions) {
	const target = await openTarget(options);
	let manifest: RangeManifest | undefined;
	try {
		if (options.manifest) manifest = await openRangeManifest(options, target);
		// Never is there an entry whose bytes are not: it is cut before them.
		manifest?.begin();
		return {file: growTarget(target, options), manifest, torn: target.torn};
	} catch (error) {
		manifest?.close();
		closeTarget(target);
		throw error;
	}
}

function closeBoth(manifest: RangeManifest | undefined, file: GrowingFile): void {
	try {
		manifest?.close();
	} finally {
		file.close();
	}
}
