import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import {fileURLToPath} from 'node:url';
import {root} from './tree.ts';
import {testWorld} from './world.ts';

/** The built command, as package.json's `bin` names it. */
export const cliFile = fileURLToPath(new URL('dist/lib/cli/main.js', root));

export interface CliOptions {
	/** The environment besides PATH: nothing else is handed on. */
	readonly env?: Readonly<Record<string, string>>;
	/** What stands on standard input; it ends there. */
	readonly input?: string | Uint8Array;
	readonly cwd?: string;
	/** What day it is, for a command that runs in this process. */
	readonly now?: number;
	/** Whether somebody looks at what a command that runs in this process says. */
	readonly isTTY?: boolean;
	/** After so long the process is killed, and what waits for its end rejects. Default: 30,000. */
	readonly timeoutMs?: number;
	/** A file for standard output, instead of a pipe. */
	readonly stdoutFile?: string;
}

export interface CliResult {
	/** Null when a signal ended it. */
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A running command. */
export interface RunningCli {
	readonly process: ChildProcess;
	readonly pid: number;
	/** What it has said up to now. */
	readonly stdout: () => string;
	readonly stderr: () => string;
	kill(signal: NodeJS.Signals): void;
	/** Resolves as soon as `stdout` or `stderr` holds what is expected; rejects when the process ends without it. */
	said(stream: 'stdout' | 'stderr', expected: RegExp): Promise<void>;
	readonly ended: Promise<CliResult>;
}

/** The result of one command that runs in this process, in a world of its own. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
	return openCli(args, options).ended;
}

/** One command that runs in this process, and the world that it runs in. */
export function openCli(args: readonly string[], options: CliOptions = {}) {
	const world = testWorld(options);
	const ended = (async (): Promise<CliResult> => {
		const {main} = await import('../../lib/cli/rxaudit.ts'); // as the commands are, so that an error is of one class
		const code = await main(args, world);
		return {code, signal: null, stdout: world.said(), stderr: world.warned()};
	})();
	return {world, ended};
}

/** What is read as soon as there is something. */
export async function eventually<T>(read: () => T | Promise<T>): Promise<NonNullable<T>> {
	for (;;) {
		const value = await read();
		if (value) return value;
		await new Promise(resolve => setImmediate(resolve));
	}
}

/** The result of one command that runs as a process of its own, however it ended. */
export function runProcess(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
	return spawnCli(args, options).ended;
}

/** Starts the built command as a process of its own. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): RunningCli {
	const {env = {}, input, timeoutMs = 150_000, stdoutFile} = options;
	const descriptor = stdoutFile === undefined ? undefined : fs.openSync(stdoutFile, 'w');
	const child = spawn(process.execPath, [cliFile, ...args], {
		cwd: options.cwd,
		env: {PATH: process.env['PATH'] ?? '', ...env},
		stdio: ['pipe', descriptor ?? 'pipe', 'pipe'],
	});
	if (descriptor !== undefined) fs.closeSync(descriptor);
	const stdout = collect(child.stdout);
	const stderr = collect(child.stderr);
	child.stdin!.on('error', () => {}); // it may end before it has read all
	child.stdin!.end(input);

	let late = false;
	const timer = setTimeout(() => {
		late = true;
		child.kill('SIGKILL');
	}, timeoutMs);
	const ended = (async (): Promise<CliResult> => {
		try {
			const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
			const said = `stdout: ${stdout().slice(-500)}\nstderr: ${stderr().slice(-2000)}`;
			if (late) throw new Error(`rxaudit ${args[0]} did not end within ${timeoutMs} ms\n${said}`);
			return {code, signal, stdout: stdout(), stderr: stderr()};
		} finally {
			clearTimeout(timer);
		}
	})();
	ended.catch(() => {}); // for who never looks

	return {
		process: child,
		pid: child.pid!,
		stdout,
		stderr,
		kill: signal => void child.kill(signal),
		async said(stream, expected) {
			const text = stream === 'stdout' ? stdout : stderr;
			while (!expected.test(text())) {
				if (child.exitCode !== null || child.signalCode !== null) {
					await ended;
					if (expected.test(text())) return;
					throw new Error(`expected ${expected} on ${stream}, got ${text()}`);
				}
				await Promise.race([once(child[stream]!, 'data'), once(child, 'exit')]);
			}
		},
		ended,
	};
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
	const chunks: Buffer[] = [];
	stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
	return () => Buffer.concat(chunks).toString('utf8');
}

/** The value when it has not changed for so long, and is not 0. */
export async function settled(read: () => number, forMs = 400): Promise<number> {
	for (let value = read(), since = performance.now(); ;) {
		await new Promise(resolve => setTimeout(resolve, 10));
		if (read() !== value) [value, since] = [read(), performance.now()];
		else if (value > 0 && performance.now() - since >= forMs) return value;
	}
}
