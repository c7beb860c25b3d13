import {isAbsolute, resolve} from 'node:path';
import {ConfigError} from '../../model/errors.ts';
import {placeOf} from '../../sink/target-place.ts';
import {camel, nearest} from '../flags/flags.ts';
import {monitorFrom, type MonitorOptions} from '../flags/monitor.ts';
import {makePipeline, type Pipeline} from '../pipeline/make-pipeline.ts';
import type {StateStore} from '../../state/state.ts';
import type {FlagValues} from '../flags/flags.ts';
import type {World} from '../world.ts';
import {inputOf} from './configured.ts';
import type {Place} from './document.ts';
import type {Mistake} from './mistakes.ts';
import {assertNone, type Config, type ConfiguredPipeline, readConfig} from './read-config.ts';

/** A pipeline of a file, ready to be run. */
export interface NamedPipeline {
	readonly name: string;
	readonly pipeline: Pipeline;
	readonly monitor: Pick<MonitorOptions, 'ping' | 'maxDurationMs'>;
	/** The same for a pipeline that did not change. */
	readonly key: string;
	/** Makes it anew, to be run once, with other values of some flags. */
	once(values: FlagValues): Promise<Pipeline>;
}

/** Where the state of a pipeline is that several machines run, by its name. */
export type StateOf = (pipeline: string) => StateStore;

/**
 * The pipelines of a file, those of these names only where some are given. Nothing is opened or asked for. Throws
 * {@link Mistakes}, all at once, or a ConfigError for a name that there is not.
 */
export async function pipelinesOf(
	file: string,
	only: readonly string[],
	world: World,
	stateOf?: StateOf,
): Promise<NamedPipeline[]> {
	const config = readConfig(file, world);
	const mistakes = [...config.mistakes];
	const names = config.pipelines.map(({name}) => name);
	for (const name of only) {
		if (names.includes(name) || mistakes.length > 0) continue;
		throw new ConfigError(
			`--only: expected a pipeline${nearest(name, names)}, one of ${names.join(', ')}, got another`,
		);
	}
	const made: NamedPipeline[] = [];
	for (const configured of config.pipelines) {
		if (only.length > 0 && !only.includes(configured.name)) continue;
		const one = await make(config, configured, world, mistakes, stateOf);
		if (one) made.push(one);
	}
	if (mistakes.length === 0) mistakes.push(...sharedFiles(config, made), ...sharedArchives(config, made));
	assertNone(file, mistakes);
	return made;
}

async function make(
	config: Config,
	configured: ConfiguredPipeline,
	world: World,
	mistakes: Mistake[],
	stateOf: StateOf | undefined,
): Promise<NamedPipeline | undefined> {
	const {name, config: members, placeOf: at} = configured;
	const read = await inputOf(config, configured, world, mistakes);
	const input = read && {...read, state: stateOf?.(name)};
	// how members go together is looked at when each of them is right
	if (!input || configured.unsound.size > 0) return undefined;
	try {
		const pipeline = await makePipeline(input);
		const {ping, maxDurationMs} = monitorFrom(input.values);
		const {follow: _follow, every: _every, 'alert-silence': _silence, ...bounded} = input.values;
		return {
			name,
			pipeline,
			monitor: {ping, maxDurationMs},
			key: JSON.stringify(members),
			once: async values => makePipeline({...input, values: {...bounded, ...values}}),
		};
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const {member, text} = inMembers(error.message);
		const isSource = Object.hasOwn(input.source.options.shape, member);
		mistakes.push(
			config.document.mistake(member === '' ? at() : at(...(isSource ? ['source', member] : [member])), text),
		);
		return undefined;
	}
}

/** A complaint of the command line in the words of a file, and the member that it is about. */
function inMembers(message: string): {readonly member: string; readonly text: string} {
	const [, flag = '', rest = message] = /^--([a-z][a-z-]*):? ?(.*)$/s.exec(message) ?? [];
	const text = rest.replace(/--([a-z][a-z-]*)/g, (_, inner: string) => camel(inner));
	return {member: camel(flag).replace(/File$/, ''), text};
}

/** Two pipelines never write the same file, nor keep their state in it. */
function sharedFiles({document, pipelines}: Config, made: readonly NamedPipeline[]): Mistake[] {
	const owners = new Map<string, string>();
	return made.flatMap(({name, pipeline: {stateFile, deadLetters, sinks}}) => {
		const files: (readonly [member: string, file: string])[] = [
			...(stateFile === undefined ? [] : [['state', resolve(stateFile)] as const]),
			...sinks.flatMap(({exclusive, target}) => (exclusive === true ? [['to', target] as const] : [])),
			...(deadLetters ? [['deadLetter', deadLetters.target] as const] : []),
		];
		const place: (member: string) => Place = pipelines.find(one => one.name === name)!.placeOf;
		const shared = files.flatMap(([member, file]) => {
			const key = keyOf(file);
			const owner = owners.get(key);
			owners.set(key, owner ?? name);
			if (owner === undefined) return [];
			const advice = member === 'to' ? '; several may share filesystem:DIR, those of different logs ndjson:DIR/' : '';
			return [document.mistake(place(member), `expected a file of its own, got that of ${owner}${advice}`)];
		});
		return shared.slice(0, 1); // dead letters lie beside a state, so that they are shared with it
	});
}

/** Of two pipelines that write the same events into one archive, the later one is refused for ever. */
function sharedArchives({document, pipelines}: Config, made: readonly NamedPipeline[]): Mistake[] {
	const owners = new Map<string, string>();
	return made.flatMap(({name, pipeline: {source, given, sinks}}) => {
		const address = (given['endpoint'] as string | undefined) ?? source.endpoint;
		const tenant = address === undefined ? undefined : source.addressOf?.(address, given).tenant;
		if (tenant === undefined) return [];
		const archives = sinks.filter(({exclusive}) => exclusive === 'source');
		return archives.flatMap(sink => {
			const key = JSON.stringify([sink.name, keyOf(sink.target), source.name, tenant]);
			const owner = owners.get(key);
			owners.set(key, owner ?? name);
			if (owner === undefined) return [];
			const place = pipelines.find(one => one.name === name)!.placeOf('to');
			const text =
				`expected one pipeline of ${source.name}:${tenant} in ${sink.name}:${sink.target}, got ${owner} and ${name}: ` +
				'give each an archive of its own, or mode=append in both, which takes what both read twice';
			return [document.mistake(place, text)];
		});
	});
}

/** The same for all names of one file or folder. */
function keyOf(target: string): string {
	return isAbsolute(target) ? placeOf(target) : target;
}
