import {ConfigError} from '../errors.ts';
import {fileState} from '../file-state.ts';
import {dedupe} from '../operators/dedupe.ts';
import {filterEvents} from '../operators/filter-events.ts';
import {normalize} from '../operators/normalize.ts';
import {type Build, run} from '../pipeline.ts';
import {list, load} from '../registry.ts';
import type {Source} from '../source.ts';
import {credentialFlags, credentialsFrom} from './credentials.ts';
import {camel, describeFlags, type Flags, flagsOf, type FlagValues, parseFlags} from './flags.ts';
import {write} from './main-command.ts';
import {showProgress} from './progress.ts';
import {stopSignals} from './signals.ts';
import {parseTarget} from './target.ts';
import {parseWhere} from './where.ts';

const runFlags: Flags = {
	to: {value: 'SINK', repeat: true, help: 'NAME[:TARGET][?key=value&…], see rxaudit list; repeatable (default: ndjson:-)'},
	format: {value: 'audit|raw', help: "the common record, or each record's own text (default: audit)"},
	where: {value: 'MEMBER=VALUE', repeat: true, help: 'only events with this value, like actor.name=Lila; all must hold'},
	state: {value: 'FILE', help: 'remember what was committed; the same command goes on there'},
	'recover-previous': {help: 'use the generation before when the state file cannot be read'},
	'on-poison': {value: 'stop|dead-letter', help: 'what to do with an event that cannot be processed (default: dead-letter)'},
	'dead-letter': {value: 'FILE', help: 'where such events go (default: beside the state, else rxaudit.dead-letter.ndjson)'},
	quiet: {help: 'no progress and no summary'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

/** `rxaudit pull <source>`: from an audit API into sinks. */
export async function pull(args: string[]): Promise<number> {
	const name = args.find(arg => list('source').includes(arg)) ?? args.find(arg => !arg.startsWith('-'));
	const asksHelp = args.includes('--help') || args.includes('-h');
	if (name === undefined) {
		if (asksHelp) return help(undefined);
		throw new ConfigError(`pull: expected a source, got none: one of ${list('source').join(', ')}`);
	}
	const source = await load('source', name);
	if (asksHelp) return help(source);
	const flags = {...flagsOf(source.options), ...credentialFlags, ...runFlags};
	const {values} = parseFlags(args, flags, 1);

	const format = choice(values, 'format', ['audit', 'raw']);
	const options = sourceOptions(source, values);
	const wheres = texts(values, 'where');
	const tests = wheres.map(parseWhere);
	const targets = values['to'] === undefined ? ['ndjson:-'] : texts(values, 'to');
	const sinks = await Promise.all(targets.map(parseTarget));
	const stateFile = text(values, 'state');
	if (values['recover-previous'] && !stateFile) throw new ConfigError('--recover-previous: expected --state FILE beside it');
	const state = stateFile === undefined ? undefined : fileState(stateFile, {recoverPrevious: values['recover-previous'] === true});
	const deadLetters = await deadLetterSink(values, stateFile);

	const build: Build = start => {
		let pages = source(options as never, start).pipe(dedupe(start));
		if (format === 'audit') pages = pages.pipe(normalize());
		return tests.length === 0 ? pages : pages.pipe(filterEvents(event => tests.every(test => test(event))));
	};
	const signals = stopSignals();
	const progress = showProgress({
		format: choice(values, 'log-format', ['text', 'json']),
		quiet: values['quiet'] === true,
		stream: process.stderr,
	});
	try {
		const report = await run(build, sinks, {
			...(state ? {state} : {}),
			...(deadLetters ? {deadLetters} : {}),
			signal: signals.stop,
			forceSignal: signals.force,
			binding: {format, ...(wheres.length > 0 ? {where: JSON.stringify([...wheres].sort())} : {})},
			onProgress: progress.update,
		});
		progress.done(report);
		if (report.deadLetters > 0) progress.info(`dead letters are in ${deadLetters!.target}`);
		if (report.stopped) return signals.exitCode() ?? 0;
		return report.deadLetters > 0 ? 3 : 0;
	} catch (error) {
		progress.failed();
		const code = signals.exitCode();
		if (code !== undefined && signals.stop.aborted && error === (signals.force.aborted ? signals.force.reason : signals.stop.reason)) return code;
		throw error;
	} finally {
		signals.release();
	}
}

function sourceOptions(source: Source, values: FlagValues): Record<string, unknown> {
	const known = Object.keys(source.options.shape);
	const given = Object.entries(values).map(([flag, value]) => [camel(flag), value]);
	const all = {...Object.fromEntries(given), ...credentialsFrom(values, process.env)} as Record<string, unknown>;
	return Object.fromEntries(known.filter(key => all[key] !== undefined).map(key => [key, all[key]]));
}

async function deadLetterSink(values: FlagValues, stateFile: string | undefined) {
	const file = text(values, 'dead-letter');
	if (choice(values, 'on-poison', ['dead-letter', 'stop']) === 'stop') {
		if (file) throw new ConfigError('--dead-letter: expected --on-poison dead-letter beside it, got stop');
		return undefined;
	}
	const ndjson = await load('sink', 'ndjson');
	return ndjson({
		path: file ?? (stateFile === undefined ? 'rxaudit.dead-letter.ndjson' : `${stateFile}.dead-letter.ndjson`),
		mode: 'append',
	});
}

function choice<T extends string>(values: FlagValues, flag: string, choices: readonly [T, ...T[]]): T {
	const value = values[flag] ?? choices[0];
	if (!choices.includes(value as T)) {
		throw new ConfigError(`--${flag}: expected ${choices.join(' or ')}, got ${JSON.stringify(value)}`);
	}
	return value as T;
}

function text(values: FlagValues, flag: string): string | undefined {
	const value = values[flag];
	if (value === '') throw new ConfigError(`--${flag}: expected a value, got nothing`);
	return value as string | undefined;
}

function texts(values: FlagValues, flag: string): string[] {
	return (values[flag] ?? []) as string[];
}

async function help(source: Source | undefined): Promise<number> {
	const name = source?.name ?? 'atlassian-org-events';
	const required = source ? requiredFlags(source) : ' --org-id ORG';
	const own = source
		? `Options of ${source.name}:\n${describeFlags({...flagsOf(source.options), ...credentialFlags})}\n\n`
		: `Sources: ${list('source').join(', ')}\n  rxaudit pull <source> --help shows its own options.\n\n`;
	await write(
		process.stdout,
		`Usage: rxaudit pull ${source?.name ?? '<source>'} [options]

Reads an audit log and writes every event to every sink. With --state, the same command again goes on where the last
one ended, whatever ended it.

${own}Options of every run:
${describeFlags(runFlags)}

Examples:
  export RXAUDIT_TOKEN=…
  rxaudit pull ${name}${required} --since 30d | jq -r '.time + " " + .action'
  rxaudit pull ${name}${required} --to ndjson:audit.ndjson.gz --state audit.state
  rxaudit pull ${name}${required} --to filesystem:./backup --format raw --state backup.state

On a local stand-in, started by \`rxaudit emulate --port 8080\`:
  RXAUDIT_TOKEN=emulator rxaudit pull ${name}${required} --endpoint http://127.0.0.1:8080 | head -3
`,
	);
	return 0;
}

function requiredFlags(source: Source): string {
	const {shape} = source.options as {shape: Record<string, {safeParse(value: unknown): {success: boolean}}>};
	const flags = flagsOf(source.options);
	return Object.keys(flags)
		.filter(flag => !shape[camel(flag)]!.safeParse(undefined).success)
		.map(flag => ` --${flag} ${flag === 'org-id' ? 'ORG' : 'VALUE'}`)
		.join('');
}

