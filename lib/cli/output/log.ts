import {format} from 'node:util';
import {ConfigError} from '../../model/errors.ts';
import {excerpt, printable} from '../../http/secrets.ts';
import type {FlagValues} from '../flags/flags.ts';

/**
 * Writes and waits until it is out, since a pipe may be slower than the end of the process. A gone reader is no error.
 * What servers and files put into the text drives no terminal.
 */
export function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
	return new Promise(resolve => {
		stream.once('error', () => resolve());
		stream.write(printable(text), () => resolve());
	});
}

export type LogFormat = 'text' | 'json';
export type Level = 'info' | 'warn' | 'error';

/** Throws a ConfigError for a format that there is not. */
export function logFormatOf(values: FlagValues): LogFormat {
	const format = values['log-format'] ?? 'text';
	if (format === 'text' || format === 'json') return format;
	throw new ConfigError(`--log-format: expected text or json, got ${JSON.stringify(format)}`);
}

/** Of the arguments as they are, since what there is to say may be about them. */
export function logFormatIn(args: readonly string[]): LogFormat {
	const json = args.some(
		(arg, at) => arg === '--log-format=json' || (arg === 'json' && args[at - 1] === '--log-format'),
	);
	return json ? 'json' : 'text';
}

/** One line for stderr: a sentence, or a JSON object with `time`, `level`, `message` and more. */
export function logLine(format: LogFormat, level: Level, message: string, members: object = {}): string {
	if (format === 'text') return printable(`rxaudit: ${message}\n`);
	return printable(`${JSON.stringify({time: new Date().toISOString(), level, message, ...members})}\n`);
}

/** The same on one line: names of files, and what servers say, may hold anything, and must not drive the terminal. */
export function oneLine(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, char => `\\u{${char.codePointAt(0)!.toString(16)}}`);
}

/** What a text says whatever its times and counts are: the same of two texts that tell no news to each other. */
export function withoutNumbers(text: string): string {
	return text.replace(/\d+/g, '0');
}

export function count(number: number, one: string, many = `${one}s`): string {
	return `${number} ${number === 1 ? one : many}`;
}

const levels = {debug: 'info', error: 'error', info: 'info', log: 'info', warn: 'warn'} as const;

/**
 * Makes a log line of what Node and other libraries print, or nothing of it with `--quiet`: stdout is for events only,
 * and whoever asks for JSON reads each line as such. Returns what undoes it.
 */
export function takeForeignOutput(argv: readonly string[], stream: Pick<NodeJS.WriteStream, 'write'>): () => void {
	const quiet = argv.includes('--quiet');
	const logFormat = logFormatIn(argv);
	const say = (level: Level, text: string) => {
		if (!quiet) stream.write(logLine(logFormat, level, excerpt(text, 1000)));
	};
	const onWarning = ({name, message}: Error) => say('warn', `${name}: ${message}`);
	const others = process.listeners('warning');
	process.removeAllListeners('warning').on('warning', onWarning);
	const names = Object.keys(levels) as (keyof typeof levels)[];
	const own = names.map(name => console[name]);
	for (const name of names) console[name] = (...given: unknown[]) => say(levels[name], format(...given));
	return () => {
		process.off('warning', onWarning);
		for (const other of others) process.on('warning', other);
		for (const [at, name] of names.entries()) console[name] = own[at]!;
	};
}
