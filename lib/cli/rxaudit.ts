import {AuditError, ConfigError, type ErrorCode} from '../model/errors.ts';
import {Mistakes, mistakeText} from './config/mistakes.ts';
import {nearest} from './flags/flags.ts';
import {logFormatIn, logLine, write} from './output/log.ts';
import {sentenceOf} from './output/sentence.ts';
import type {World} from './world.ts';

/** A command of `rxaudit`; it takes the arguments behind its name. */
export interface Command {
	help(args: string[], world: World): string | Promise<string>;
	/** Resolves with the exit code. */
	run(args: string[], world: World): Promise<number>;
}

const commands: Record<string, {summary: string; load(): Promise<Command>}> = {
	pull: {summary: 'read an audit log into files or a pipe', load: () => import('./commands/pull.ts')},
	run: {summary: 'run the pipelines of a file side by side', load: () => import('./commands/run.ts')},
	enqueue: {summary: 'queue the pipelines of a file in Redis', load: () => import('./commands/enqueue.ts')},
	worker: {summary: 'run queued pipelines, on any number of machines', load: () => import('./commands/worker.ts')},
	jobs: {
		summary: 'what is queued, delayed and failed, and how far pipelines are',
		load: () => import('./commands/jobs.ts'),
	},
	list: {summary: 'the sources and sinks that there are', load: () => import('./commands/list.ts')},
	describe: {
		summary: 'one source or sink: what it is, its options, its operations',
		load: () => import('./commands/describe.ts'),
	},
	plan: {
		summary: 'how much a pull would read, and for how long; it writes nothing',
		load: () => import('./commands/plan.ts'),
	},
	check: {
		summary: 'whether a pull would work: address, credentials, quota, clock, state, targets; it writes no event',
		load: () => import('./commands/check.ts'),
	},
	call: {
		summary: 'what an API can do beside giving its log: one event, a catalogue, a setting',
		load: () => import('./commands/call.ts'),
	},
	explain: {
		summary: 'one record: what becomes of it in each format, and what each member is made from',
		load: () => import('./commands/explain.ts'),
	},
	verify: {
		summary: 'whether an archive is what was written, or what is missing, changed, added or moved',
		load: () => import('./commands/verify.ts'),
	},
	report: {
		summary: 'a page about archives for auditors: verdict, coverage, actions, logins, grants',
		load: () => import('./commands/report.ts'),
	},
	sql: {
		summary: 'views over archives, as a script for DuckDB',
		load: () => import('./commands/sql.ts'),
	},
	status: {
		summary: 'how pipelines are: newest event, last success, gaps, dead letters, what the API deletes next',
		load: () => import('./commands/status.ts'),
	},
	state: {
		summary: 'what a state knows; forget what was read, or go on with a target or server that was moved',
		load: () => import('./commands/state.ts'),
	},
	singer: {summary: 'a tap of Singer, for Meltano and others', load: () => import('./commands/singer.ts')},
	airbyte: {summary: 'a source connector of Airbyte', load: () => import('./commands/airbyte.ts')},
	demo: {summary: 'pull from a local emulator into ./rxaudit-demo', load: () => import('./commands/demo.ts')},
	emulate: {
		summary: 'a local stand-in of the audit APIs, to try things on',
		load: () => import('./commands/emulate.ts'),
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
export async function main(argv: readonly string[], world: World): Promise<number> {
	const {stdout, stderr, env} = world;
	const names = Object.keys(commands);
	try {
		const [name, ...args] = argv[0] === 'help' && names.includes(argv[1] ?? '') ? [argv[1]!, '--help'] : argv;
		if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
			await write(name === undefined ? stderr : stdout, help);
			return name === undefined ? 2 : 0;
		}
		if (name === '--version' || name === '-v') {
			await write(stdout, `${await version()}\n`);
			return 0;
		}
		if (!names.includes(name)) {
			throw new ConfigError(`unknown command${nearest(name, names)}: expected one of ${names.join(', ')}`);
		}
		const command = await commands[name]!.load();
		if (!args.includes('--help') && !args.includes('-h')) return await command.run(args, world);
		await write(stdout, await command.help(args, world));
		return 0;
	} catch (error) {
		const code = exitCodeOf(error);
		if (error instanceof Mistakes) {
			const {file} = error;
			const lines = error.all.map(one => logLine(logFormatIn(argv), 'error', mistakeText(file, one), {file, ...one}));
			await write(stderr, lines.join(''));
			return code;
		}
		const issues = error instanceof ConfigError && error.issues.length > 0 ? {issues: error.issues} : {};
		const more = error instanceof AuditError ? {code: error.code, ...issues} : {};
		if (code !== 141) {
			await write(stderr, logLine(logFormatIn(argv), 'error', sentenceOf(error, Boolean(env['RXAUDIT_DEBUG'])), more));
		}
		return code;
	}
}

/** 0 done, 3 partial and 130/143 stopped come from the report; these are the failures. Everything else is 1. */
const codes: Partial<Record<ErrorCode, number>> = {
	CONFIG: 2,
	TARGET_REFUSED: 2,
	UNAUTHORIZED: 4,
	FORBIDDEN: 4,
	STATE_DAMAGED: 5,
	STATE_FOREIGN: 5,
	STATE_LOCKED: 5,
	STATE_CONFLICT: 5,
	TARGET_CHANGED: 5,
	TARGET_LOCKED: 5,
	SOURCE_CHANGED: 5,
	READER_GONE: 141,
};

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
	return error instanceof AuditError ? (codes[error.code] ?? 1) : 1;
}

async function version(): Promise<string> {
	const {readFile} = await import('node:fs/promises');
	for (let folder = new URL('./', import.meta.url); folder.pathname !== '/'; folder = new URL('../', folder)) {
		try {
			const about = JSON.parse(await readFile(new URL('package.json', folder), 'utf8')) as Record<string, string>;
			if (about['name'] === 'rxaudit') return about['version']!;
		} catch {}
	}
	return 'unknown';
}
