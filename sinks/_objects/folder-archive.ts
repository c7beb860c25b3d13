import fs from 'node:fs';
import {dirname, resolve, sep} from 'node:path';
import {createHash} from 'node:crypto';
import {pipeline} from 'node:stream/promises';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import type {Verification, VerifyOptions} from '../../lib/sink/verification.ts';
import type {ArchiveOptions} from './archive-options.ts';
import {manifestPrefix} from '../../lib/sink/archive-names.ts';
import {errnoOf, notOpened} from '../_files/file-errors.ts';
import {archiveSink, type LoadFormat} from './object-archive.ts';
import type {ReadOptions, Records} from '../../lib/sink/reading.ts';
import {readArchive} from './read-archive.ts';
import {verifyArchive} from './verify-archive.ts';
import {createFolders} from '../_files/folders.ts';
import {readPlain, syncFile, syncFolder} from '../_files/plain-file.ts';
import {giveName, isTempFile} from '../_files/temp-files.ts';
import type {ObjectStore, StoredObject} from './object-store.ts';

interface FolderArchiveOptions extends ArchiveOptions {
	readonly path: string;
	readonly mode: 'append' | 'replace' | undefined;
	readonly durability: 'process' | 'power';
	readonly manifest: boolean;
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
}

/** An archive of objects in a local folder, as a sink. */
export function folderArchive(
	sink: string,
	options: FolderArchiveOptions,
	loadFormat?: LoadFormat,
): Omit<Sink, 'name' | 'delivery'> {
	const {mode, durability, manifest} = options;
	if (mode === 'replace')
		throw new ConfigError(`${sink}: a folder cannot be replaced: expected mode=append, or a new one`);
	if (!manifest) throw new ConfigError(`${sink}: a folder always has a manifest: manifest=false is for a file`);
	const dir = resolve(options.path);
	const openStore = async () => folderObjects({sink, dir, durability});
	const archive = archiveSink(sink, `${dir}/`, {...options, mode}, openStore, loadFormat);
	return {...archive, holds: async prepared => archive.holds!(prepared).catch(cannotRead(sink, dir))};
}

export async function verifyFolderArchive(sink: string, path: string, how: VerifyOptions): Promise<Verification> {
	const dir = resolve(path);
	const store = folderObjects({sink, dir, durability: 'process'});
	// A folder stays when what was in it is removed.
	const isExpected = how.isExpected === true || fs.existsSync(`${dir}/${manifestPrefix}`);
	return verifyArchive(sink, store, {...how, isExpected}).catch(cannotRead(sink, dir));
}

export function readFolderArchive(sink: string, path: string, how: ReadOptions): Records {
	return readArchive(sink, folderObjects({sink, dir: resolve(path), durability: 'process'}), how);
}

function cannotRead(sink: string, dir: string): (error: unknown) => never {
	return error => {
		throw notOpened(sink, 'read', dir, error);
	};
}

/** What a file system says of a name that no file of ours can have there. */
const noSuchFile = new Set(['ENOTDIR', 'ENAMETOOLONG']);

interface FolderObjectsOptions {
	readonly sink: string;
	/** An absolute path; the folder may be missing as long as nothing is put. */
	readonly dir: string;
	readonly durability: 'process' | 'power';
}

/** A local folder as a store of objects: those who read it find whole files, or none. */
export function folderObjects({sink, dir, durability}: FolderObjectsOptions): ObjectStore {
	const folders = createFolders(sink, dir);
	/** One after the other: a put may only end when the folders that another one made for it are durable too. */
	let synced = Promise.resolve();

	async function isSame({name, bytes}: StoredObject, content: {bytes: number; sha256: string}): Promise<boolean> {
		return bytes === content.bytes && (await sha256Of(pathOf(name))) === content.sha256;
	}

	return {
		title: dir,
		spoolFolder: dir,
		stat: async name => statOf(name),
		isSame,
		async put(name, spooled) {
			const path = pathOf(name);
			folders.make(dirname(path));
			folders.touch(dirname(path));
			if (durability === 'power') await syncPath(spooled.file);
			if (!giveName(spooled.file, path)) {
				const there = statOf(name);
				if (!there || !(await isSame(there, spooled))) return 'taken';
				if (durability === 'power') await syncPath(path); // the run that put it may have died before its own fsync
			}
			if (durability === 'power') await (synced = synced.then(syncFolders));
			return 'stored';
		},
		async remove({name, generation}) {
			try {
				if (statOf(name)?.generation === generation) fs.unlinkSync(pathOf(name));
				return 'removed';
			} catch (error) {
				if (errnoOf(error) === 'EPERM') return 'locked'; // as `chattr +i` has it
				throw error;
			}
		},
		async *list(prefix) {
			if (!fs.existsSync(dir)) return;
			for (const name of namesBelow('')) {
				if (name.startsWith(prefix)) yield statOf(name) ?? {name, bytes: 0, generation: ''};
			}
		},
		read: name => readPlain(pathOf(name)),
	};

	async function syncFolders(): Promise<void> {
		for (const folder of folders.takeTouched()) await syncFolder(folder);
	}

	function pathOf(name: string): string {
		if (!isInside(name)) throw new Error(`${JSON.stringify(name)} is not the name of a file below ${dir}`);
		return `${dir}${sep}${name.replaceAll('/', sep)}`;
	}

	function statOf(name: string): StoredObject | undefined {
		if (!isInside(name)) return undefined;
		try {
			const stats = fs.lstatSync(pathOf(name), {bigint: true, throwIfNoEntry: false});
			if (!stats?.isFile()) return undefined;
			return {name, bytes: Number(stats.size), generation: `${stats.ino}-${stats.size}-${stats.mtimeNs}`};
		} catch (error) {
			if (noSuchFile.has(errnoOf(error))) return undefined;
			throw error;
		}
	}

	/** Everything that is no folder, ordered by its whole name; the temporary files of runs are not there yet. */
	function* namesBelow(folder: string): Generator<string> {
		const names = fs
			.readdirSync(folder === '' ? dir : pathOf(folder), {withFileTypes: true})
			.filter(entry => folder !== '' || !isTempFile(entry.name))
			.map(entry => ({isFolder: entry.isDirectory(), name: entry.name + (entry.isDirectory() ? '/' : '')}))
			.sort((a, b) => (a.name < b.name ? -1 : 1));
		for (const {isFolder, name} of names) {
			if (isFolder) yield* namesBelow(folder + name);
			else yield folder + name;
		}
	}
}

/** Whether a name stays below its folder: a manifest may have been written by anybody. */
function isInside(name: string): boolean {
	const segments = name.replace(/\/$/, '').split(sep === '/' ? '/' : /[\\/]/);
	return !name.includes('\0') && segments.every(segment => segment !== '' && segment !== '.' && segment !== '..');
}

async function syncPath(path: string): Promise<void> {
	const descriptor = fs.openSync(path, 'r');
	try {
		await syncFile(descriptor);
	} finally {
		fs.closeSync(descriptor);
	}
}

async function sha256Of(path: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(readPlain(path), hash);
	return hash.digest('hex');
}
