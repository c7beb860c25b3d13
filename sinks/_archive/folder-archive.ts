import fs from 'node:fs';
import {resolve} from 'node:path';
import {ConfigError} from '../../lib/model/errors.ts';
import type {Sink} from '../../lib/sink/sink.ts';
import type {Verification, VerifyOptions} from '../../lib/sink/verification.ts';
import {type ArchiveOptions, archivePlan} from './archive-options.ts';
import {manifestPrefix} from './archive-names.ts';
import {notOpened} from '../_files/file-errors.ts';
import {folderObjects} from './folder-objects.ts';
import {archiveHolds, openObjectArchive, verifyArchive} from './object-archive.ts';

export interface FolderArchiveOptions extends ArchiveOptions {
	readonly path: string;
	readonly mode: 'append' | 'replace' | undefined;
	readonly durability: 'process' | 'power';
	readonly manifest: boolean;
	readonly maxAttempts: number;
	readonly retryBaseMs: number;
}

/** An archive of objects in a local folder, as a sink. */
export function folderArchive(sink: string, options: FolderArchiveOptions): Omit<Sink, 'name' | 'delivery'> {
	const {mode, durability, manifest, maxAttempts, retryBaseMs} = options;
	if (mode === 'replace')
		throw new ConfigError(`${sink}: a folder cannot be replaced: expected mode=append, or a new one`);
	if (!manifest) throw new ConfigError(`${sink}: a folder always has a manifest: manifest=false is for a file`);
	const {layout, compression, commitSize} = archivePlan(options);
	const dir = resolve(options.path);
	const openStore = () => folderObjects({sink, dir, durability});
	return {
		target: `${dir}/`,
		layout: {layout},
		commitSize,
		holds: async prepared => archiveHolds(openStore(), prepared).catch(cannotRead(sink, dir)),
		open: async context => {
			const store = openStore();
			return openObjectArchive({sink, store, layout, compression, mode, maxAttempts, retryBaseMs, context});
		},
	};
}

export async function verifyFolderArchive(sink: string, path: string, how: VerifyOptions): Promise<Verification> {
	const dir = resolve(path);
	const store = folderObjects({sink, dir, durability: 'process'});
	// A folder stays when what was in it is removed.
	const isExpected = how.isExpected === true || fs.existsSync(`${dir}/${manifestPrefix}`);
	return verifyArchive(sink, store, {...how, isExpected}).catch(cannotRead(sink, dir));
}

function cannotRead(sink: string, dir: string): (error: unknown) => never {
	return error => {
		throw notOpened(sink, 'read', dir, error);
	};
}
