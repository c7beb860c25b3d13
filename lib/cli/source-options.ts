import {ConfigError} from '../errors.ts';
import type {Source} from '../source.ts';
import {credentialsFrom} from './credentials.ts';
import {camel, flagsOf, type FlagValues, kebab} from './flags.ts';

/** The flags without which a source cannot work. */
export function requiredFlags({options}: Source): string[] {
	const shape = options.shape as Record<string, {safeParse(value: unknown): {success: boolean}}>;
	return Object.keys(flagsOf(options)).filter(flag => !shape[camel(flag)]!.safeParse(undefined).success);
}

/** A source's options, checked, from flags and environment; what it does not take is left out. */
export function sourceOptions(source: Source, values: FlagValues, env: NodeJS.ProcessEnv): Record<string, unknown> {
	for (const flag of requiredFlags(source)) {
		if (values[flag] !== undefined && values[flag] !== '') continue;
		throw new ConfigError(`--${flag}: expected ${flagsOf(source.options)[flag]!.help}, got nothing`);
	}
	const given = Object.fromEntries(Object.entries(values).map(([flag, value]) => [camel(flag), value]));
	const all: Record<string, unknown> = {...given, ...credentialsFrom(values, env)};
	const known = Object.keys(source.options.shape).filter(key => all[key] !== undefined);
	const options = Object.fromEntries(known.map(key => [key, all[key]]));
	inFlags(source, () => source(options as never));
	return options;
}

/** Runs what reads a source's options, so that a complaint names the flag where the library names the option. */
function inFlags({name, options}: Source, read: () => unknown): void {
	try {
		read();
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const named = new RegExp(`${name}: (?:option )?(\\w+): `, 'g');
		const message = error.message.replace(named, (text, key: string) =>
			Object.hasOwn(options.shape, key) ? `--${kebab(key)}: ` : text,
		);
		throw new ConfigError(message, {cause: error});
	}
}
