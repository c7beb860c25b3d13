import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {createDurably, discard, errnoOf, readIfPresent} from './durable-file.ts';
import {StateError} from './errors.ts';
import {lifeOf, thisProcess, type Holder} from './holder.ts';

/** A lock file that this process holds. */
export interface Lock {
	/** False when somebody removed or replaced the file, by hand say: then nothing may be written any more. */
	isHeld(): boolean;
	/** Removes the file, unless it is no longer ours. */
	release(): void;
}

interface LockRecord extends Holder {
	/** Tells two locks of one process apart. */
	readonly nonce: string;
}

/** Who wants a lock: the content it will have, and the file that is linked to become it. */
interface Starter {
	readonly temp: string;
	readonly bytes: Buffer;
}

/** Enough for any number of starters; only a file that can be neither linked over nor read takes so many. */
const maxRounds = 1000;

/**
 * Takes a lock file that names this process. The lock of a dead process is taken over; one of a living process, of
 * this very process or of another host is a StateError `STATE_LOCKED`.
 *
 * The file appears with its content (a hard link), so that it is never seen half written.
 */
export function acquireLock(file: string): Lock {
	const starter = newStarter(file);
	try {
		take(file, starter);
		sweep(file);
	} finally {
		discard(starter.temp);
	}
	const isHeld = () => readIfPresent(file)?.equals(starter.bytes) ?? false;
	return {
		isHeld,
		release() {
			try {
				if (isHeld()) fs.unlinkSync(file);
			} catch {
				// No loss: as soon as this process has ended the lock is a dead one.
			}
		},
	};
}

/**
 * Two starters must not both remove the file of the same dead holder, or the second removes the lock of the first.
 * The right to remove it is a lock of its own, named after that holder's nonce; whoever dies with it is overcome in
 * the same way, one level further.
 */
function take(file: string, starter: Starter): void {
	for (let round = 0; !linkAs(file, starter); round++) {
		if (round === maxRounds) throw new StateError('STATE_LOCKED', `${file}: cannot be taken nor read; delete it`);
		const holder = readRecord(file);
		if (holder === undefined) continue;
		const life = lifeOf(holder);
		if (life !== 'dead') throw locked(file, holder, life);
		const claim = `${file}.${holder.nonce}`;
		take(claim, starter);
		if (readRecord(file)?.nonce === holder.nonce) fs.unlinkSync(file);
		discard(claim);
	}
}

function newStarter(file: string): Starter {
	const nonce = randomBytes(8).toString('hex');
	const record: LockRecord & {rxaudit: 'lock'} = {rxaudit: 'lock', ...thisProcess(), nonce};
	return {temp: `${file}.${nonce}.tmp`, bytes: Buffer.from(`${JSON.stringify(record)}\n`)};
}

function linkAs(file: string, {temp, bytes}: Starter): boolean {
	if (!fs.existsSync(temp)) createDurably(temp, bytes);
	try {
		fs.linkSync(temp, file);
		return true;
	} catch (error) {
		const errno = errnoOf(error);
		// ENOENT: another starter has the lock and has swept our temporary file.
		if (errno === 'EEXIST' || errno === 'ENOENT') return false;
		throw error;
	}
}

/** Removes what starters that were killed left behind. Rights over holders before us are void by now. */
function sweep(file: string): void {
	const folder = path.dirname(file);
	const name = path.basename(file);
	for (const entry of fs.readdirSync(folder)) {
		if (entry.startsWith(name) && /^(\.[0-9a-f]{16})+(\.tmp)?$/.test(entry.slice(name.length))) {
			discard(path.join(folder, entry));
		}
	}
}

function readRecord(file: string): LockRecord | undefined {
	const bytes = readIfPresent(file);
	if (bytes === undefined) return undefined;
	try {
		const record = JSON.parse(bytes.toString()) as Partial<LockRecord> & {rxaudit?: unknown};
		if (record.rxaudit === 'lock' && typeof record.nonce === 'string' && Number.isInteger(record.pid)) {
			return record as LockRecord;
		}
	} catch {
		// Falls through to the same sentence.
	}
	throw new StateError(
		'STATE_LOCKED',
		`${file}: expected a lock of rxaudit, got something else; ` +
			'delete it when it is certain that no run uses this state',
	);
}

function locked(file: string, {pid, host}: Holder, life: 'running' | 'unseen'): StateError {
	const where = `${file}: in use by process ${pid} on ${host}`;
	if (life === 'unseen') {
		return new StateError(
			'STATE_LOCKED',
			`${where}, which cannot be seen from here; ` + 'when it is certain that it no longer runs, delete this file',
		);
	}
	return new StateError(
		'STATE_LOCKED',
		pid === process.pid
			? `${where}, this very process; close the other store first`
			: `${where}, which is running; wait for its end or stop it`,
	);
}
