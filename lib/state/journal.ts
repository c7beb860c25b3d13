import {createHash, type Hash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {createDurably, errnoOf, spaceAdvice, syncFolder, writeFully} from './durable-file.ts';
import {reasonOf, StateError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Journal} from './state.ts';

export interface FileJournal extends Journal {
	/** Deletes every generation that no mark names, but for the one in use. A mark it does not know keeps them all. */
	keepOnly(marks: readonly Json[]): void;
}

/** How much of which generation was committed. */
type Mark = {readonly file: number; readonly bytes: number; readonly sha256: string};

/** The end of what is durable, and the running hash up to there. */
interface Position {
	readonly file: number;
	readonly bytes: number;
	readonly hash: Hash;
}

/**
 * The journal beside a state file: `<state file>.seen-<generation>`. `append()` before any `read()` starts a new one.
 *
 * What is written goes behind the last mark by position, so that a failed append, whose bytes may or may not have
 * reached the disk, is written over by the next one.
 *
 * @param base The state file.
 * @param assertOwned Throws when somebody else owns the state by now.
 */
export function openJournal(base: string, assertOwned: () => void): FileJournal {
	const generations = listGenerations(base);
	let end: Position | undefined;

	function rewrite(bytes: Uint8Array): Json {
		const file = Math.max(0, ...generations) + 1;
		assertOwned();
		generations.add(file);
		createDurably(fileOf(base, file), bytes);
		syncFolder(path.dirname(base));
		end = {file, bytes: bytes.length, hash: createHash('sha256').update(bytes)};
		return markOf(end);
	}

	function append(bytes: Uint8Array, last: Position): Json {
		if (bytes.length === 0) return markOf(last);
		assertOwned();
		const fd = fs.openSync(fileOf(base, last.file), 'r+');
		try {
			writeFully(fd, bytes, last.bytes);
			fs.fdatasyncSync(fd);
		} finally {
			fs.closeSync(fd);
		}
		end = {file: last.file, bytes: last.bytes + bytes.length, hash: last.hash.copy().update(bytes)};
		return markOf(end);
	}

	return {
		async read(mark) {
			if (!isMark(mark)) throw new StateError('STATE_DAMAGED', `${base}: its journal mark cannot be understood`);
			const file = fileOf(base, mark.file);
			const committed = guard(file, 'read', () => readCommitted(file, mark));
			end = {file: mark.file, bytes: mark.bytes, hash: createHash('sha256').update(committed)};
			return committed;
		},
		async append(bytes) {
			return guard(base, 'add to', () => (end === undefined ? rewrite(bytes) : append(bytes, end)));
		},
		async rewrite(bytes) {
			return guard(base, 'rewrite', () => rewrite(bytes));
		},
		keepOnly(marks) {
			if (!marks.every(isMark)) return;
			const kept = new Set([end?.file, ...marks.map(mark => mark.file)]);
			for (const file of generations) {
				if (!kept.has(file) && remove(fileOf(base, file))) generations.delete(file);
			}
		},
	};
}

/** Whether a journal was never begun anew, so that it holds every identity since the first run. */
export function isFirstJournal(mark: Json | undefined): boolean {
	return isMark(mark) && mark.file === 1;
}

/** The bytes up to the mark. The tail behind them stays: it may be that of a pending checkpoint. */
function readCommitted(file: string, mark: Mark): Uint8Array {
	const fd = fs.openSync(file, 'r');
	try {
		const {size} = fs.fstatSync(fd);
		const bytes = Buffer.alloc(Math.min(size, mark.bytes));
		let done = 0;
		for (let got = 1; got > 0 && done < bytes.length; done += got) {
			got = fs.readSync(fd, bytes, done, bytes.length - done, done);
		}
		if (done < mark.bytes) throw damaged(file, `${mark.bytes} bytes`, `${done}`);
		if (createHash('sha256').update(bytes).digest('hex') !== mark.sha256) {
			throw damaged(file, 'what was committed', 'other bytes');
		}
		return bytes;
	} finally {
		fs.closeSync(fd);
	}
}

function guard<T>(file: string, verb: string, action: () => T): T {
	try {
		return action();
	} catch (error) {
		if (error instanceof StateError) throw error;
		if (errnoOf(error) === 'ENOENT' && verb === 'read') throw damaged(file, 'the journal of this state', 'no file');
		const message = `${file}: cannot ${verb} the journal: ${reasonOf(error)}${spaceAdvice(error)}`;
		throw new StateError('STATE_FAILED', message, {cause: error});
	}
}

function damaged(file: string, expected: string, got: string): StateError {
	return new StateError(
		'STATE_DAMAGED',
		spell =>
			`${file}: expected ${expected}, got ${got}; nothing was changed. ` +
			`${spell('recoverPrevious')} goes on from the checkpoint before, when its journal is whole`,
	);
}

function remove(file: string): boolean {
	try {
		fs.unlinkSync(file);
		return true;
	} catch (error) {
		return errnoOf(error) === 'ENOENT';
	}
}

function listGenerations(base: string): Set<number> {
	const prefix = `${path.basename(base)}.seen-`;
	const found = fs.readdirSync(path.dirname(base)).filter(name => name.startsWith(prefix));
	return new Set(
		found
			.map(name => name.slice(prefix.length))
			.filter(text => /^[1-9]\d{0,14}$/.test(text))
			.map(Number),
	);
}

function fileOf(base: string, generation: number): string {
	return `${base}.seen-${generation}`;
}

function markOf({file, bytes, hash}: Position): Mark {
	return {file, bytes, sha256: hash.copy().digest('hex')};
}

function isMark(mark: Json | undefined): mark is Mark {
	return (
		typeof mark === 'object' &&
		mark !== null &&
		'file' in mark &&
		'bytes' in mark &&
		'sha256' in mark &&
		Number.isSafeInteger(mark.file) &&
		Number.isSafeInteger(mark.bytes) &&
		typeof mark.sha256 === 'string'
	);
}
