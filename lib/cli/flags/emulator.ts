import {type EmulatorOptions, parseFault, type RateLimitOptions} from '../../emulator/index.ts';
import {ConfigError} from '../../model/errors.ts';
import {parseRate} from '../../options/options.ts';
import {parseTime} from '../../options/time.ts';
import {parseSwitches} from './emulator-switches.ts';
import type {Flags, FlagValues} from './flags.ts';

export const emulatorFlags = {
	port: {value: 'N', help: 'default: any free one'},
	events: {value: 'N', help: 'how many events there are (default: 1000)'},
	seed: {value: 'N', help: 'the same seed gives the same bytes (default: 1)'},
	newest: {value: 'T', help: 'the time of the newest event (default: two minutes ago)'},
	latency: {value: 'MS', help: 'what every answer waits for (default: 0)'},
	'rate-limit': {
		value: 'N/min[,HEADER=VALUE…]',
		help: 'answer 429 beyond it (default: no limit); retry-after=seconds, =date or =TEXT is what a 429 says then, reset=TEXT what every answer says of the window',
	},
	fault: {value: 'FAULT', repeat: true, help: 'what goes wrong, and when; see below'},
	switch: {value: 'NAME=VALUE', repeat: true, help: 'what the servers do otherwise; see below'},
} satisfies Flags;

/** The emulator that the flags ask for. Throws a ConfigError that names the flag. */
export function emulatorOptions(values: FlagValues): EmulatorOptions {
	const {newest, 'rate-limit': rateLimit} = values as Readonly<Record<string, string | undefined>>;
	const {fault: faults = [], switch: switches = []} = values as Readonly<Record<string, string[] | undefined>>;
	return {
		port: number(values, 'port', 65_535) ?? 0,
		events: number(values, 'events', 1e9) ?? 1000,
		seed: number(values, 'seed', 2 ** 32 - 1) ?? 1,
		latencyMs: number(values, 'latency', 3_600_000) ?? 0,
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

/** Runs a parser of one flag, so that what it complains about says which flag it is. */
function named<T>(flag: string, parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		throw error instanceof ConfigError ? new ConfigError(`--${flag}: ${error.message}`) : error;
	}
}

function number(values: FlagValues, flag: string, max: number): number | undefined {
	const value = values[flag] as string | undefined;
	if (value === undefined) return undefined;
	if (!/^\d+$/.test(value) || Number(value) > max) {
		throw new ConfigError(`--${flag}: expected a whole number from 0 to ${max}, got ${JSON.stringify(value)}`);
	}
	return Number(value);
}
