import {faultHelp, parseFault, startEmulator} from '../emulator/index.ts';
import {ConfigError} from '../errors.ts';
import {parseRate} from '../options.ts';
import {parseTime} from '../time.ts';
import {describeFlags, type Flags, type FlagValues, parseFlags} from './flags.ts';
import {write} from './output.ts';
import {stopSignals} from './signals.ts';

const flags: Flags = {
	port: {value: 'N', help: 'default: any free one'},
	events: {value: 'N', help: 'how many events there are (default: 1000)'},
	seed: {value: 'N', help: 'the same seed gives the same bytes (default: 1)'},
	newest: {value: 'T', help: 'the time of the newest event (default: 2026-01-31T23:59:59.987Z)'},
	latency: {value: 'MS', help: 'what every answer waits for (default: 0)'},
	'rate-limit': {value: 'N/min', help: 'answer 429 beyond it (default: no limit)'},
	fault: {value: 'FAULT', repeat: true, help: 'what goes wrong, and when; see below'},
	help: {help: 'this text'},
};

/** `rxaudit emulate`: a local stand-in of the audit APIs, until it is stopped. */
export async function emulate(args: string[]): Promise<number> {
	const {values} = parseFlags(args, flags, 0);
	if (values['help']) return help();
	const rate = values['rate-limit'] as string | undefined;
	if (rate !== undefined && !/^[1-9]\d*\/(s|min|h)$/.test(rate)) {
		throw new ConfigError(`--rate-limit: expected N/min, N/s or N/h, got ${JSON.stringify(rate)}`);
	}
	const newest = values['newest'] as string | undefined;
	const emulator = await startEmulator({
		port: number(values, 'port', 0, 65_535) ?? 0,
		events: number(values, 'events', 0, 1e9) ?? 1000,
		seed: number(values, 'seed', 0, 2 ** 32 - 1) ?? 1,
		latencyMs: number(values, 'latency', 0, 3_600_000) ?? 0,
		...(newest === undefined ? {} : {newestMs: named('newest', () => parseTime(newest, Date.now()))}),
		...(rate === undefined ? {} : {rateLimit: parseRate(rate)!}),
		faults: ((values['fault'] ?? []) as string[]).map(fault => named('fault', () => parseFault(fault))),
	}).catch((error: NodeJS.ErrnoException) => {
		if (error.code === 'EADDRINUSE' || error.code === 'EACCES') {
			throw new ConfigError(
				`--port: expected a free port, got ${values['port'] as string} (${error.code}); leave it out for any free one`,
			);
		}
		throw error;
	});
	const signals = stopSignals();
	await write(process.stdout, `${emulator.url}\n`);
	await write(
		process.stderr,
		`rxaudit: the emulator listens; the token is ${emulator.token}, the user ${emulator.username}, the password ${emulator.password}.
${Object.entries(emulator.endpoints)
	.map(([name, endpoint]) => `  ${name.padEnd(28)}${endpoint}`)
	.join('\n')}
Try, in another terminal:
  RXAUDIT_TOKEN=${emulator.token} rxaudit pull atlassian-org-events --org-id ${emulator.orgId} --endpoint ${emulator.url} | jq .action
`,
	);
	await new Promise(resolve => signals.stop.addEventListener('abort', resolve, {once: true}));
	await emulator.close();
	signals.release();
	return 0;
}

/** Runs a parser of one flag, so that what it complains about says which flag it is. */
function named<T>(flag: string, parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		throw error instanceof ConfigError ? new ConfigError(`--${flag}: ${error.message}`) : error;
	}
}

function number(values: FlagValues, flag: string, min: number, max: number): number | undefined {
	const value = values[flag] as string | undefined;
	if (value === undefined) return undefined;
	if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
		throw new ConfigError(`--${flag}: expected a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`);
	}
	return Number(value);
}

async function help(): Promise<number> {
	await write(
		process.stdout,
		`Usage: rxaudit emulate [options]

Serves the audit APIs on 127.0.0.1 until it is stopped, and prints its address on stdout. Every organization id works.

${describeFlags(flags)}

${faultHelp}

Examples:
  rxaudit emulate --port 8080 --events 5000
  rxaudit emulate --port 8080 --rate-limit 60/min --fault status:503@3,4 --fault hang:body@9
`,
	);
	return 0;
}
