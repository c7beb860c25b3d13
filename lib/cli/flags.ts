import {parseArgs, type ParseArgsConfig} from 'node:util';
import type {z} from 'zod';
import {ConfigError} from '../errors.ts';
import {nearest} from './nearest.ts';

export interface Flag {
	/** What stands for the value in the help; absent: a switch. */
	readonly value?: string;
	readonly repeat?: boolean;
	readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;
export type FlagValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

const secretFlags = ['token', 'password', 'api-key', 'api-token', 'secret', 'authorization', 'bearer'];

/**
 * The values of the flags, and what else was given. Throws a ConfigError for unknown flags, missing values and
 * secrets, and never repeats a value: it could be one.
 */
export function parseFlags(args: string[], flags: Flags, positionals: number): {values: FlagValues; rest: string[]} {
	for (const arg of args) {
		const name = /^--?([\w-]+)/.exec(arg)?.[1] ?? '';
		if (secretFlags.includes(name) && !Object.hasOwn(flags, name)) {
			throw new ConfigError(
				`--${name}: a secret on the command line can be read by everybody on this machine; set RXAUDIT_TOKEN (or RXAUDIT_USERNAME and RXAUDIT_PASSWORD), or give --token-file or --password-file`,
			);
		}
		if (/^--./.test(arg) && !Object.hasOwn(flags, name)) {
			throw new ConfigError(`unknown option --${name}${nearest(name, Object.keys(flags))}: see --help for what there is`);
		}
	}
	const options = Object.fromEntries(
		Object.entries(flags).map(([name, {value, repeat}]) => [
			name,
			{type: value === undefined ? 'boolean' : 'string', multiple: repeat ?? false},
		]),
	) as ParseArgsConfig['options'];
	const {values, positionals: rest} = parse(args, options!);
	if (rest.length > positionals) {
		throw new ConfigError(
			`expected ${positionals === 1 ? 'one name' : `at most ${positionals} arguments`} and options, got ${rest.length - positionals} argument(s) too many; options begin with --`,
		);
	}
	return {values: values as FlagValues, rest};
}

function parse(args: string[], options: NonNullable<ParseArgsConfig['options']>) {
	try {
		return parseArgs({args, options, allowPositionals: true, strict: true});
	} catch (error) {
		const message = (error as Error).message.split('\n')[0]!;
		// Node's sentence names the flag; it repeats no value except that of an unknown one, which cannot come here
		throw new ConfigError(message.replace(/^Option '(-[^' ]*).*argument missing.*/, '$1: expected a value, got nothing'));
	}
}

/** The flags of an option schema: kebab-case, secrets left out, lists repeatable. */
export function flagsOf(schema: z.ZodObject): Record<string, Flag> {
	const flags: Record<string, Flag> = {};
	for (const [key, type] of Object.entries(schema.shape) as [string, z.ZodType][]) {
		if (type.meta()?.['secret'] === true || key === 'username') continue;
		const repeat = type.safeParse(['x']).success;
		const initial = type.safeParse(undefined);
		const standard = initial.success && initial.data !== undefined ? ` (default: ${String(initial.data)})` : '';
		flags[kebab(key)] = {value: valueName(key), repeat, help: (type.description ?? '') + standard};
	}
	return flags;
}

function valueName(key: string): string {
	if (key === 'since' || key === 'until') return 'T';
	if (key === 'overlap' || key === 'maxWait') return 'SPAN';
	if (key === 'endpoint') return 'URL';
	if (key === 'rate') return 'N/min|off';
	return /(Ms|Bytes|Size|Attempts)$/.test(key) ? 'N' : 'VALUE';
}

export function kebab(key: string): string {
	return key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}

export function camel(name: string): string {
	return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** A list of flags for a help text. */
export function describeFlags(flags: Flags): string {
	return Object.entries(flags)
		.map(([name, {value, repeat, help}]) => {
			const head = `  --${name}${value === undefined ? '' : ` ${value}`}${repeat ? ' …' : ''}`;
			return head.length > 26 ? `${head}\n${' '.repeat(28)}${help}` : `${head.padEnd(28)}${help}`;
		})
		.join('\n');
}
