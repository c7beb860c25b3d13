import {AuditError, ConfigError} from '../model/errors.ts';
import {exitCodeOf} from './output/exit-code.ts';
import {nearest} from './flags/nearest.ts';
import {write} from './output/write.ts';
import {logFormatIn, logLine} from './output/progress.ts';

/** A command of `rxaudit`: takes the arguments behind its name, resolves with the exit code. */
export type Command = (args: string[]) => Promise<number>;

const commands: Record<string, {summary: string; load(): Promise<Command>}> = {
	pull: {
		summary: 'read an audit log into files or a pipe',
		load: async () => (await import('./commands/pull.ts')).pull,
	},
	list: {
		summary: 'the sources and sinks that there are',
		load: async () => (await import('./commands/list.ts')).listCommand,
	},
	describe: {
		summary: 'one source or sink: what it is, its options, its operations',
		load: async () => (await import('./commands/describe.ts')).describe,
	},
	call: {
		summary: 'what an API can do beside giving its log: one event, a catalogue, a setting',
		load: async () => (await import('./commands/call.ts')).call,
	},
	explain: {
		summary: 'one record: what becomes of it in each format, and what each member is made from',
		load: async () => (await import('./commands/explain.ts')).explain,
	},
	verify: {
		summary: 'whether an archive is what was written, or what is missing, changed, added or moved',
		load: async () => (await import('./commands/verify.ts')).verify,
	},
	state: {
		summary: 'rebind: a state goes on with a target that was moved, where the records prove it',
		load: async () => (await import('./commands/state.ts')).state,
	},
	demo: {
		summary: 'pull from a local emulator into ./rxaudit-demo',
		load: async () => (await import('./commands/demo.ts')).demo,
	},
	emulate: {
		summary: 'a local stand-in of the audit APIs, to try things on',
		load: async () => (await import('./commands/emulate.ts')).emulate,
	},
};

const help = `rxaudit moves audit logs out of Atlassian, completely and for ever.

Usage: rxaudit <command> [options]

${Object.entries(commands)
	.map(([name, {summary}]) => `  ${name.padEnd(10)}${summary}`)
	.join('\n')}

  rxaudit <command> --help shows its options and examples.

Examples:
  rxaudit demo
  rxaudit pull atlassian-org-events --org-id ORG --since 30d | jq .action
  rxaudit pull atlassian-org-events --org-id ORG --to filesystem:./backup --state ./backup.state
  rxaudit verify filesystem:./backup --state ./backup.state
`;

/** Runs a command line; resolves with the exit code. Everything that goes wrong is one line on stderr. */
export async function main(argv: string[]): Promise<number> {
	const [name, ...args] = argv;
	try {
		const asked = name === 'help' && args[0] !== undefined && Object.hasOwn(commands, args[0]) ? args[0] : undefined;
		if (asked) return await (await commands[asked]!.load())(['--help']);
		if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
			await write(name === undefined ? process.stderr : process.stdout, help);
			return name === undefined ? 2 : 0;
		}
		if (name === '--version' || name === '-v') {
			await write(process.stdout, `${await version()}\n`);
			return 0;
		}
		const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
		if (!command) {
			const names = Object.keys(commands);
			throw new ConfigError(`unknown command${nearest(name, names)}: expected one of ${names.join(', ')}`);
		}
		return await (
			await command.load()
		)(args);
	} catch (error) {
		const code = exitCodeOf(error);
		if (code !== 141) await write(process.stderr, logLine(logFormatIn(argv), 'error', sentence(error), codeOf(error)));
		return code;
	}
}

function codeOf(error: unknown): {code?: string} {
	return error instanceof AuditError ? {code: error.code} : {};
}

function sentence(error: unknown): string {
	if (error instanceof AuditError) return error.message;
	const message = error instanceof Error ? error.message : String(error);
	const stack = process.env['RXAUDIT_DEBUG'] && error instanceof Error ? `\n${error.stack}` : '';
	return `unexpected error: ${message}; this is a defect, please report it (RXAUDIT_DEBUG=1 shows where)${stack}`;
}

async function version(): Promise<string> {
	const {readFile} = await import('node:fs/promises');
	for (let folder = new URL('./', import.meta.url); folder.pathname !== '/'; folder = new URL('../', folder)) {
		try {
			const {name, version} = JSON.parse(await readFile(new URL('package.json', folder), 'utf8')) as Record<
				string,
				string
			>;
			if (name === 'rxaudit') return version!;
		} catch {}
	}
	return 'unknown';
}
