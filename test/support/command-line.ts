import assert from 'node:assert/strict';
import {type Emulator, type EmulatorOptions, startEmulator} from './emulator.ts';
import {type CliOptions, type CliResult, openCli, runCli, runProcess, type RunningCli, spawnCli} from './cli.ts';
import {temporaryFolder} from '../../lib/testing/temporary-folder.ts';

/** An emulator and an empty folder for each test of the suite that calls this, and `rxaudit pull` between the two. */
export function commandLine(options: EmulatorOptions = {}) {
	const folder = temporaryFolder();
	let emulator: Emulator;
	beforeEach(async () => {
		emulator = await startEmulator({events: 60, ...options});
	});
	afterEach(() => emulator.close());

	const source = () => ['pull', 'atlassian-org-events', '--org-id', 'ORG', '--endpoint', emulator.url];
	const given = (more: CliOptions): CliOptions => ({
		cwd: folder(),
		...more,
		env: {RXAUDIT_TOKEN: emulator.token, ...more.env},
	});
	return {
		folder,
		emulator: () => emulator,
		/** `rxaudit pull atlassian-org-events` from the emulator, in the folder, with its token. */
		pull: (args: readonly string[] = [], more: CliOptions = {}): Promise<CliResult> =>
			(more.stdoutFile === undefined ? runCli : runProcess)([...source(), ...args], given(more)),
		/** The same in this process, while it runs. */
		openPull: (args: readonly string[] = [], more: CliOptions = {}) => openCli([...source(), ...args], given(more)),
		startPull: (args: readonly string[] = [], more: CliOptions = {}): RunningCli =>
			spawnCli([...source(), ...args], given(more)),
		/** The ids that the emulator holds, newest first. */
		held: (): string[] => Array.from(emulator.events(), ({id}) => id),
	};
}

/** The members `id` of NDJSON. */
export function idsIn(ndjson: string): string[] {
	return linesOf(ndjson).map(line => (JSON.parse(line) as {id: string}).id);
}

export function linesOf(text: string): string[] {
	return text.split('\n').filter(line => line !== '');
}

/** Asserts that a command failed as a user's mistake should: this code, one line that says this, nothing on stdout. */
export function assertRefused({code, stdout, stderr}: CliResult, expectedCode: number, message: RegExp): void {
	assert.equal(code, expectedCode, stderr);
	assert.match(stderr, message);
	assert.match(stderr, /^rxaudit: [^\n]+\n$/, 'one line');
	assert.doesNotMatch(stderr, /^\s*at |unexpected error/m, 'no stack trace');
	assert.equal(stdout, '');
}
