import type {z} from 'zod';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {ConfigError} from '../../model/errors.ts';
import {list, load} from '../../registry.ts';
import type {Sink} from '../../sink/sink.ts';
import {secretIn, secretsIn} from './credentials.ts';
import {camel, type Flags, type FlagValues, kebab, textsIn} from './flags.ts';
import type {World} from '../world.ts';
import {isNamed, targetOptionName, targetOptionsOf} from './target-options.ts';

/** Of each sink whose options are flags, those flags; with `args`, only of sinks that these may be about. */
export async function sinkFlags(args?: readonly string[]): Promise<Readonly<Record<string, Flags>>> {
	const names = list('sink').filter(name => !args || args.some(arg => arg.startsWith(`--${name}-`)));
	const factories = await Promise.all(names.map(name => load('sink', name)));
	return Object.fromEntries(
		factories.filter(({wholeTarget}) => wholeTarget).map(flagged => [flagged.name, flagsFor(flagged)]),
	);
}

function flagsFor(factory: SinkFactory): Flags {
	const {name, target, options} = factory;
	const secrets = new Map(secretsOf(factory).map(key => [targetOptionName(options, key), variableOf(name, key)]));
	const own = Object.entries(targetOptionsOf(factory)).filter(([option]) => camel(option) !== target);
	return Object.fromEntries(
		own.map(([option, {help, ...flag}]) => {
			const variable = secrets.get(option);
			return [`${name}-${option}`, {...flag, help: variable ? `${help} (else: ${variable})` : help}];
		}),
	);
}

/** What flags and environment say of a sink whose options are flags; of any other, nothing. */
export function sinkOptions(factory: SinkFactory, values: FlagValues, world: World): Record<string, unknown> {
	const {name, wholeTarget, options} = factory;
	if (!wholeTarget) return {};
	const secrets = secretsOf(factory);
	const given = Object.keys(options.shape).map(key => {
		const flag = `${name}-${targetOptionName(options, key)}`;
		const value = values[flag];
		if (isNamed(options.shape[key] as z.ZodType))
			return [key, value && secretsIn(textsIn(values, flag), `--${flag}`, world)];
		if (!secrets.includes(key)) return [key, value] as const;
		const secret = typeof value === 'string' ? secretIn(value, `--${flag}`) : world.env[variableOf(name, key)]?.trim();
		return [key, secret || undefined] as const;
	});
	return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Throws a ConfigError for flags of a sink that is not there, or that is there twice: they cannot be about both. */
export async function checkSinkFlags(flags: Readonly<Record<string, Flags>>, sinks: readonly Sink[]): Promise<void> {
	const names = sinks.map(({name}) => name);
	for (const name of Object.keys(flags)) {
		if (!names.includes(name)) throw new ConfigError(`--${name}-…: expected --to ${name}:TARGET beside it`);
	}
	for (const name of names) {
		if (names.indexOf(name) === names.lastIndexOf(name) || !(await load('sink', name)).wholeTarget) continue;
		throw new ConfigError(`--to ${name}: expected it once, since its options are flags, got it again`);
	}
}

function secretsOf({options}: SinkFactory): string[] {
	return Object.keys(options.shape).filter(key => targetOptionName(options, key) !== kebab(key));
}

function variableOf(sink: string, option: string): string {
	return `rxaudit_${sink}_${kebab(option)}`.toUpperCase().replaceAll('-', '_');
}
