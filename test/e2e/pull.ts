import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {runCli} from '../support/cli.ts';
import type {Emulator} from '../support/emulator.ts';
import {faultAt, type FsFault, interceptFs} from '../support/intercept-fs.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** Another build than that of `npm test`, for work on the specs. */
const cli = path.join(process.env['RXAUDIT_E2E_DIST'] ?? path.join(root, 'dist'), 'lib/cli/main.js');
const killAt = path.join(root, 'test/support/kill-at.mjs');

/** No other text holds it, so that a leak is seen. */
export const token = 'e2e-0c4f-secret';

/** At which call of the file system the process dies, as `test/support/kill-at.mjs` takes it. */
export interface KillAt {
	readonly call: string;
	readonly path: string;
	readonly at: number;
	readonly when?: 'before' | 'after' | 'partial';
}

export interface PullOptions {
	/** A source and its options. Default: the events of an organization. */
	readonly source?: readonly string[];
	readonly kill?: KillAt;
	/** The address of its API. Default: that of the organization. */
	readonly endpoint?: string;
	/** Breaks calls of the file system; then, and by default, it runs in this process. */
	readonly fault?: FsFault;
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
	return startCommand(line(emulator, args, options), options);
}

/** Starts the built command with these arguments. */
export function startCommand(args: readonly string[], options: PullOptions = {}): Pull {
	const {kill} = options;
	const child = spawn(process.execPath, [...(kill ? ['--import', killAt] : []), cli, ...args], {
		env: {...environment(options), ...(kill ? {KILL_AT: JSON.stringify(kill)} : {})},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	running.add(child);
	child.once('exit', () => running.delete(child));
	return {child, ended: endOf(child, options.ownReader === true)};
}

/** Runs it to its end, in this process unless it is to be killed. */
export async function pull(emulator: Emulator, args: readonly string[], options: PullOptions = {}): Promise<Ended> {
	if (options.kill) return startPull(emulator, args, options).ended;
	const {fault} = options;
	const run = () => runCli(line(emulator, args, options), {env: environment(options)});
	const {code, stdout, stderr} = await (fault ? interceptFs(faultAt(fault), run) : run());
	if ((stdout + stderr).includes(token)) throw new Error('the token is in the output');
	return {code: code!, stdout, stderr};
}

function line(emulator: Emulator, args: readonly string[], options: PullOptions): string[] {
	const {retryMs = 5, source = ['atlassian-org-events', '--org-id', 'e2e']} = options;
	const retries = ['--retry-base-ms', `${retryMs}`, '--retry-max-ms', `${retryMs}`];
	return ['pull', ...source, '--endpoint', options.endpoint ?? emulator.url, ...retries, ...args];
}

function environment({env}: PullOptions): Record<string, string> {
	return {...process.env, RXAUDIT_TOKEN: token, ...env} as Record<string, string>;
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
