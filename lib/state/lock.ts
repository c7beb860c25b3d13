import {randomBytes} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {type Clock, systemClock} from '../model/clock.ts';
import {createDurably, discard, errnoOf, linkOrCopy, writeFully} from './durable-file.ts';
import {StateError} from '../model/errors.ts';
import {lifeOf, thisProcess, type Holder} from './holder.ts';
import {excerpt} from '../http/secrets.ts';

/** A lock file that this process holds, and renews every few seconds. */
export interface Lock {
	/** False when it was taken over, removed or replaced: then nothing may be written any more. */
	isHeld(): boolean;
	/** Shows whoever watches that the holder lives. A timer calls it; false as `isHeld()` is. */
	renew(): boolean;
	/** Removes the file, unless it is no longer ours. */
	release(): void;
}

export interface LockOptions {
	/** Ends the wait for a holder that cannot be seen. */
	readonly signal?: AbortSignal;
	/** Called when a start has to wait. */
	readonly note?: (message: string) => void;
	/** Called once, when a renewal finds that the lock is no longer ours. */
	readonly onLost?: () => void;
	readonly clock?: Clock;
	/** Who asks. Default: this process. */
	readonly holder?: Holder;
}

interface LockRecord extends Holder {
	/** Tells two locks of one process apart. */
	readonly nonce: string;
}

/** Who wants a lock: the content it will have, and the file that is linked to become it. */
interface Starter extends Required<Pick<LockOptions, 'clock' | 'holder' | 'note'>> {
	readonly signal: AbortSignal | undefined;
	/** What was watched for long enough, by file. */
	readonly silent: Map<string, Sight>;
	readonly temp: string;
	readonly bytes: Buffer;
}

/** What is in a lock file. */
interface Sight extends Content {
	readonly file: string;
	/** Undefined where its maker was killed before it wrote. */
	readonly record: LockRecord | undefined;
}

interface Content {
	readonly bytes: Buffer;
	/** Tells two files apart that are both still empty. */
	readonly made: string;
}

/** So long a holder that cannot be seen may be silent. */
const leaseMs = 30_000;
const renewEveryMs = 5_000;
const lookEveryMs = 1_000;

/** Whose silence was watched, and when: one that holds several locks is not watched for each. */
const silences = new WeakMap<Clock, Map<string, number>>();

/** Enough for any number of starters; only a file that can be neither linked over nor read takes so many. */
const maxRounds = 1000;
/** Names the right to remove a lock that nobody has written. */
const unwritten = '0'.repeat(16);
/** The count of renewals is the last member, and always as long. */
const countDigits = 12;
const countFromEnd = countDigits + '"}\n'.length;

/**
 * Takes a lock file that names this process. The lock of a process that is seen dead is taken over at once; one of a
 * process that cannot be seen (another host, container or pid namespace) when it was not renewed for 30 s of watching,
 * by this machine's monotonic clock alone. One of a living process, this very one too, is a StateError `STATE_LOCKED`.
 *
 * The file appears with its content (a hard link, where the file system knows them), so that it is never seen half
 * written.
 */
export async function acquireLock(file: string, options: LockOptions = {}): Promise<Lock> {
	const starter = newStarter(file, options);
	try {
		for (let unseen = take(file, starter); unseen; unseen = take(file, starter)) await watch(unseen, starter);
		sweep(file);
	} finally {
		discard(starter.temp);
	}
	return held(file, starter.bytes, options.onLost);
}

function held(file: string, bytes: Buffer, onLost: LockOptions['onLost']): Lock {
	const countAt = bytes.length - countFromEnd;
	const ours = bytes.subarray(0, countAt);
	const isOurs = (content: Buffer | undefined) => content?.subarray(0, countAt).equals(ours) ?? false;
	let count = 0;

	function isHeld(): boolean {
		try {
			return isOurs(readLock(file)?.bytes);
		} catch (error) {
			if (error instanceof StateError) return false; // something else lies there now
			throw error;
		}
	}

	/** Read and written through one descriptor: a lock that has taken the place of ours is not touched. */
	function renew(): boolean {
		try {
			const descriptor = openLock(file, fs.constants.O_RDWR);
			if (descriptor === undefined) return false;
			try {
				if (!isOurs(fs.readFileSync(descriptor))) return false;
				writeFully(descriptor, Buffer.from(String(++count).padStart(countDigits, '0')), countAt);
				return true;
			} finally {
				fs.closeSync(descriptor); // over a network it is out with that
			}
		} catch (error) {
			return !(error instanceof StateError); // Else not known to be lost: every write asks anew.
		}
	}

	const timer = setInterval(() => {
		if (renew()) return;
		clearInterval(timer);
		onLost?.();
	}, renewEveryMs).unref();
	return {
		isHeld,
		renew,
		release() {
			clearInterval(timer);
			try {
				if (isHeld()) fs.unlinkSync(file);
			} catch {
				// No loss: as soon as this process has ended the lock is a dead one.
			}
		},
	};
}

/**
 * Takes the lock, or returns the holder to watch first. Two starters must not both remove the file of one dead
 * holder, or the second removes the lock of the first. So the right to remove it is a lock of its own, named by that
 * holder's nonce; when its holder dies, it is taken over in the same way, one level further.
 */
function take(file: string, starter: Starter): Sight | undefined {
	for (let round = 0; !placed(file, starter); round++) {
		if (round === maxRounds) throw locked(`${file}: cannot be taken nor read; delete it`);
		const seen = look(file);
		if (seen === undefined) continue;
		if (!isOver(seen, starter)) return seen;
		const claim = `${file}.${seen.record?.nonce ?? unwritten}`;
		const unseen = take(claim, starter);
		if (unseen) return unseen;
		if (isSame(look(file), seen)) fs.unlinkSync(file);
		discard(claim);
	}
	return undefined;
}

/** Whether the holder is dead, or was watched and silent; false when that cannot be known without watching. */
function isOver(seen: Sight, {holder, silent, clock}: Starter): boolean {
	const {file, record} = seen;
	const life = record ? lifeOf(record, holder) : 'unseen';
	if (life !== 'running') return life === 'dead' || isSame(silent.get(file), seen) || wasSilent(record, clock);
	throw locked(
		record?.pid === process.pid
			? `${file}: in use by ${nameOf(record)}, this very process; close the other store first`
			: `${file}: in use by ${nameOf(record)}, which is running; wait for its end or stop it`,
	);
}

/** Resolves when the lock has changed hands, or its holder was silent for too long. */
async function watch(seen: Sight, {clock, signal, note, silent}: Starter): Promise<void> {
	const {file, record} = seen;
	const who = nameOf(record);
	note(`${file}: held by ${who}, which cannot be seen from here; waiting up to ${leaseMs / 1000} s for a sign of life`);
	for (const beganMs = clock.monotonic(); clock.monotonic() - beganMs < leaseMs;) {
		await clock.sleep(lookEveryMs, signal);
		const now = look(file);
		if (isSame(now, seen)) continue;
		if (now?.record === undefined || now.record.nonce !== record?.nonce) return;
		throw locked(`${file}: in use by ${who}, which renews it; wait for its end or stop it`);
	}
	silent.set(file, seen);
	if (record === undefined) return;
	const heard = silences.get(clock) ?? new Map<string, number>();
	silences.set(clock, heard.set(identityOf(record), clock.monotonic()));
}

/** Since all locks of a process are renewed by the same timers, and whoever is fenced at one writes nothing at all. */
function wasSilent(record: LockRecord | undefined, clock: Clock): boolean {
	const atMs = record && silences.get(clock)?.get(identityOf(record));
	return atMs !== undefined && clock.monotonic() - atMs < leaseMs;
}

function identityOf({host, bootId, pidNamespace, pid, startTime}: Holder): string {
	return JSON.stringify([host, bootId, pidNamespace, pid, startTime]);
}

function nameOf(record: LockRecord | undefined): string {
	return record ? `process ${record.pid} on ${excerpt(record.host)}` : 'a process that has not written its name';
}

function newStarter(file: string, options: LockOptions): Starter {
	const {signal, note = () => {}, clock = systemClock, holder = thisProcess()} = options;
	const nonce = randomBytes(8).toString('hex');
	const record = {rxaudit: 'lock', ...holder, nonce, renewals: '0'.repeat(countDigits)};
	const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
	return {signal, note, clock, holder, silent: new Map(), temp: `${file}.${nonce}.tmp`, bytes};
}

/** Whether the file is ours now. Read again: without hard links it was empty for a moment. */
function placed(file: string, {temp, bytes}: Starter): boolean {
	if (!fs.existsSync(temp)) createDurably(temp, bytes);
	try {
		linkOrCopy(temp, file);
		return readLock(file)?.bytes.equals(bytes) ?? false;
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

/** Undefined where there is none. What is no file of ours is not opened through a link, and not waited for. */
function openLock(file: string, flags: number): number | undefined {
	try {
		// Windows knows neither.
		const {O_NOFOLLOW = 0, O_NONBLOCK = 0} = fs.constants as Partial<typeof fs.constants>;
		const descriptor = fs.openSync(file, flags | O_NOFOLLOW | O_NONBLOCK);
		if (fs.fstatSync(descriptor).isFile()) return descriptor;
		fs.closeSync(descriptor);
	} catch (error) {
		if (errnoOf(error) === 'ENOENT') return undefined;
		if (errnoOf(error) !== 'ELOOP') throw error;
	}
	throw foreign(file);
}

function readLock(file: string): Content | undefined {
	const descriptor = openLock(file, fs.constants.O_RDONLY);
	if (descriptor === undefined) return undefined;
	try {
		const {ino, ctimeNs} = fs.fstatSync(descriptor, {bigint: true});
		return {bytes: fs.readFileSync(descriptor), made: `${ino} ${ctimeNs}`};
	} finally {
		fs.closeSync(descriptor);
	}
}

function look(file: string): Sight | undefined {
	const content = readLock(file);
	if (content === undefined) return undefined;
	const {bytes} = content;
	if (bytes.length === 0) return {...content, file, record: undefined};
	try {
		const record = JSON.parse(bytes.toString()) as Partial<LockRecord> & {rxaudit?: unknown};
		const {rxaudit, nonce = '', pid} = record;
		if (rxaudit === 'lock' && /^[0-9a-f]{16}$/.test(nonce) && Number.isInteger(pid)) {
			return {...content, file, record: record as LockRecord};
		}
	} catch {
		// Falls through to the same sentence.
	}
	throw foreign(file);
}

function isSame(now: Content | undefined, {bytes, made}: Content): boolean {
	return now !== undefined && now.bytes.equals(bytes) && (bytes.length > 0 || now.made === made);
}

function foreign(file: string): StateError {
	return locked(
		`${file}: expected a lock of rxaudit, got something else; delete it when it is certain that no run needs it`,
	);
}

function locked(message: string): StateError {
	return new StateError('STATE_LOCKED', message);
}
