import type {z} from 'zod';
import {ConfigError, type Spelling} from '../../model/errors.ts';
import {parsed} from '../../http/connect.ts';
import {parseSpan} from '../../options/time.ts';
import type {Source} from '../../source/define-source.ts';
import type {World} from '../world.ts';
import {checkCredentials, credentialFlags, credentialFlagsOf, credentialsFrom} from './credentials.ts';
import {camel, type Flag, type Flags, type FlagValues, kebab, textIn} from './flags.ts';

/** What a schema says of an option beside its type and its description. */
interface OptionFacts {
	/** Never shown, and read from a file. */
	readonly secret?: boolean;
	/** Secrets by name: `--OPTION NAME=FILE`, as often as there are names. */
	readonly named?: boolean;
	/** The name of a file or a folder. */
	readonly file?: boolean;
	/** What stands for the value in a help text. */
	readonly value?: string;
}

export function factsOf(type: z.ZodType | undefined): OptionFacts {
	return (type?.meta() ?? {}) as OptionFacts;
}

/** The name of an option's flag: for a secret, the file that holds it. */
export function nameOf(key: string, type: z.ZodType): string {
	const {secret, named} = factsOf(type);
	return secret && !named ? `${kebab(key)}-file` : kebab(key);
}

/** The flags of an option schema. */
export function flagsOf({shape}: z.ZodObject, prefix = ''): Record<string, Flag> {
	const types = Object.entries(shape as Record<string, z.ZodType>);
	return Object.fromEntries(types.map(([key, type]) => [prefix + nameOf(key, type), flagFor(key, type)]));
}

function flagFor(key: string, type: z.ZodType): Flag {
	const {secret, named, value = valueName(key)} = factsOf(type);
	const help = type.description ?? '';
	if (named) {
		return {value: 'NAME=FILE', repeat: true, help: `${help}; NAME=env:VARIABLE takes it from the environment`};
	}
	if (secret) return {value: 'FILE', help: `file with the ${key} for this address`};
	const initial = type.safeParse(undefined);
	const standard =
		initial.success && initial.data !== undefined ? ` (default: ${initial.data as string | number})` : '';
	const required = initial.success ? {} : {required: true};
	return {value, repeat: type.safeParse(['x']).success, ...required, help: help + standard};
}

function valueName(key: string): string {
	if (key === 'since' || key === 'until') return 'T';
	if (key === 'overlap' || key === 'maxWait') return 'SPAN';
	if (key === 'endpoint') return 'URL';
	if (key === 'rate') return 'N/min|off';
	if (key.endsWith('File')) return 'FILE';
	return /(Ms|Bytes|Size|Attempts)$/.test(key) ? 'N' : 'VALUE';
}

/** The flags of a schema but those of credentials, which are the command's own. */
export function plainFlagsOf(schema: z.ZodObject): Flags {
	const {username: _, ...own} = flagsOf(schema);
	return Object.fromEntries(Object.entries(own).filter(([flag]) => !Object.hasOwn(credentialFlags, flag)));
}

/** The flags of a source, or of one of its operations. */
export function sourceFlags({options, auth}: Pick<Source, 'options' | 'auth'>): Flags {
	return {...plainFlagsOf(options), ...credentialFlagsOf({auth})};
}

/** The flags without which a schema's options are not whole. */
export function requiredFlagsOf(schema: z.ZodObject): string[] {
	return Object.entries(flagsOf(schema)).flatMap(([flag, {required}]) => (required ? [flag] : []));
}

/** The same and the address, where there is none that everybody uses: what a command line has at least. */
export function leastFlags({options, endpoint}: Pick<Source, 'options' | 'endpoint'>): string[] {
	const own = requiredFlagsOf(options);
	return Object.hasOwn(options.shape, 'endpoint') && endpoint === undefined ? [...own, 'endpoint'] : own;
}

/** A schema's options, not yet checked, from flags and environment; what it does not know is left out. */
export function optionsFromFlags(
	{name, auth}: Pick<Source, 'name' | 'auth'>,
	schema: z.ZodObject,
	values: FlagValues,
	env: World['env'],
) {
	for (const flag of requiredFlagsOf(schema)) {
		if (values[flag] !== undefined) continue;
		throw new ConfigError(`--${flag}: expected ${flagsOf(schema)[flag]!.help}, got nothing`);
	}
	const credentials = credentialsFrom(values, env);
	checkCredentials(`${name}: expected credentials`, auth, credentials);
	const given = Object.fromEntries(Object.entries(values).map(([flag, value]) => [camel(flag), value]));
	const all: Record<string, unknown> = {...given, ...credentials};
	const known = Object.keys(schema.shape).filter(key => all[key] !== undefined);
	return Object.fromEntries(known.map(key => [key, all[key]]));
}

/** A source's options, checked, from flags and environment; what it does not take is left out. */
export function sourceOptions(source: Source, values: FlagValues, env: World['env']): Record<string, unknown> {
	const options = optionsFromFlags(source, source.options, values, env);
	inFlags(() => source(options as never));
	return options;
}

/** The span that a flag has, in milliseconds, where it has one. */
export function spanIn(values: FlagValues, flag: string, leastMs = 0): number | undefined {
	const text = textIn(values, flag);
	if (text === undefined) return undefined;
	const ms = inFlags(() => parsed('', camel(flag), () => parseSpan(text)));
	if (ms >= leastMs) return ms;
	const least = leastMs < 1000 ? 'a span above 0' : `${leastMs / 60_000}m or more`;
	throw new ConfigError(`--${flag}: expected ${least}, got ${JSON.stringify(text)}`);
}

/** How the command calls an option, or a member of its value, which stands behind the flag. */
export function flagOf(option: string, prefix = '--'): string {
	const [key = '', ...members] = option.split('.');
	return prefix + kebab(key) + (members.length > 0 ? `: ${members.join('.')}` : '');
}

/** Runs what checks options: a complaint calls them as the command does. */
export function inFlags<T>(check: () => T, spell: Spelling = option => flagOf(option)): T {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		throw new ConfigError(error.spelled(spell), {cause: error, issues: error.issues});
	}
}
