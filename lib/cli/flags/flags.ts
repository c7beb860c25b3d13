import {ConfigError} from '../../model/errors.ts';
import {fileIn, type World} from '../world.ts';

export interface Flag {
	/** What stands for the value in the help; absent: a switch. */
	readonly value?: string;
	readonly repeat?: boolean;
	readonly required?: boolean;
	readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;
export type FlagValues = Readonly<Record<string, string | boolean | string[] | undefined>>;

const secretName = /^(?!.*-file$).*(token|passw|secret|api-?key|credential|authoriz|bearer)/i;

/**
 * The values of the flags, and what else was given; names of files as they are opened. Throws a ConfigError for unknown
 * flags, missing values, values given twice and secrets, and never repeats a value: it could be one.
 */
export function parseFlags(
	args: readonly string[],
	flags: Flags,
	positionals: number,
	world: Pick<World, 'cwd'>,
): {values: FlagValues; rest: string[]} {
	refuseSecrets(args, flags);
	const values: Record<string, string | boolean | string[]> = {};
	const rest: string[] = [];
	for (let at = 0; at < args.length; at++) {
		const arg = args[at]!;
		if (!isFlag(arg)) {
			rest.push(arg);
			continue;
		}
		const name = nameOf(arg, flags);
		const {value, repeat} = flags[name]!;
		const before = values[name];
		if (before !== undefined && !repeat) throw new ConfigError(`--${name}: expected it once, got it again`);
		if (value === undefined) {
			if (arg.includes('=')) throw new ConfigError(`--${name}: expected no value, got one`);
			values[name] = true;
			continue;
		}
		const text = arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : args[++at];
		const given = checkValue(name, value, text, arg.includes('='));
		const found = value.startsWith('FILE') ? fileIn(world, given) : given;
		values[name] = repeat ? [...((before as string[] | undefined) ?? []), found] : found;
	}
	if (rest.length > positionals) {
		const wanted = positionals === 1 ? 'one name and options' : 'options only';
		const many = rest.length - positionals;
		throw new ConfigError(
			`expected ${wanted}, got ${many} ${many === 1 ? 'argument' : 'arguments'} too many; quote values with spaces, & or ?`,
		);
	}
	return {values, rest};
}

/** The value of a flag that takes one of these, the first by default. Throws a ConfigError for another. */
export function choice<T extends string>(values: FlagValues, flag: string, choices: readonly [T, ...T[]]): T {
	const value = values[flag] ?? choices[0];
	if (!choices.includes(value as T)) {
		throw new ConfigError(`--${flag}: expected ${choices.join(' or ')}, got ${JSON.stringify(value)}`);
	}
	return value as T;
}

/** The value of a flag that may be given once. */
export function textIn(values: FlagValues, flag: string): string | undefined {
	return values[flag] as string | undefined;
}

/** The values of a flag that may be repeated. */
export function textsIn(values: FlagValues, flag: string): string[] {
	return (values[flag] ?? []) as string[];
}

/** Throws a ConfigError when a secret was given where everybody can read it. What is in `flags` is none. */
export function refuseSecrets(args: readonly string[], flags: Flags): void {
	for (const arg of args) {
		const name = isFlag(arg) ? nameIn(arg) : '';
		if (!secretName.test(name) || Object.hasOwn(flags, name)) continue;
		throw new ConfigError(
			'a secret on the command line can be read by everybody on this machine; ' +
				'set RXAUDIT_TOKEN (or RXAUDIT_USERNAME and RXAUDIT_PASSWORD), or give --token-file or --password-file',
		);
	}
}

function isFlag(arg: string): boolean {
	return arg.startsWith('-') && arg !== '-';
}

function nameIn(arg: string): string {
	return /^--?([^=]*)/.exec(arg)![1]!;
}

function nameOf(arg: string, flags: Flags): string {
	if (arg === '-h' && Object.hasOwn(flags, 'help')) return 'help';
	// -pSECRET is how other programs take a password, so what follows a single dash is not shown
	if (!arg.startsWith('--'))
		throw new ConfigError('unknown option: expected options like --help, got one with a single -');
	const name = nameIn(arg);
	if (Object.hasOwn(flags, name)) return name;
	throw new ConfigError(`unknown option --${name}${nearest(name, Object.keys(flags))}: see --help for what there is`);
}

function checkValue(name: string, value: string, given: string | undefined, isAttached: boolean): string {
	if (!given) throw new ConfigError(`--${name}: expected --${name} ${value}, got no value`);
	if (isAttached || !isFlag(given)) return given;
	throw new ConfigError(
		`--${name}: expected a value, got an option; write --${name}=VALUE for a value that begins with -`,
	);
}

/** ` (did you mean …?)` where one of the names is close to what was given, else nothing. Never repeats what was given. */
export function nearest(given: string, names: readonly string[]): string {
	let best: string | undefined;
	let bestDistance = Math.min(3, given.length);
	for (const name of names) {
		const distance = editDistance(given, name);
		if (distance < bestDistance) [best, bestDistance] = [name, distance];
	}
	return best === undefined ? '' : ` (did you mean ${best}?)`;
}

/** Letters that are missing, too many, others, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
	let [before, row] = [[] as number[], Array.from({length: b.length + 1}, (_, index) => index)];
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			const swapped = isSwapped ? before[j - 2]! + 1 : Infinity;
			next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), swapped);
		}
		[before, row] = [row, next];
	}
	return row[b.length]!;
}

/** A name that is none of those that there are; what was given is not repeated. */
export function noSuchName(
	of: string,
	what: string,
	given: string | undefined,
	names: readonly string[],
	advice = '',
): ConfigError {
	const got = given === undefined || given.startsWith('-') ? 'got none' : `got another name${nearest(given, names)}`;
	return new ConfigError(`${of}: expected ${what}, ${got}: one of ${names.join(', ')}${advice}`);
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
		.map(([name, {value, repeat, required, help: text}]) => {
			const help = required ? `${text}; required` : text;
			const head = `  --${name}${value === undefined ? '' : ` ${value}`}${repeat ? ' …' : ''}`;
			return head.length > 26 ? `${head}\n${' '.repeat(28)}${help}` : `${head.padEnd(28)}${help}`;
		})
		.join('\n');
}
