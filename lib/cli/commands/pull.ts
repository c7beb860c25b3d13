import type {Progress} from '../../model/meter.ts';
import {load} from '../../registry.ts';
import {defaultGraceMs} from '../../run/stopping.ts';
import {followFlags} from '../flags/follow.ts';
import {type Flags, type FlagValues, textsIn} from '../flags/flags.ts';
import {monitorFlags, monitorFrom, type MonitorOptions} from '../flags/monitor.ts';
import {type Ending, withPing} from '../monitor/ping.ts';
import {type Monitor, serveMonitor} from '../monitor/server.ts';
import {watchRun} from '../monitor/watch.ts';
import {logFormatOf} from '../output/log.ts';
import {showProgress} from '../output/progress.ts';
import {pullHelp} from '../output/pull-help.ts';
import {makePipeline, type Pipeline} from '../pipeline/make-pipeline.ts';
import {type RunContext, runPipeline} from '../pipeline/run-pipeline.ts';
import {shapeFlags} from '../flags/shape.ts';
import {type Stop, stopBy, type World} from '../world.ts';
import {sourceArgs} from '../flags/source-args.ts';
import {sourceIn} from '../flags/source-named.ts';
import {checkSinkFlags, sinkFlags} from '../flags/sinks.ts';

export const runFlags: Flags = {
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

export async function help(args: readonly string[], world: World): Promise<string> {
	const source = (await sourceIn(args, world))?.source;
	return pullHelp(source, runFlags, source ?? (await load('source', 'atlassian-org-events')), await sinkFlags());
}

/** `rxaudit pull <source>`: from an audit API into sinks. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {name, source, values, flagged} = await sourceArgs('pull', args, runFlags, world);
	return runWatched(source.name, values, world, async () => {
		const targets = values['to'] === undefined ? ['ndjson:-'] : textsIn(values, 'to');
		const pipeline = await makePipeline({named: name, source, values, targets, world});
		await checkSinkFlags(flagged, pipeline.sinks);
		return pipeline;
	});
}

/** Makes a pipeline and runs it, as the flags of a pull say what is shown and told of it. Resolves with the exit code. */
export async function runWatched(
	source: string,
	values: FlagValues,
	world: World,
	make: () => Promise<Pipeline>,
	listener?: Listener,
): Promise<number> {
	const monitor = monitorFrom(values);
	const progress = showProgress({
		source,
		format: logFormatOf(values),
		quiet: values['quiet'] === true,
		stream: world.stderr,
	});
	const signals = stopBy(world.signals);
	const isUrgent = () => signals.exitCode() !== undefined;
	return withPing(monitor.ping, {env: world.env, warn: progress.warn, isUrgent}, async beat => {
		try {
			const ending = await pull(await make(), {monitor, progress, beat, signals, world, listener});
			listener?.ended(ending);
			return ending;
		} finally {
			signals.release();
		}
	});
}

interface Surroundings extends Pick<RunContext, 'progress' | 'beat'> {
	readonly monitor: MonitorOptions;
	readonly signals: Stop;
	readonly world: World;
	readonly listener: Listener | undefined;
}

/** Whoever wants to know how a run goes on. */
export interface Listener {
	progress(at: Progress): void;
	/** It ended, and failed with nothing. */
	ended(ending: Ending): void;
}

/** Runs one pipeline, watched from outside. */
async function pull(pipeline: Pipeline, surroundings: Surroundings): Promise<Ending> {
	const {monitor, progress, beat, signals, world, listener} = surroundings;
	const watch = watchRun({
		pipeline: pipeline.source.name,
		maxDurationMs: monitor.maxDurationMs,
		alertSilenceMs: pipeline.follow?.alertSilenceMs,
		stop: signals.stop,
		clock: () => world.now(),
		note: progress.note,
	});
	let server: Monitor | undefined;
	try {
		server = monitor.metrics && (await serveMonitor(monitor.metrics, [watch], () => world.now()));
		if (server) progress.note(`metrics are served at ${server.url}`);
		return await runPipeline(pipeline, {
			progress: {
				...progress,
				update(at) {
					progress.update(at);
					listener?.progress(at);
				},
			},
			beat,
			stop: watch.signal,
			force: signals.force,
			exitCode: signals.exitCode,
			leave: () => signals.leave(world.stdout),
			now: () => world.now(),
			begun: watch.show,
		});
	} finally {
		watch.ended();
		await server?.close();
	}
}
