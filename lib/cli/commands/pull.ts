import {existsSync} from 'node:fs';
import {isAbsolute, resolve} from 'node:path';
import {checkAccepts} from '../../sink/accepts.ts';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {ConfigError, reasonOf, SinkError} from '../../model/errors.ts';
import {fileState} from '../../state/file-state.ts';
import {dedupe} from '../../operators/dedupe.ts';
import {run as runPages} from '../../run/run.ts';
import {list, load} from '../../registry.ts';
import type {Progress} from '../../model/meter.ts';
import type {Sink, SinkContext} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {deprecationText, dueDeprecations} from '../../source/deprecation.ts';
import type {Lack} from '../../state/state.ts';
import {defaultGraceMs} from '../../run/stopping.ts';
import {credentialFlags, credentialsFrom} from '../flags/credentials.ts';
import {
	choice,
	type Flags,
	type FlagValues,
	noSuchName,
	parseFlags,
	refuseSecrets,
	textIn,
	textsIn,
} from '../flags/flags.ts';
import {checkFollowState, followFlags, followFrom} from '../flags/follow.ts';
import {monitorFlags, monitorFrom, type MonitorOptions} from '../flags/monitor.ts';
import {troubleOf, watchHealth} from '../monitor/health.ts';
import {type Beat, type Ending, withPing} from '../monitor/ping.ts';
import {watchRun} from '../monitor/watch.ts';
import {count, logFormatOf} from '../output/log.ts';
import {showProgress} from '../output/progress.ts';
import {pullHelp} from '../output/pull-help.ts';
import {signKeyFrom} from '../flags/keys.ts';
import {shapeFlags, shapeFrom} from '../flags/shape.ts';
import {fileIn, stopBy, type World} from '../world.ts';
import {deadLetterFile, sourceIn} from '../flags/source-named.ts';
import {placeOf} from '../../sink/target-place.ts';
import {sourceFlags, requiredFlagsOf, sourceOptions, spanIn} from '../flags/options.ts';
import {sinkFlags, sinkOptions, checkSinkFlags, parseTarget} from '../flags/sinks.ts';

const runFlags: Flags = {
	to: {
		value: 'SINK',
		repeat: true,
		help: 'NAME[:TARGET][?key=value&…], see rxaudit list; repeatable (default: ndjson:-)',
	},
	...shapeFlags,
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
	'sign-key-file': {
		value: 'FILE',
		help: 'sign what is written to manifests with this Ed25519 private key (PEM); see rxaudit verify --help',
	},
	grace: {
		value: 'SPAN',
		help: `how long a run that was stopped may take to write what was fetched (default: ${defaultGraceMs / 1000}s)`,
	},
	quiet: {help: 'no progress and no summary'},
	...followFlags,
	...monitorFlags,
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

const endsByItselfMs = 300;

export async function help(args: readonly string[], world: World): Promise<string> {
	const source = (await sourceIn(args, world))?.source;
	return pullHelp(source, runFlags, source ?? (await load('source', 'atlassian-org-events')), await sinkFlags());
}

/** `rxaudit pull <source>`: from an audit API into sinks. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const named = await sourceIn(args, world);
	if (!named) {
		refuseSecrets(args, {...credentialFlags, ...runFlags});
		const isFile = args[0] !== undefined && existsSync(fileIn(world, args[0]));
		const advice = isFile ? `; a source in a file or folder begins with ./, as in ./${args[0]}` : '';
		throw noSuchName('pull', 'a source', args[0], list('source'), advice);
	}
	const {name, source} = named;
	const flagged = await sinkFlags(args);
	const known = Object.assign(
		{...sourceFlags(source), ...credentialFlags, ...runFlags},
		...Object.values(flagged),
	) as Flags;
	const {values, rest} = parseFlags(args, known, 1, world);
	if (rest[0] !== name) throw noSuchName('pull', 'a source', rest[0], list('source'));
	const monitor = monitorFrom(values);
	const progress = showProgress({
		source: source.name,
		format: logFormatOf(values),
		quiet: values['quiet'] === true,
		stream: world.stderr,
	});
	const signals = stopBy(world.signals);
	const isUrgent = () => signals.exitCode() !== undefined;
	return withPing(monitor.ping, {env: world.env, warn: progress.warn, isUrgent}, async beat => {
		try {
			return await pull({name, source, values, flagged, monitor, beat, world}, progress, signals);
		} finally {
			signals.release();
		}
	});
}

interface Given {
	/** How the source is named. */
	readonly name: string;
	readonly source: Source;
	readonly values: FlagValues;
	/** The flags of sinks. */
	readonly flagged: Awaited<ReturnType<typeof sinkFlags>>;
	readonly monitor: MonitorOptions;
	readonly beat: Beat;
	readonly world: World;
}

async function pull(
	{name, source, values, flagged, monitor, beat, world}: Given,
	progress: ReturnType<typeof showProgress>,
	signals: ReturnType<typeof stopBy>,
): Promise<Ending> {
	const letters = deadLetterFile(name);
	const letterFile = letters && fileIn(world, letters);
	const options = sourceOptions(source, values, world.env);
	const shape = await shapeFrom(source, options, values, world.env);
	const targets = values['to'] === undefined ? ['ndjson:-'] : textsIn(values, 'to');
	const connection = {
		credentials: credentialsFrom(values, world.env),
		endpoint: textIn(values, 'endpoint'),
		vendor: source.endpoint,
	};
	const fromFlags = (factory: SinkFactory) => sinkOptions(factory, values, world);
	const sinks = await Promise.all(targets.map(target => parseTarget(target, world, connection, fromFlags)));
	await checkSinkFlags(flagged, sinks);
	for (const sink of sinks) checkAccepts(sink, source.name, shape.format);
	const signKeyFile = textIn(values, 'sign-key-file');
	const sign = signKeyFile === undefined ? undefined : signKeyFrom(signKeyFile);
	const stateFile = textIn(values, 'state');
	if (values['recover-previous'] && !stateFile)
		throw new ConfigError('--recover-previous: expected --state FILE beside it');
	const state =
		stateFile === undefined ? undefined : fileState(stateFile, {recoverPrevious: values['recover-previous'] === true});
	const graceMs = spanIn(values, 'grace');
	const follow = followFrom(values);
	if (follow) checkFollowState(stateFile, sinks);
	const deadLetters = await deadLetterSink(values, stateFile ?? letterFile, world);
	checkTargets(deadLetters ? [...sinks, deadLetters] : sinks, [stateFile, letterFile]);

	const pages = shape.apply(source(options as never).pipe(dedupe()));
	const {stop, force} = signals;
	const watch = await watchRun({
		pipeline: source.name,
		options: monitor,
		alertSilenceMs: follow?.alertSilenceMs,
		stop,
		clock: () => world.now(),
		note: progress.note,
	});
	for (const due of dueDeprecations(source.deprecations, world.now())) progress.warn(deprecationText(due));
	const trouble = (now: Progress) => troubleOf(now, world.now(), follow?.alertSilenceMs);
	const hear = watchHealth(trouble, {
		well(isAgain) {
			beat();
			if (isAgain) progress.note('well again');
		},
		unwell(reason) {
			beat(reason);
			progress.warn(reason);
		},
	});
	try {
		const running = runPages(pages, sinks, {
			...(state ? {state} : {}),
			...(deadLetters ? {deadLetters} : {}),
			...(sign ? {sign} : {}),
			...(graceMs === undefined ? {} : {graceMs}),
			signal: watch.signal,
			forceSignal: force,
			binding: {...binding(source, values, sinks), ...shape.binding},
			...(follow ? {follow: {everyMs: follow.everyMs}} : {}),
			onProgress(now) {
				progress.update(now);
				if (follow) hear(now);
			},
			onNote: progress.note,
		});
		watch.show(running);
		const report = await running;
		progress.done(report);
		const lacks = [
			...(report.deadLetters > 0 ? [`${count(report.deadLetters, 'dead letter')}, see ${deadLetters!.target}`] : []),
			...Object.entries(report.lacks).map(([sink, lack]) => lacking(sink, lack)),
		];
		for (const lack of lacks) progress.warn(lack);
		const code = signals.exitCode();
		if (report.stopped && code !== undefined) return {code, reason: reasonOf(stop.reason)};
		if (report.trouble !== undefined) return {code: 1, reason: report.trouble};
		return lacks.length > 0 ? {code: 3, reason: lacks.join('; ')} : {code: 0};
	} catch (error) {
		progress.failed();
		const code = signals.exitCode();
		const reason = (force.aborted ? force : watch.signal).reason as unknown;
		if (error !== reason) throw error;
		// a reader that takes nothing would keep the process alive, and so would a sink that hangs
		if (code === undefined) return {code: 1, error, leave: () => signals.endNow(endsByItselfMs, 'SIGTERM')};
		const leave = () => signals.endNow(world.stdout.writableLength > 0 ? 0 : endsByItselfMs);
		return {code, reason: reasonOf(reason), leave};
	} finally {
		await watch.release();
	}
}

/** What a sink that was left out has not got, and how to get it: `until` is exclusive. */
function lacking(sink: string, {from, to, events}: Lack): string {
	const until = new Date(Date.parse(to) + 1).toISOString();
	return (
		`${sink} lacks ${count(events, 'event')} from ${from} to ${to}; pull them into another target ` +
		`with --since ${from} --until ${until} and without --state`
	);
}

/** Two writers of one file would spoil it, and one that is read while it is written never ends. */
function checkTargets(sinks: readonly Sink[], files: readonly (string | undefined)[]): void {
	const others = files.flatMap(file => (file === undefined ? [] : resolve(file)));
	const targets = [...sinks.map(({target}) => target), ...others];
	const places = targets.map(target => (isAbsolute(target) ? placeOf(target) : target));
	const twice = targets.find((_, index) => places.indexOf(places[index]!) !== index);
	if (twice === undefined) return;
	throw new ConfigError(
		`expected a file of its own for each --to, --state and --dead-letter, and for what is read, got ${twice} twice`,
	);
}

/** What the state belongs to, in the words of the command line, beside what the library says of sources and sinks. */
function binding(source: Source, values: FlagValues, sinks: readonly Sink[]): Record<string, string> {
	return {
		source: source.name,
		...Object.fromEntries(requiredFlagsOf(source.options).map(flag => [`--${flag}`, String(values[flag])])),
		'--to': sinks
			.map(({name, target}) => `${name}:${target}`)
			.sort()
			.join(' '),
	};
}

async function deadLetterSink(values: FlagValues, beside: string | undefined, world: World) {
	const file = textIn(values, 'dead-letter');
	if (choice(values, 'on-poison', ['dead-letter', 'stop']) === 'stop') {
		if (file) throw new ConfigError('--dead-letter: expected --on-poison dead-letter beside it, got stop');
		return undefined;
	}
	const ndjson = await load('sink', 'ndjson');
	const sink = ndjson({
		path: file ?? fileIn(world, `${beside ?? 'rxaudit'}.dead-letter.ndjson`),
		mode: 'append',
		manifest: false, // what is done with them is up to the user: they come and go
	});
	return {
		...sink,
		open: async (context: SinkContext) => sink.open({...context, stdout: world.stdout}).catch(noPlace(context)),
	};
}

/**
 * The dead-letter file is opened in mid-run, unless the state knows it: other sinks may have written by then, so its
 * error is no bad usage any more.
 */
function noPlace({resume}: SinkContext): (error: unknown) => never {
	return error => {
		if (!(error instanceof SinkError)) throw error;
		const code = error.code === 'TARGET_REFUSED' && resume === undefined ? 'SINK_FAILED' : error.code;
		throw new SinkError(
			code,
			`the file for events that cannot be processed: ${error.message}; give another place with --dead-letter FILE, ` +
				'or end the run at the first such event with --on-poison stop',
			{cause: error},
		);
	};
}
