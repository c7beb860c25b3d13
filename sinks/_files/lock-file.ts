import {basename, dirname} from 'node:path';
import {StateError} from '../../lib/model/errors.ts';
import {acquireLock, type Lock} from '../../lib/state/lock.ts';
import {changed, notOpened, type Retry} from './file-errors.ts';
import {makeFolder} from './folders.ts';
import {syncFolder} from './fsync.ts';

export interface LockFileOptions extends Retry {
	readonly path: string;
	readonly durability: 'process' | 'power';
}

/** Takes the lock of a file that is written to, beside it. Rejects with `TARGET_CHANGED` when another run has it. */
export async function lockFile({sink, path, context}: LockFileOptions): Promise<Lock> {
	const name = `${dirname(path)}/.${basename(path)}.lock`;
	try {
		return await acquireLock(name, {signal: context.signal, note: context.note});
	} catch (error) {
		if (context.signal.aborted) throw error;
		if (!(error instanceof StateError)) throw notOpened(sink, 'open', path, error);
		throw changed(
			sink,
			`another run is writing to ${path}: ${error.message}. If it is the same pipeline, run this again when it is done; ` +
				'if it is another, give each a file of its own, or ndjson:DIR/, which several may share',
		);
	}
}

/** Makes the folder of a file, as durable as the file is going to be. */
export async function makeFolderFor({sink, path, durability}: LockFileOptions): Promise<void> {
	try {
		const parents = makeFolder(dirname(path));
		if (durability === 'power') for (const parent of parents) await syncFolder(parent);
	} catch (error) {
		throw notOpened(sink, 'open', path, error);
	}
}
