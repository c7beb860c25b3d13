import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {createDurably, createFolder, discard, linkOrCopy, readIfPresent, syncFolder} from './durable-file.ts';
import {ConfigError, StateError} from '../model/errors.ts';
import {headBytes, parseState} from './state-format.ts';
import type {StoredCheckpoint} from './state.ts';

/** The one name that all spellings of a state file share. Makes its folder. */
export function realFile(file: string): string {
	createFolder(path.dirname(file));
	const real = path.join(fs.realpathSync(path.dirname(file)), path.basename(file));
	const stat = fs.lstatSync(real, {throwIfNoEntry: false});
	if (stat?.isSymbolicLink()) {
		const target = fs.statSync(real, {throwIfNoEntry: false});
		// Taken for a new state, it would hide that a disk is not mounted.
		if (target === undefined) throw new ConfigError(`${file}: is a symbolic link to a file that does not exist`);
		return realFile(fs.realpathSync(real));
	}
	if (stat !== undefined && !stat.isFile()) {
		const found = stat.isDirectory() ? 'a folder' : 'a device';
		throw new ConfigError(`${file}: expected a file for the state, got ${found}`);
	}
	return real;
}

/** The stored checkpoint, undefined when there is no state yet, or a StateError `STATE_DAMAGED`. */
export function readState(
	file: string,
	recoverPrevious: boolean,
): {readonly stored: StoredCheckpoint | undefined; readonly recovered: boolean} {
	const current = readGeneration(file);
	if (current === undefined && !recoverPrevious) return {stored: undefined, recovered: false};
	if (current !== undefined && 'version' in current) return {stored: current, recovered: false};
	const previous = readGeneration(`${file}.previous`);
	const usable = previous !== undefined && 'version' in previous;
	if (recoverPrevious && usable) return {stored: previous, recovered: true};
	const wayOut = usable
		? `goes on from the generation before (version ${previous.version})`
		: `cannot help: ${file}.previous is ${previous?.found ?? 'missing'}`;
	throw new StateError(
		'STATE_DAMAGED',
		spell =>
			`${file}: expected a state of rxaudit, got ${current?.found ?? 'no file'}; nothing was changed. ` +
			`${spell('recoverPrevious')} ${wayOut}`,
	);
}

/** The first bytes of a state file, which tell any two states apart: they hold version and checksum. */
export function readHead(file: string): Buffer | undefined {
	return readIfPresent(file)?.subarray(0, headBytes);
}

/**
 * Puts a new generation in place, durably; the one before becomes `.previous` unless that is to stay or to go.
 * `check` may throw at the last moment. On any failure the current generation is the one before.
 */
export function replaceState(
	file: string,
	bytes: Uint8Array,
	previous: 'replace' | 'keep' | 'remove',
	check: () => void,
): void {
	const temp = temporary(file);
	try {
		createDurably(temp, bytes);
		check();
		if (previous === 'replace') linkOver(file, `${file}.previous`);
		if (previous === 'remove') discard(`${file}.previous`);
		fs.renameSync(temp, file);
	} catch (error) {
		discard(temp);
		throw error;
	}
	try {
		syncFolder(path.dirname(file));
	} catch (error) {
		// Which of the two names is on the disk is unknown; both are true. Here it must be the one that was reported.
		if (previous === 'remove') discard(file);
		else linkOver(`${file}.previous`, file);
		throw error;
	}
}

/** Removes what a killed commit left behind. */
export function sweepTemporary(file: string): void {
	const name = path.basename(file);
	for (const entry of fs.readdirSync(path.dirname(file))) {
		if (entry.startsWith(name) && /^(\.previous)?\.[0-9a-f]{16}\.tmp$/.test(entry.slice(name.length))) {
			discard(path.join(path.dirname(file), entry));
		}
	}
}

/** Gives a file a second name, in place of what had that name; at no instant is either name missing. */
function linkOver(file: string, name: string): void {
	const temp = temporary(name);
	try {
		linkOrCopy(file, temp);
		fs.renameSync(temp, name);
	} finally {
		// A rename between two names of one file does nothing, and leaves both.
		discard(temp);
	}
}

function temporary(file: string): string {
	return `${file}.${randomBytes(8).toString('hex')}.tmp`;
}

function readGeneration(file: string): ReturnType<typeof parseState> | undefined {
	const bytes = readIfPresent(file);
	return bytes && parseState(bytes);
}
