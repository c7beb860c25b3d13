import {ConfigError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import type {Source} from '../../source/define-source.ts';
import {runFlags} from '../commands/pull.ts';
import {variables} from '../config/configured.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {choice, type Flags, type FlagValues, kebab, nearest, parseFlags} from '../flags/flags.ts';
import {sourceFlags} from '../flags/options.ts';
import {formatOf} from '../flags/shape.ts';
import type {World} from '../world.ts';
import {type Stream, streamOf} from './stream.ts';

/** Flags of a pull that a configuration has not: targets and state are the host's, and a catalog selects members. */
const ofHost = [
	'to',
	'select',
	'state',
	'recover-previous',
	'sign-key-file',
	'follow',
	'every',
	'alert-silence',
	'help',
];

/** Members of a configuration that are no flags, and the variables that a pull reads them from. */
export const secrets: Readonly<Record<string, string>> = Object.fromEntries(
	Object.entries(variables).map(([name, variable]) => [snake(kebab(name)), variable]),
);

/** The configuration of a connector for a source, read. */
export interface Configuration {
	readonly values: FlagValues;
	/** With the secrets where a pull looks for them. */
	readonly world: World;
	/** What the source gives in the format that is asked for. */
	readonly stream: Stream;
	readonly isRaw: boolean;
}

/** The flags that a configuration may hold as members. */
export function flagsIn(source: Source): Flags {
	const all = {...sourceFlags(source), ...credentialFlags, ...runFlags};
	return Object.fromEntries(Object.entries(all).filter(([flag]) => !ofHost.includes(flag)));
}

/** The name of a flag as a member. */
export function snake(flag: string): string {
	return flag === 'since' ? 'start_date' : flag.replaceAll('-', '_');
}

/** Reads a configuration: flags of a pull in snake_case, and secrets. Throws a ConfigError that never shows a value. */
export function readConfiguration(source: Source, config: Json | undefined, world: World): Configuration {
	const flags = flagsIn(source);
	const env: Record<string, string> = {};
	const args = Object.entries(objectIn(config)).flatMap(([member, value]) => {
		const variable = secrets[member];
		if (variable !== undefined) {
			if (typeof value !== 'string' || value === '') throw new ConfigError(`--config: ${member}: expected a text`);
			env[variable] = value;
			return [];
		}
		return value === null ? [] : argsOf(member, value, flags);
	});
	const {values} = parseFlags(args, flags, 0, world);
	choice(values, 'format', source.order === 'none' ? ['raw', 'audit'] : ['audit', 'raw']);
	const isRaw = formatOf(source, values) === 'raw';
	return {values, world: {...world, env: {...world.env, ...env}}, stream: streamOf(source.name, isRaw), isRaw};
}

/** Throws a ConfigError for what is no object. */
export function objectIn(config: Json | undefined): Readonly<Record<string, Json>> {
	if (typeof config === 'object' && config !== null && !Array.isArray(config))
		return config as Readonly<Record<string, Json>>;
	throw new ConfigError('--config: expected a file with an object, {"member": value}');
}

function argsOf(member: string, value: Exclude<Json, null>, flags: Flags): string[] {
	const flag = member === 'start_date' ? 'since' : member.replaceAll('_', '-');
	const known = flags[flag];
	if (!known) {
		const names = [...Object.keys(flags).map(snake), ...Object.keys(secrets)];
		throw new ConfigError(`--config: unknown member${nearest(member, names)}: expected some of ${names.join(', ')}`);
	}
	if (known.value === undefined) return value === true ? [`--${flag}`] : [];
	const all = Array.isArray(value) ? value : [value];
	if (all.some(one => typeof one === 'object')) throw new ConfigError(`--config: ${member}: expected ${known.value}`);
	return all.map(one => `--${flag}=${String(one)}`);
}
