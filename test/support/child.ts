import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import readline from 'node:readline';

export interface Child {
	readonly pid: number;
	/** Sends a line and resolves with the line that comes back. */
	ask(line: string): Promise<string>;
	/** The next line of its standard output. */
	next(): Promise<string>;
	/** Resolves with the signal or exit code when it has ended. */
	end(signal?: NodeJS.Signals): Promise<string>;
	signal(signal: NodeJS.Signals): void;
}

/** Starts a TypeScript file of test/support as a process of its own. */
export function startChild(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Child {
	const support = import.meta.dirname;
	const child = spawn(process.execPath, ['--import', 'tsx', path.join(support, script), ...args], {
		env: {...process.env, ...env},
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
	const lines = readline.createInterface(child.stdout)[Symbol.asyncIterator]();
	const next = async () => {
		const line = await lines.next();
		return line.done ? '' : line.value;
	};
	assert(child.pid !== undefined);
	return {
		pid: child.pid,
		next,
		ask(line) {
			child.stdin.write(`${line}\n`);
			return next();
		},
		async end(signal) {
			if (signal === undefined) child.stdin.end();
			else child.kill(signal);
			const [code, by] = await ended;
			return by ?? String(code);
		},
		signal(signal) {
			child.kill(signal);
		},
	};
}
