import type {z} from 'zod';
import {ConfigError} from '../../model/errors.ts';
import type {Source} from '../../source/define-source.ts';
import {checkCredentials, credentialsFrom} from './credentials.ts';
import {camel, flagsOf, type FlagValues, kebab} from './flags.ts';
import type {World} from '../world.ts';

/** The flags without which a schema's options are not whole. */
export function requiredFlagsOf(schema: z.ZodObject): string[] {
	const shape = schema.shape as Record<string, z.ZodType>;
	return Object.keys(flagsOf(schema)).filter(flag => !shape[camel(flag)]!.safeParse(undefined).success);
}

/** A schema's options, not yet checked, from flags and environment; what it does not know is left out. */
export function optionsFromFlags(
	{name, auth}: Pick<Source, 'name' | 'auth'>,
	schema: z.ZodObject,
	values: FlagValues,
	env: World['env'],
) {
	for (const flag of requiredFlagsOf(schema)) {
		if (values[flag] !== undefined && values[flag] !== '') continue;
		throw new ConfigError(`--${flag}: expected ${flagsOf(schema)[flag]!.help}, got nothing`);
	}
	const credentials = credentialsFrom(values, env);
	checkCredentials(`${name}: expected credentials`, auth, credentials);
	const given = Object.fromEntries(Object.entries(values).map(([flag, value]) => [camel(flag), value]));
	const all: Record<string, unknown> = {...given, ...credentials};
	const known = Object.keys(schema.shape).filter(key => all[key] !== undefined);
	return Object.fromEntries(known.map(key => [key, all[key]]));
}

/**
 * Runs what checks options under one of these titles, so that a complaint names the flag and not the option; a member of
 * an option's value stands behind the flag.
 */
export function inFlags<T>(titles: readonly string[], options: readonly string[], check: () => T): T {
	try {
		return check();
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const named = new RegExp(`(?:${titles.join('|')}): (?:option )?(\\w+)(?:\\.([\\w.-]+))?: `, 'g');
		const message = error.message.replace(named, (text, key: string, member?: string) =>
			options.includes(key) ? `--${kebab(key)}: ${member === undefined ? '' : `${member}: `}` : text,
		);
		throw new ConfigError(message, {cause: error});
	}
}
