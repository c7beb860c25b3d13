import {hostname} from 'node:os';
import {isAbsolute, resolve} from 'node:path';
import type {Observable} from 'rxjs';
import {checkAccepts} from '../../sink/accepts.ts';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {ConfigError, SinkError} from '../../model/errors.ts';
import {fileState} from '../../state/file-state.ts';
import type {StateStore} from '../../state/state.ts';
import {dedupe} from '../../operators/dedupe.ts';
import {load} from '../../registry.ts';
import type {Page} from '../../model/page.ts';
import type {RunOptions} from '../../run/run.ts';
import type {Sink, SinkContext} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {credentialsFrom} from '../flags/credentials.ts';
import {choice, type FlagValues, textIn} from '../flags/flags.ts';
import {checkFollowState, type FollowFlags, followFrom} from '../flags/follow.ts';
import {signKeyFrom} from '../flags/keys.ts';
import {shapeFrom} from '../flags/shape.ts';
import {fileIn, type World} from '../world.ts';
import {deadLetterFile} from '../flags/source-named.ts';
import {placeOf} from '../../sink/target-place.ts';
import {requiredFlagsOf, sourceOptions, spanIn} from '../flags/options.ts';
import {makeTarget, sinkOptions, type TargetText} from '../flags/sinks.ts';

/** What a pipeline is made from: a source, and what flags say. */
export interface PipelineInput {
	/** How the source is named. */
	readonly named: string;
	readonly source: Source;
	readonly values: FlagValues;
	readonly targets: readonly TargetText[];
	/** Sinks and state of a host, which takes what comes again itself, and other members from one run on. */
	readonly given?: {readonly sinks: readonly Sink[]; readonly state: StateStore};
	/** What takes the place of the state file: it is shared by machines, which have files of their own. */
	readonly state?: StateStore | undefined;
	/** What dead letters lie beside where there is no state file. */
	readonly beside?: string;
	/** Where files are, and what secrets are. */
	readonly world: Pick<World, 'cwd' | 'env' | 'stdout'>;
}

/** A pipeline that can be run; nothing of it is open, and nothing was asked for. */
export interface Pipeline {
	readonly source: Source;
	/** What the source is called with. */
	readonly given: Readonly<Record<string, unknown>>;
	readonly pages: Observable<Page>;
	readonly sinks: readonly Sink[];
	readonly stateFile: string | undefined;
	readonly deadLetters: Sink | undefined;
	readonly follow: FollowFlags | undefined;
	/** For `run()`. */
	readonly options: RunOptions;
}

/** Makes a pipeline. Throws a ConfigError for what cannot work. */
export async function makePipeline(input: PipelineInput): Promise<Pipeline> {
	const {named, source, values, targets, given, state, beside = 'rxaudit', world} = input;
	const letters = deadLetterFile(named);
	const letterFile = letters && fileIn(world, letters);
	const options = sourceOptions(source, values, world.env);
	const shape = await shapeFrom(source, options, values, world.env);
	const connection = {
		credentials: credentialsFrom(values, world.env),
		endpoint: textIn(values, 'endpoint'),
		vendor: source.endpoint,
	};
	const fromFlags = (factory: SinkFactory) => sinkOptions(factory, values, world);
	const made = await Promise.all(targets.map(target => makeTarget(target, world, connection, fromFlags)));
	const sinks = [...made, ...(given?.sinks ?? [])];
	for (const sink of sinks) checkAccepts(sink, source.name, shape.format);
	const signKeyFile = textIn(values, 'sign-key-file');
	const sign = signKeyFile === undefined ? undefined : signKeyFrom(signKeyFile);
	const stateFile = textIn(values, 'state');
	const recoverPrevious = values['recover-previous'] === true;
	if (recoverPrevious && !stateFile) throw new ConfigError('--recover-previous: expected --state FILE beside it');
	const graceMs = spanIn(values, 'grace');
	const follow = followFrom(values);
	if (follow && !state) checkFollowState(stateFile, sinks);
	const lettersBeside = state
		? fileIn(world, `${beside}.${hostname()}`)
		: (stateFile ?? letterFile ?? fileIn(world, beside));
	const deadLetters = await deadLetterSink(values, lettersBeside, world);
	checkTargets(deadLetters ? [...sinks, deadLetters] : sinks, [stateFile, letterFile]);
	return {
		source,
		given: options,
		pages: shape.apply(given ? source(options as never) : source(options as never).pipe(dedupe())),
		sinks,
		stateFile,
		deadLetters,
		follow,
		options: {
			...(stateFile === undefined ? {} : {state: fileState(stateFile, {recoverPrevious})}),
			...(state ? {state} : {}),
			...(given ? {state: given.state, dedupe: false} : {}),
			...(deadLetters ? {deadLetters} : {}),
			...(sign ? {sign} : {}),
			...(graceMs === undefined ? {} : {graceMs}),
			...(follow ? {follow: {everyMs: follow.everyMs}} : {}),
			binding: {...binding(source, values, sinks), ...shape.binding, ...(given ? {'--select': ''} : {})},
		},
	};
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

async function deadLetterSink(values: FlagValues, beside: string, world: Pick<World, 'stdout'>) {
	const file = textIn(values, 'dead-letter');
	if (choice(values, 'on-poison', ['dead-letter', 'stop']) === 'stop') {
		if (file) throw new ConfigError('--dead-letter: expected --on-poison dead-letter beside it, got stop');
		return undefined;
	}
	const ndjson = await load('sink', 'ndjson');
	const sink = ndjson({
		path: file ?? `${beside}.dead-letter.ndjson`,
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
