import {type EmulatorOptions, parseFault, type RateLimitOptions} from '../../emulator/index.ts';
import {ConfigError} from '../../model/errors.ts';
import {parseRate, wholeNumber} from '../../options/options.ts';
import {parseTime} from '../../options/time.ts';
import {camel, type Flags, type FlagValues, kebab, nearest} from './flags.ts';
import {flagsOf, inFlags} from './options.ts';
import {parseOptions} from '../../options/parse-options.ts';
import {z} from 'zod';
import {loadApis} from '../../emulator/server/load-apis.ts';
import {type EmulatorSwitches, switchesOf} from '../../emulator/server/switches.ts';

const numbers = z.object({
	port: wholeNumber(0, 65_535).optional().meta({value: 'N'}).describe('default: any free one'),
	events: wholeNumber(0, 1e9).default(1000).meta({value: 'N'}).describe('how many events there are'),
	seed: wholeNumber(0, 2 ** 32 - 1)
		.default(1)
		.meta({value: 'N'})
		.describe('the same seed gives the same bytes'),
	latency: wholeNumber(0, 3_600_000).default(0).meta({value: 'MS'}).describe('what every answer waits for'),
});

export const emulatorFlags: Flags = {
	...flagsOf(numbers),
	newest: {value: 'T', help: 'the time of the newest event (default: two minutes ago)'},
	'rate-limit': {
		value: 'N/min[,HEADER=VALUE…]',
		help: 'answer 429 beyond it (default: no limit); retry-after=seconds, =date or =TEXT is what a 429 says then, reset=TEXT what every answer says of the window',
	},
	fault: {value: 'FAULT', repeat: true, help: 'what goes wrong, and when; see below'},
	switch: {value: 'NAME=VALUE', repeat: true, help: 'what the servers do otherwise; see below'},
};

/** The emulator that the flags ask for. Throws a ConfigError that names the flag. */
export function emulatorOptions(values: FlagValues): EmulatorOptions {
	const {newest, 'rate-limit': rateLimit} = values as Readonly<Record<string, string | undefined>>;
	const {fault: faults = [], switch: switches = []} = values as Readonly<Record<string, string[] | undefined>>;
	const given = Object.fromEntries(Object.keys(numbers.shape).map(key => [key, values[key]]));
	const {port = 0, latency: latencyMs, ...counts} = inFlags(() => parseOptions('emulate', numbers, given));
	return {
		port,
		...counts,
		latencyMs,
		...(newest === undefined ? {} : {newestMs: named('newest', () => parseTime(newest, Date.now()))}),
		...(rateLimit === undefined ? {} : {rateLimit: parseRateLimit(rateLimit)}),
		faults: faults.map(fault => named('fault', () => parseFault(fault))),
		switches: parseSwitches(switches),
	};
}

/** `60/min,retry-after=0`: a rate, and headers as a fault's status has them. */
function parseRateLimit(text: string): RateLimitOptions {
	const [rate = '', ...headers] = text.split(',');
	if (!/^[1-9]\d*\/(s|min|h)$/.test(rate)) {
		throw new ConfigError(`--rate-limit: expected N/min, N/s or N/h, got ${JSON.stringify(rate)}`);
	}
	const said = headers.map(header => {
		const [, name, value] = /^(retry-after|reset)=(.+)$/s.exec(header) ?? [];
		if (name !== undefined) return [name === 'reset' ? 'reset' : 'retryAfter', value] as const;
		throw new ConfigError(
			`--rate-limit: expected retry-after=VALUE or reset=VALUE behind the rate, got ${JSON.stringify(header)}`,
		);
	});
	return {...parseRate(rate)!, ...Object.fromEntries(said)};
}

/** Runs the parser of one flag, and names the flag in its errors. */
function named<T>(flag: string, parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		throw error instanceof ConfigError ? new ConfigError(`--${flag}: ${error.message}`) : error;
	}
}

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
	const spell = (option: string) => `--switch ${option.split('.').map(kebab).join('.')}`;
	return inFlags(() => parseOptions('emulate', emulatorSwitches, values), spell) as EmulatorSwitches;
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
	return type.safeParse(text).success ? text : meant;
}

function setMember(values: Values, name: string, value: unknown): void {
	const path = name.split('.').map(camel);
	const last = path.pop()!;
	const group = path.reduce((outer, member) => (outer[member] ??= {}) as Values, values);
	if (Object.hasOwn(group, last)) throw new ConfigError(`--switch ${name}: expected it once, got it again`);
	group[last] = value;
}
