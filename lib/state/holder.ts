import fs from 'node:fs';
import os from 'node:os';
import {errnoOf} from './durable-file.ts';

/** A process, so that any process on the same machine can tell whether it still runs. Unknown facts are `''`. */
export interface Holder {
	readonly host: string;
	/** Changes with every start of the machine. */
	readonly bootId: string;
	/** Process ids mean something within one of these only: a container has its own. */
	readonly pidNamespace: string;
	readonly pid: number;
	/** Clock ticks since the start of the machine: tells a process from a later one with the same id. */
	readonly startTime: string;
}

/** The process that asks. */
export function thisProcess(): Holder {
	return {
		host: os.hostname(),
		bootId: fact(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
		pidNamespace: fact(() => fs.readlinkSync('/proc/self/ns/pid')),
		pid: process.pid,
		startTime: processStat(process.pid)?.startTime ?? '',
	};
}

/**
 * Whether a process still runs; `unseen` when that cannot be known from here: another host, container or start of a
 * machine (two machines may have one name), or a system that does not show the processes of others.
 */
export function lifeOf(holder: Holder, observer: Holder = thisProcess()): 'running' | 'dead' | 'unseen' {
	const isHere = (['host', 'bootId', 'pidNamespace'] as const).every(fact => holder[fact] === observer[fact]);
	if (!isHere) return 'unseen';
	if (!processExists(holder.pid)) return 'dead';
	const stat = processStat(holder.pid);
	// A later process may have the same id by now: process 1 of a sandbox always has.
	if (stat === undefined) return 'unseen';
	return stat.ended || stat.startTime !== holder.startTime ? 'dead' : 'running';
}

function processExists(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return errnoOf(error) !== 'ESRCH';
	}
}

/** Reads `/proc/<pid>/stat`. The second field, the program's name in parentheses, may hold anything. */
function processStat(pid: number): {ended: boolean; startTime: string} | undefined {
	const text = fact(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
	const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const startTime = fields[18];
	if (state === undefined || startTime === undefined) return undefined;
	// A zombie was killed and only waits to be noticed by its parent.
	return {ended: state === 'Z' || state === 'X', startTime};
}

function fact(read: () => string): string {
	try {
		return read();
	} catch {
		return '';
	}
}
