import {resolve} from 'node:path';
import {ConfigError} from '../errors.ts';
import {fileState} from '../file-state.ts';
import {dedupe} from '../operators/dedupe.ts';
import {filterEvents} from '../operators/filter-events.ts';
import {normalize} from '../operators/normalize.ts';
import {type Build, run} from '../pipeline.ts';
import {list, load} from '../registry.ts';
import type {Sink} from '../sink.ts';
import type {Source} from '../source.ts';
import {credentialFlags, credentialsFrom} from './credentials.ts';
import {type Flags, flagsOf, type FlagValues, parseFlags, refuseSecrets} from './flags.ts';
import {write} from './output.ts';
import {nearest} from './nearest.ts';
import {count, showProgress} from './progress.ts';
import {pullHelp} from './pull-help.ts';
import {stopSignals} from './signals.ts';
import {requiredFlags, sourceOptions} from './source-options.ts';
import {parseTarget} from './target.ts';
import {parseWhere} from './where.ts';

const runFlags: Flags = {
	to: {
		value: 'SINK',
		repeat: true,
		help: 'NAME[:TARGET][?key=value&…], see rxaudit list; repeatable (default: ndjson:-)',
	},
	format: {
		value: 'audit|raw',
		help: "the common record, or each record's own text (default: audit; of a listing: raw)",
	},
	where: {
		value: 'MEMBER=VALUE',
		repeat: true,
		help: 'only events with this value, like actor.name=Lila; all must hold',
	},
	state: {value: 'FILE', help: 'remember what was committed; the same command goes on there'},
	'recover-previous': {help: 'use the generation before when the state file cannot be read'},
	'on-poison': {
		value: 'stop|dead-letter',
		help: 'what to do with an event that cannot be processed (default: dead-letter)',
	},
	'dead-letter': {
		value: 'FILE',
		help: 'where such events go (default: beside the state, else rxaudit.dead-letter.ndjson)',
	},
	quiet: {help: 'no progress and no summary'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

/** `rxaudit pull <source>`: from an audit API into sinks. */
export async function pull(args: string[]): Promise<number> {
	const name = args.find(arg => list('source').includes(arg));
	const source = name === undefined ? undefined : await load('source', name);
	if (args.includes('--help') || args.includes('-h')) {
		await write(process.stdout, pullHelp(source, runFlags));
		return 0;
	}
	if (!source) {
		refuseSecrets(args, {...credentialFlags, ...runFlags});
		throw noSource(args);
	}
	const {values, rest} = parseFlags(args, {...flagsOf(source.options), ...credentialFlags, ...runFlags}, 1);
	if (rest[0] !== name) throw noSource(rest);

	const format = formatOf(source, values);
	const options = sourceOptions(source, values, process.env);
	const tests = texts(values, 'where').map(parseWhere);
	const targets = values['to'] === undefined ? ['ndjson:-'] : texts(values, 'to');
	const connection = {
		credentials: credentialsFrom(values, process.env),
		endpoint: text(values, 'endpoint'),
		vendor: source.endpoint,
	};
	const sinks = await Promise.all(targets.map(target => parseTarget(target, connection)));
	const stateFile = text(values, 'state');
	if (values['recover-previous'] && !stateFile)
		throw new ConfigError('--recover-previous: expected --state FILE beside it');
	const state =
		stateFile === undefined ? undefined : fileState(stateFile, {recoverPrevious: values['recover-previous'] === true});
	const deadLetters = await deadLetterSink(values, stateFile);
	checkTargets(deadLetters ? [...sinks, deadLetters] : sinks, stateFile);

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
			binding: binding(source, values, sinks),
			onProgress: progress.update,
		});
		progress.done(report);
		if (report.deadLetters > 0)
			progress.warn(`${count(report.deadLetters, 'dead letter')}, see ${deadLetters!.target}`);
		if (report.stopped) return signals.exitCode() ?? 0;
		return report.deadLetters > 0 ? 3 : 0;
	} catch (error) {
		progress.failed();
		const code = signals.exitCode();
		const reason = (signals.force.aborted ? signals.force : signals.stop).reason as unknown;
		if (code === undefined || error !== reason) throw error;
		// a reader that takes nothing would keep the process alive
		if (process.stdout.writableLength > 0) signals.endNow();
		return code;
	} finally {
		signals.release();
	}
}

function noSource(args: readonly string[]): ConfigError {
	const names = list('source');
	const [first = '-'] = args;
	const got = first.startsWith('-') ? 'got none' : `got another name${nearest(first, names)}`;
	return new ConfigError(`pull: expected a source, ${got}: one of ${names.join(', ')}`);
}

/** Two writers of one file would spoil it. */
function checkTargets(sinks: readonly Sink[], stateFile: string | undefined): void {
	const targets = [...sinks.map(({target}) => target), ...(stateFile === undefined ? [] : [resolve(stateFile)])];
	const twice = targets.find((target, index) => targets.indexOf(target) !== index);
	if (twice === undefined) return;
	throw new ConfigError(`expected a file of its own for each --to, --state and --dead-letter, got ${twice} twice`);
}

/** What the state belongs to, in the words of the command line, beside what the library says of sources and sinks. */
function binding(source: Source, values: FlagValues, sinks: readonly Sink[]): Record<string, string> {
	const where = texts(values, 'where').sort();
	return {
		source: source.name,
		...Object.fromEntries(requiredFlags(source).map(flag => [`--${flag}`, String(values[flag])])),
		'--to': sinks
			.map(({name, target}) => `${name}:${target}`)
			.sort()
			.join(' '),
		'--format': formatOf(source, values),
		...(where.length > 0 ? {'--where': where.join(' ')} : {}),
	};
}

/** What a listing gives are no audit events: its records say more as they are. */
function formatOf({order}: Source, values: FlagValues): 'audit' | 'raw' {
	return choice(values, 'format', order === 'none' ? ['raw', 'audit'] : ['audit', 'raw']);
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
