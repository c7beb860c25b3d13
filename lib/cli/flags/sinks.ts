import type {z} from 'zod';
import type {CredentialOptions} from '../../http/credentials.ts';
import {ConfigError, type Spelling} from '../../model/errors.ts';
import {list, load} from '../../registry.ts';
import type {SinkFactory} from '../../sink/define-sink.ts';
import type {Sink} from '../../sink/sink.ts';
import {fileIn, type World} from '../world.ts';
import {checkCredentials, secretIn, secretsIn} from './credentials.ts';
import {camel, type Flags, type FlagValues, kebab, nearest, textsIn} from './flags.ts';
import {factsOf, flagOf, flagsOf, inFlags, nameOf} from './options.ts';
import {foreignSink} from './foreign-sink.ts';
import {isPath, pluginNamed} from './plugin-named.ts';

type Options = {[key: string]: unknown};

/** Of each sink whose options are flags, those flags; with `args`, only of sinks that these may be about. */
export async function sinkFlags(
	args?: readonly string[],
	world: Pick<World, 'cwd'> = {cwd: '.'},
): Promise<Readonly<Record<string, Flags>>> {
	const names = list('sink').filter(name => !args || args.some(arg => arg.startsWith(`--${name}-`)));
	const targets = (args ?? []).flatMap((arg, at) =>
		arg === '--to' ? [args![at + 1] ?? ''] : (/^--to=(.*)$/s.exec(arg)?.[1] ?? []),
	);
	const others = targets.map(nameOfTarget).filter(name => !list('sink').includes(name));
	const found = await Promise.all(
		[...names, ...new Set(others)].map(async name => pluginNamed('sink', name, world.cwd)),
	);
	const factories = found.filter(factory => factory !== undefined);
	return Object.fromEntries(
		factories.filter(({wholeTarget}) => wholeTarget).map(flagged => [flagged.name, sinkFlagsOf(flagged)]),
	);
}

/** The flags of a sink whose options are flags. */
export function sinkFlagsOf({name, target, options}: SinkFactory): Flags {
	const {[`${name}-${kebab(target)}`]: _, ...flags} = flagsOf(options, `${name}-`);
	for (const [key, type] of Object.entries(options.shape as Record<string, z.ZodType>)) {
		const {secret, named} = factsOf(type);
		const flag = `${name}-${nameOf(key, type)}`;
		if (secret && !named)
			flags[flag] = {...flags[flag]!, help: `${flags[flag]!.help} (else: ${variableOf(name, key)})`};
	}
	return flags;
}

/**
 * What flags and environment say of a sink whose options are flags; of another one what the environment says of its
 * secrets, unless those may be the source's.
 */
export function sinkOptions(
	{name, wholeTarget, options, api}: SinkFactory,
	values: FlagValues,
	world: Pick<World, 'cwd' | 'env'>,
): Options {
	const shape = Object.entries(options.shape as Record<string, z.ZodType>);
	const own = wholeTarget ? shape : api ? [] : shape.filter(([, type]) => factsOf(type).secret);
	const given = own.map(([key, type]) => {
		const {secret, named} = factsOf(type);
		const flag = `${name}-${nameOf(key, type)}`;
		const value = values[flag];
		if (named) return [key, value && secretsIn(textsIn(values, flag), `--${flag}`, world)] as const;
		if (!secret) return [key, value] as const;
		const found = typeof value === 'string' ? secretIn(value, `--${flag}`) : world.env[variableOf(name, key)]?.trim();
		return [key, found || undefined] as const;
	});
	return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Throws a ConfigError for flags of a sink that is not there, or that is there twice: they cannot be about both. */
export async function checkSinkFlags(flags: Readonly<Record<string, Flags>>, sinks: readonly Sink[]): Promise<void> {
	const names = sinks.map(({name}) => name);
	for (const name of Object.keys(flags)) {
		if (!names.includes(name)) throw new ConfigError(`--${name}-…: expected --to ${name}:TARGET beside it`);
	}
	const isWhole = async (name: string) =>
		Object.hasOwn(flags, name) || (list('sink').includes(name) && (await load('sink', name)).wholeTarget);
	for (const name of names) {
		if (names.indexOf(name) === names.lastIndexOf(name) || !(await isWhole(name))) continue;
		throw new ConfigError(`--to ${name}: expected it once, since its options are flags, got it again`);
	}
}

function variableOf(sink: string, option: string): string {
	return `rxaudit_${sink}_${kebab(option)}`.toUpperCase().replaceAll('-', '_');
}

/** How a target is given: as `NAME[:TARGET][?key=value&…]`, or as its options. */
export type TargetText = string | TargetOptions;

/** The options of a target and the name of its sink; secrets as what reads them. */
export interface TargetOptions {
	readonly name: string;
	readonly [option: string]: unknown;
}

/** The sink that a target stands for; `flagged` gives the options that are flags. */
export async function makeTarget(
	given: TargetText,
	world: Pick<World, 'cwd' | 'stdout'>,
	connection?: TargetConnection,
	flagged: (factory: SinkFactory) => Options = () => ({}),
): Promise<Sink> {
	const {factory, options} = typeof given === 'string' ? await readTarget(given, world) : await optionsIn(given, world);
	const complete = withConnection(factory, {...flagged(factory), ...options}, connection);
	const made = inFlags(() => factory(complete), spelling(factory));
	const sink = list('sink').includes(factory.name) ? made : foreignSink(made);
	return {...sink, open: context => sink.open({...context, stdout: world.stdout})};
}

/**
 * The sink and its options, not yet checked, that `NAME[:TARGET][?key=value&…]` stands for. TARGET is taken as
 * it is, values are percent-decoded; a dotted key sets a member of an option. Of a sink that takes its target whole, all
 * behind the colon is TARGET.
 */
export async function readTarget(
	text: string,
	world: Pick<World, 'cwd'>,
): Promise<{readonly factory: SinkFactory; readonly options: Options}> {
	const name = nameOfTarget(text);
	const behind = text.slice(name.length);
	const factory = await sinkNamed(name, text, world);
	const {target: main, options: schema, wholeTarget} = factory;
	const shape = schema.shape as Record<string, z.ZodType>;
	const [, target, query] = (wholeTarget ? /^:(.*)$/s : /^(?::([^?]*))?(?:\?(.*))?$/s).exec(behind) ?? [];
	const options: Options = {};
	for (const pair of query?.split('&') ?? []) {
		const [, key, value = ''] = /^([a-z][\w-]*(?:\.[a-z]\w*)*)=(.*)$/s.exec(pair) ?? [];
		if (key === undefined) throw new ConfigError(`--to ${name}: expected options like ?key=value&key=value`);
		checkTargetOption(factory, key.split('.')[0]!);
		setMember(name, options, key, decode(name, value));
	}
	if (target) options[main] = target;
	placeFiles(options, factory, world);
	if (options[main] === undefined && !shape[main]!.safeParse(undefined).success) {
		throw new ConfigError(`--to ${name}: expected a target, got none: write ${name}:${main.toUpperCase()}`);
	}
	return {factory, options};
}

/** The same of a target that is given as options. */
async function optionsIn({name, ...given}: TargetOptions, world: Pick<World, 'cwd'>) {
	const factory = await sinkNamed(name, name, world);
	const options: Options = {...given};
	placeFiles(options, factory, world);
	return {factory, options};
}

function placeFiles(options: Options, {options: {shape}}: SinkFactory, world: Pick<World, 'cwd'>): void {
	for (const [key, value] of Object.entries(options)) {
		const isFile = key.endsWith('File') || factsOf((shape as Record<string, z.ZodType>)[key]).file;
		if (isFile && typeof value === 'string') options[key] = fileIn(world, value);
	}
}

/** What stands in front of the first colon or question mark. */
function nameOfTarget(text: string): string {
	return /^[^:?]*/.exec(text)![0];
}

/** Throws a ConfigError for a name that no sink has. */
async function sinkNamed(name: string, text: string, world: Pick<World, 'cwd'>): Promise<SinkFactory> {
	const sink = await pluginNamed('sink', name, world.cwd).catch((error: unknown) => {
		if (text !== name || !isPath(name) || !(error instanceof ConfigError)) throw error;
		throw new ConfigError(`${error.message}; ${whatItHolds}`, {cause: error});
	});
	if (sink) return sink;
	throw noSink(text, name);
}

const whatItHolds = 'of a file or folder say what it holds: ndjson:FILE, filesystem:DIR';

function noSink(text: string, name: string): ConfigError {
	const names = list('sink');
	const hint = /^https?:\/\//i.test(text)
		? `; write http:${name.toLowerCase()}://…`
		: text === name && name !== ''
			? `${nearest(name, names)}; ${whatItHolds}`
			: nearest(name, names);
	return new ConfigError(`unknown sink ${JSON.stringify(name)}: expected one of ${names.join(', ')}${hint}`);
}

/** How a command line calls an option of a sink. */
function spelling({name, wholeTarget, target}: SinkFactory): Spelling {
	return key => (wholeTarget && key !== target ? flagOf(key, `--${name}-`) : flagOf(key, `--to ${name}: option `));
}

/** Throws a ConfigError for an option that the sink does not have, and for a secret, which it does not repeat. */
function checkTargetOption({name, options}: SinkFactory, option: string): void {
	const shape = options.shape as Record<string, z.ZodType>;
	const key = camel(option);
	if (Object.hasOwn(shape, key) && factsOf(shape[key]).secret) {
		throw new ConfigError(
			`--to ${name}: a secret on the command line can be read by everybody on this machine; ` +
				`put it into a file, and give ${nameOf(key, shape[key]!)}=FILE`,
		);
	}
	const names = Object.keys(flagsOf(options));
	if (names.some(known => camel(known) === key)) return;
	throw new ConfigError(
		`--to ${name}: unknown option ${option}${nearest(option, names)}: expected one of ${names.join(', ')}`,
	);
}

function setMember(name: string, options: Options, key: string, value: string): void {
	const path = key.split('.').map(camel);
	let object = options;
	for (const member of path.slice(0, -1)) {
		if (!Object.hasOwn(object, member)) object[member] = {};
		const inner = object[member];
		if (typeof inner !== 'object') {
			throw new ConfigError(`--to ${name}: expected either ${member}= or ${key}=, got both`);
		}
		object = inner as Options;
	}
	object[path.at(-1)!] = value;
}

function decode(name: string, value: string): string {
	try {
		return decodeURIComponent(value);
	} catch (cause) {
		const what = "an option's value holds a % that is not followed by two hex digits; write %25";
		throw new ConfigError(`--to ${name}: ${what}`, {cause});
	}
}

/** What the command line knows for sinks that write to an API. */
export interface TargetConnection {
	/** Those of the source. */
	readonly credentials: CredentialOptions;
	/** The address that was given for the source; it holds for a sink of the same vendor too. */
	readonly endpoint?: string | undefined;
	/** The vendor's own address, where the source has one. */
	readonly vendor?: string | undefined;
}

const advice = {
	bearer: 'give the target ?token-file=FILE',
	basic: 'give the target ?username=NAME&password-file=FILE',
};

/**
 * A sink's options with address and credentials: those that its target names; else the source's, but only where both
 * talk to the same origin, since nobody gave them for another one. Throws a ConfigError where there are none then.
 */
export function withConnection(factory: SinkFactory, options: Readonly<Options>, source?: TargetConnection): Options {
	const {api, name} = factory;
	const {own, rest} = ownCredentials(factory, options);
	if (!api) return {...rest, ...own};
	const shared = source?.vendor !== undefined && source.vendor === api.endpoint ? source.endpoint : undefined;
	const endpoint = (rest['endpoint'] as string | undefined) ?? shared ?? api.endpoint;
	const complete = endpoint === undefined ? rest : {...rest, endpoint};
	const origin = originOf(endpoint);
	if (origin === undefined) return complete; // the sink says what is wrong with it
	const sourceOrigin = originOf(source?.endpoint ?? source?.vendor);
	const isOwn = Object.keys(own).length > 0;
	const taken: CredentialOptions = isOwn ? own : origin === sourceOrigin ? source!.credentials : {};
	const wanted =
		isOwn || origin === sourceOrigin
			? `--to ${name}: expected credentials`
			: `--to ${name}: expected credentials of its own for ${origin}, since those of the source stay with the source`;
	checkCredentials(wanted, api.auth, taken, advice);
	const known = Object.entries(taken).filter(
		([key, value]) => value !== undefined && Object.hasOwn(factory.options.shape, key),
	);
	return {...complete, ...Object.fromEntries(known)};
}

/** Takes the credentials out of the options, secrets as what reads their files. */
function ownCredentials({name, options: schema}: SinkFactory, options: Readonly<Options>) {
	const own: Record<string, unknown> = {};
	const rest = {...options};
	for (const key of ['token', 'username', 'password']) {
		const type = schema.shape[key] as z.ZodType | undefined;
		if (!type) continue;
		const option = nameOf(key, type);
		const file = rest[camel(option)];
		const value =
			option === key || file === undefined ? rest[key] : secretIn(file as string, `--to ${name}: ${option}`);
		delete rest[camel(option)];
		delete rest[key];
		if (value !== undefined) own[key] = value;
	}
	return {own: own as CredentialOptions, rest};
}

function originOf(endpoint: string | undefined): string | undefined {
	return endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).origin : undefined;
}
