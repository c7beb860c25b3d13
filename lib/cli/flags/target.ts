import type {z} from 'zod';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {ConfigError} from '../../model/errors.ts';
import {load} from '../../registry.ts';
import type {Sink} from '../../sink/sink.ts';
import {camel, kebab} from './flags.ts';
import {type TargetConnection, withConnection} from './target-credentials.ts';
import {checkTargetOption, isFile} from './target-options.ts';
import {fileIn, type World} from '../world.ts';

type Options = {[key: string]: unknown};

/** The sink that `NAME[:TARGET][?key=value&…]` stands for; `flagged` gives the options that are flags. */
export async function parseTarget(
	text: string,
	world: World,
	connection?: TargetConnection,
	flagged: (factory: SinkFactory) => Options = () => ({}),
): Promise<Sink> {
	const {factory, options} = await readTarget(text, world);
	const complete = withConnection(factory, {...flagged(factory), ...options}, connection);
	const sink = withOptionNames(factory, () => factory(complete));
	return {...sink, open: context => sink.open({...context, stdout: world.stdout})};
}

/**
 * The kind of sink and its options, not yet checked, that `NAME[:TARGET][?key=value&…]` stands for. TARGET is taken as
 * it is, values are percent-decoded; a dotted key sets a member of an option. Of a sink that takes its target whole, all
 * behind the colon is TARGET.
 */
export async function readTarget(
	text: string,
	world: Pick<World, 'cwd'>,
): Promise<{readonly factory: SinkFactory; readonly options: Options}> {
	const [, name = '', behind = ''] = /^([^:?]*)(.*)$/s.exec(text)!;
	const factory = await load('sink', name);
	const [, target, query] = (factory.wholeTarget ? /^:(.*)$/s : /^(?::([^?]*))?(?:\?(.*))?$/s).exec(behind) ?? [];
	const options: Options = {};
	for (const pair of query?.split('&') ?? []) {
		const [, key, value = ''] = /^([a-z][\w-]*(?:\.[a-z]\w*)*)=(.*)$/s.exec(pair) ?? [];
		if (key === undefined) throw new ConfigError(`--to ${name}: expected options like ?key=value&key=value`);
		checkTargetOption(name, factory, key.split('.')[0]!);
		setMember(name, options, key, decode(name, value));
	}
	if (target) options[factory.target] = target;
	for (const [key, value] of Object.entries(options)) {
		if (typeof value === 'string' && isFile(factory, key)) options[key] = fileIn(world, value);
	}
	if (options[factory.target] === undefined && isRequired(factory.options, factory.target)) {
		throw new ConfigError(`--to ${name}: expected a target, got none: write ${name}:${factory.target.toUpperCase()}`);
	}
	return {factory, options};
}

/** Runs what checks a sink's options, so that a complaint names them as they are spelled on a command line. */
function withOptionNames<T>({name, wholeTarget, target}: SinkFactory, check: () => T): T {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const named = new RegExp(`(^|; )${name}: option (\\w+)`, 'g');
		const message = error.message.replace(named, (_, before: string, key: string) =>
			wholeTarget && key !== target
				? `${before}--${name}-${kebab(key)}`
				: `${before}--to ${name}: option ${kebab(key)}`,
		);
		throw new ConfigError(message, {cause: error});
	}
}

function setMember(name: string, options: Options, key: string, value: string): void {
	const path = key.split('.').map(camel);
	let object = options;
	for (const member of path.slice(0, -1)) {
		if (!Object.hasOwn(object, member)) object[member] = {};
		const inner = object[member];
		if (typeof inner !== 'object')
			throw new ConfigError(`--to ${name}: expected either ${member}= or ${key}=, got both`);
		object = inner as Options;
	}
	object[path.at(-1)!] = value;
}

function isRequired({shape}: z.ZodObject, option: string): boolean {
	return !(shape[option] as z.ZodType).safeParse(undefined).success;
}

function decode(name: string, value: string): string {
	try {
		return decodeURIComponent(value);
	} catch (cause) {
		throw new ConfigError(
			`--to ${name}: an option's value holds a % that is not followed by two hex digits; write %25`,
			{
				cause,
			},
		);
	}
}
