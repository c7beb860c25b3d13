import fs from 'node:fs';
import path from 'node:path';
import {errnoOf, spaceAdvice} from './durable-file.ts';
import {AuditError, ConfigError, reasonOf, StateError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {openJournal, type FileJournal} from './journal.ts';
import {acquireLock, type Lock} from './lock.ts';
import {readHead, readState, realFile, replaceState, sweepTemporary} from './state-files.ts';
import {formatState, headBytes} from './state-format.ts';
import type {Checkpoint, StateStore, StoreContext, StoredCheckpoint} from './state.ts';

interface FileStateOptions {
	/** Goes on from the generation before when the current one is missing or damaged; a good one is used as ever. */
	readonly recoverPrevious?: boolean;
}

/** What is known of the state while its lock is held. */
interface OpenState {
	/** The state file, by its real name. */
	readonly file: string;
	readonly lock: Lock;
	readonly journal: FileJournal;
	version: number;
	/** The journal marks of the checkpoint of that version. */
	marks: readonly Json[];
	/** The first bytes of the file as this store knows it. */
	head: Buffer | undefined;
	/** The file is damaged or missing, and `.previous` is what was loaded. */
	recovered: boolean;
}

/**
 * Keeps checkpoints in one file: replaced as a whole, durably, with the generation before beside it as
 * `<file>.previous`, its journal as `<file>.seen-<n>` and its lock as `<file>.lock`. Missing folders are made.
 *
 * `load()` takes the lock, `close()` gives it back; meanwhile it is renewed, so that a process on another machine sees
 * that its holder lives. A state that is damaged, or was written by a newer version, is a
 * StateError `STATE_DAMAGED` and stays as it is: it is never started over. Before `commit()` replaces the file it
 * checks that the lock is still ours and that the head of the file (version and checksum) is the one it knows.
 */
export function fileState(file: string, options: FileStateOptions = {}): StateStore {
	const named = path.resolve(file);
	let open: OpenState | undefined;

	async function load(run?: StoreContext): Promise<StoredCheckpoint | undefined> {
		close();
		return guard(
			named,
			'open',
			async () => {
				const real = realFile(named);
				const lock = await acquireLock(`${real}.lock`, {
					...(run ? {signal: run.signal, note: run.note} : {}),
					onLost: () => run?.lost(lostLock(real)),
				});
				try {
					const {stored, recovered} = readState(real, options.recoverPrevious ?? false);
					if (!stored) refuseMoved(real);
					sweepTemporary(real);
					const state: OpenState = {
						file: real,
						lock,
						journal: openJournal(real, () => assertOwned(state)),
						version: stored?.version ?? 0,
						marks: marksOf(stored?.checkpoint),
						head: readHead(real),
						recovered,
					};
					open = state;
					return stored;
				} catch (error) {
					lock.release();
					throw error;
				}
			},
			run?.signal,
		);
	}

	async function opened(): Promise<OpenState> {
		if (open === undefined) await load();
		return open!;
	}

	function close(): void {
		const lock = open?.lock;
		open = undefined;
		lock?.release();
	}

	return {
		load,
		async commit(checkpoint, expectedVersion) {
			const state = await opened();
			return guard(state.file, 'write', () => commit(state, checkpoint, expectedVersion));
		},
		async assertHeld() {
			if (open) assertLocked(open);
		},
		journal: {
			read: async mark => (await opened()).journal.read(mark),
			append: async bytes => (await opened()).journal.append(bytes),
			rewrite: async bytes => (await opened()).journal.rewrite(bytes),
		},
		async close() {
			close();
		},
	};
}

/** A state that machines share now must not begin anew in a file. */
function refuseMoved(file: string): void {
	if (!fs.existsSync(file + movedEnding)) return;
	throw new StateError(
		'STATE_FOREIGN',
		`${file} is in Redis since rxaudit enqueue moved it, and what is left of it is ${file}${movedEnding}: ` +
			'let rxaudit worker do this pipeline, or give another state file',
	);
}

/** What a state file is called that was moved to where machines share it. */
export const movedEnding = '.moved';

/**
 * What `load()` would give, for those who only look: no lock is taken and nothing is written, so that a run may be going
 * on. Rejects where a run could not go on from it: the journals that its checkpoints name are read, too.
 */
export async function peekState(named: string): Promise<StoredCheckpoint | undefined> {
	const file = fs.existsSync(named) ? fs.realpathSync(named) : path.resolve(named);
	for (;;) {
		const head = readHead(file);
		try {
			const {stored} = readState(file, false);
			for (const mark of marksOf(stored?.checkpoint)) await openJournal(file, () => {}).read(mark);
			return stored;
		} catch (error) {
			// a run has replaced the state meanwhile, and removed the journal of the one before
			if (isSameHead(head, readHead(file))) throw error;
		}
	}
}

function commit(state: OpenState, checkpoint: Checkpoint, expectedVersion: number): number {
	const {file, version} = state;
	if (version !== expectedVersion) throw conflict(file, `expected version ${expectedVersion}, got ${version}`);
	const bytes = Buffer.from(formatState({checkpoint, version: version + 1}));
	// A damaged generation must not take the place of the good one that was recovered.
	const previous = version === 0 ? 'remove' : state.recovered ? 'keep' : 'replace';
	replaceState(file, bytes, previous, () => assertOwned(state));
	const marks = marksOf(checkpoint);
	const needed = [...state.marks, ...marks];
	state.version += 1;
	state.marks = marks;
	state.head = bytes.subarray(0, headBytes);
	state.recovered = false;
	state.journal.keepOnly(needed);
	return state.version;
}

function marksOf(checkpoint: Checkpoint | undefined): Json[] {
	return [checkpoint?.journal, checkpoint?.pending?.checkpoint.journal].filter(mark => mark !== undefined);
}

/** Compares the heads only, which is enough: they hold version and checksum. */
function assertOwned(state: OpenState): void {
	assertLocked(state);
	const {file, head} = state;
	if (!isSameHead(head, readHead(file))) throw conflict(file, 'somebody else wrote it');
}

function isSameHead(one: Buffer | undefined, other: Buffer | undefined): boolean {
	return one === undefined || other === undefined ? one === other : one.equals(other);
}

function assertLocked({file, lock}: OpenState): void {
	if (!lock.isHeld()) throw lostLock(file);
}

function lostLock(file: string): StateError {
	return conflict(file, 'its lock is no longer ours: another run has taken over, or somebody removed it');
}

function conflict(file: string, reason: string): StateError {
	return new StateError('STATE_CONFLICT', `${file}: not written: ${reason}`);
}

/** Failures that another path or other permissions would mend. */
const badPath = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'ELOOP']);

async function guard<T>(
	file: string,
	verb: 'open' | 'write',
	action: () => T | Promise<T>,
	signal?: AbortSignal,
): Promise<T> {
	try {
		return await action();
	} catch (error) {
		if (error instanceof AuditError || (signal?.aborted && error === signal.reason)) throw error;
		const message = `${file}: cannot ${verb} the state: ${reasonOf(error)}${spaceAdvice(error)}`;
		if (verb === 'open' && badPath.has(errnoOf(error) ?? '')) throw new ConfigError(message, {cause: error});
		throw new StateError('STATE_FAILED', message, {cause: error});
	}
}
