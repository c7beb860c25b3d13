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

/** Whether a process still runs; `unseen` when that cannot be known from here: another host, another container. */
export function lifeOf(holder: Holder, observer: Holder = thisProcess()): 'running' | 'dead' | 'unseen' {
	if (holder.host !== observer.host) return 'unseen';
	if (holder.bootId !== observer.bootId) return 'dead';
	if (holder.pidNamespace !== observer.pidNamespace) return 'unseen';
	if (!processExists(holder.pid)) return 'dead';
	const stat = processStat(holder.pid);
	// Without /proc, or where it hides the processes of others, the id alone must do.
	if (stat === undefined) return 'running';
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
