import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {buffer} from 'node:stream/consumers';
import {type CliResult, cliFile} from './cli.ts';
import {linesOf} from './command-line.ts';

/** The command lines that a help text shows, without their variables. */
export function examplesIn(help: string): string[] {
	return [...help.matchAll(/^ {2}(?:[A-Z_]+=\S+ )?(rxaudit \S+ .*--.*|rxaudit (?:demo|list|describe \S+))$/gm)]
		.map(match => match[1]!)
		.filter(line => !/<|shows/.test(line));
}

/** What a help text shows to type: the lines in front of `On a local stand-in`, and those behind it. */
export function shownIn(help: string): readonly [api: string[], emulator: string[]] {
	const [, api = '', emulator = ''] = help.split(/^(?:Examples:|On a local stand-in,.*)$/m);
	return [linesOf(api).map(line => line.trim()), linesOf(emulator).map(line => line.trim())];
}

/** Runs a line as a shell would, with `rxaudit` being the built command; `jq` only passes on what it gets. */
export async function runExample(
	line: string,
	folder: string,
	env: NodeJS.ProcessEnv = {RXAUDIT_TOKEN: 'emulator'},
): Promise<CliResult> {
	const bin = path.join(folder, 'bin');
	fs.mkdirSync(bin, {recursive: true});
	const script = (name: string, text: string) =>
		fs.writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, {mode: 0o755});
	script('rxaudit', `exec '${process.execPath}' '${cliFile}' "$@"`);
	script('jq', 'cat');
	const child = spawn('sh', ['-c', line], {
		cwd: folder,
		env: {PATH: `${bin}:${process.env['PATH']}`, ...env},
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const [stdout, stderr, [code, signal]] = await Promise.all([
		buffer(child.stdout),
		buffer(child.stderr),
		once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
	]);
	return {code, signal, stdout: stdout.toString(), stderr: stderr.toString()};
}
