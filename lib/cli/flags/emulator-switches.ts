import {z} from 'zod';
import {loadApis} from '../../emulator/server/load-apis.ts';
import {type EmulatorSwitches, switchesOf} from '../../emulator/server/switches.ts';
import {ConfigError} from '../../model/errors.ts';
import {camel, kebab, nearest} from './flags.ts';

type Values = {[member: string]: unknown};

/** What switches there are. */
export const emulatorSwitches = switchesOf((await loadApis()).values());

/** Every switch by its dotted name, as `stream.last-page-cursor`. */
const switches: ReadonlyMap<string, z.ZodType> = new Map(leavesOf(emulatorSwitches));

/** What `NAME=VALUE` texts set. Throws a ConfigError that names the switch and says what it can be. */
export function parseSwitches(texts: readonly string[]): EmulatorSwitches {
	const values: Values = {};
	for (const text of texts) {
		const [, name, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
		if (name === undefined || value === undefined) {
			throw new ConfigError(`--switch: expected NAME=VALUE, got ${JSON.stringify(text)}`);
		}
		setMember(values, name, valueOf(name, value));
	}
	return values;
}

/** All switches, for a help text. */
export function describeSwitches(): string {
	const entries = Array.from(switches, ([name, type]) => `  ${name}=${formOf(type)}\n      ${type.description}`);
	return `A switch is NAME=VALUE: what the real servers do is not known in every detail, and each changes one.\n\n${entries.join('\n')}`;
}

/** A path has an entry for each member; a group of switches has none itself. */
function leavesOf({shape}: z.ZodObject, path: readonly string[] = []): (readonly [string, z.ZodType])[] {
	return Object.entries(shape as Record<string, z.ZodType>).flatMap(([member, type]) => {
		const inner = unwrapped(type);
		const name = [...path, kebab(member)];
		return inner instanceof z.ZodObject ? leavesOf(inner, name) : [[name.join('.'), type] as const];
	});
}

function unwrapped(type: z.ZodType): unknown {
	return type instanceof z.ZodExactOptional ? type.unwrap() : type;
}

function formOf(type: z.ZodType): string {
	const inner = unwrapped(type);
	if (inner instanceof z.ZodBoolean) return 'true|false';
	if (inner instanceof z.ZodEnum) return inner.options.join('|');
	return inner instanceof z.ZodNumber ? 'N' : 'TEXT';
}

/** The text itself where the switch takes it, else the number or truth value that it stands for. */
function valueOf(name: string, text: string): unknown {
	const type = switches.get(name);
	if (!type) {
		throw new ConfigError(
			`--switch: unknown switch ${JSON.stringify(name)}${nearest(name, [...switches.keys()])}: see --help for what there is`,
		);
	}
	const meant = text === 'true' || text === 'false' ? text === 'true' : /^-?\d+$/.test(text) ? Number(text) : text;
	const [right] = [text, meant].filter(value => type.safeParse(value).success);
	if (right !== undefined) return right;
	const [issue] = type.safeParse(meant).error!.issues;
	const expected = /expected (.*?)(?:, received .*)?$/s.exec(issue!.message)?.[1] ?? formOf(type);
	throw new ConfigError(`--switch ${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}

function setMember(values: Values, name: string, value: unknown): void {
	const path = name.split('.').map(camel);
	const last = path.pop()!;
	const group = path.reduce((outer, member) => (outer[member] ??= {}) as Values, values);
	if (Object.hasOwn(group, last)) throw new ConfigError(`--switch ${name}: expected it once, got it again`);
	group[last] = value;
}
