import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import type {Emulator} from '../support/emulator.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** Another build than that of `npm test`, for work on the specs. */
const cli = path.join(process.env['RXAUDIT_E2E_DIST'] ?? path.join(root, 'dist'), 'lib/cli/main.js');
const fsFaults = path.join(root, 'test/support/fs-faults.mjs');

/** No other text holds it, so that a leak is seen. */
export const token = 'e2e-0c4f-secret';

/** One rule of `test/support/fs-faults.mjs`. */
export interface FsFault {
	readonly call: string;
	readonly path?: string;
	readonly at?: number;
	readonly times?: number;
	readonly do: 'kill' | 'error';
	readonly code?: string;
	readonly when?: 'before' | 'after' | 'partial';
}

export interface PullOptions {
	/** A source and its options. Default: the events of an organization. */
	readonly source?: readonly string[];
	readonly faults?: readonly FsFault[];
	readonly env?: NodeJS.ProcessEnv;
	/** The longest wait after a failure. Default 5. */
	readonly retryMs?: number;
	/** Leaves standard output to the caller. */
	readonly ownReader?: boolean;
}

export interface Ended {
	/** The exit code, or the signal that ended it. */
	readonly code: number | NodeJS.Signals;
	readonly stdout: string;
	readonly stderr: string;
}

export interface Pull {
	readonly child: ChildProcess;
	readonly ended: Promise<Ended>;
}

const running = new Set<ChildProcess>();

/** Kills what a failed test left behind: it would keep the whole run alive. */
export function killRunning(): void {
	for (const child of running) child.kill('SIGKILL');
}

/** Starts `rxaudit pull` against an emulator, with fast retries. */
export function startPull(emulator: Emulator, args: readonly string[], options: PullOptions = {}): Pull {
	const {retryMs = 5, source: pulled = ['atlassian-org-events', '--org-id', 'e2e']} = options;
	const source = ['pull', ...pulled, '--endpoint', emulator.url];
	source.push('--retry-base-ms', `${retryMs}`, '--retry-max-ms', `${retryMs}`);
	const preload = options.faults === undefined ? [] : ['--import', fsFaults];
	const child = spawn(process.execPath, [...preload, cli, ...source, ...args], {
		env: {
			...process.env,
			RXAUDIT_TOKEN: token,
			...(options.faults === undefined ? {} : {FS_FAULTS: JSON.stringify(options.faults)}),
			...options.env,
		},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	running.add(child);
	child.once('exit', () => running.delete(child));
	return {child, ended: endOf(child, options.ownReader === true)};
}

/** Runs it to its end. */
export function pull(emulator: Emulator, args: readonly string[], options: PullOptions = {}): Promise<Ended> {
	return startPull(emulator, args, options).ended;
}

async function endOf(child: ChildProcess, ownReader: boolean): Promise<Ended> {
	let stdout = '';
	let stderr = '';
	if (!ownReader) child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
	child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
	const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
	if ((stdout + stderr).includes(token)) throw new Error('the token is in the output');
	return {code: signal ?? code!, stdout, stderr};
}

/** The most memory that a running process has ever had, in bytes. */
export function peakRssBytes({pid}: ChildProcess): number {
	const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
	return Number(kilobytes) * 1024;
}
