import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {ConfigError} from '../../model/errors.ts';
import {excerpt} from '../../http/secrets.ts';
import {list} from '../../registry.ts';
import {type CallableSource, callFlags, operationFlags} from '../output/call-help.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {inFlags, optionsFromFlags} from '../flags/options.ts';
import {type Flags, type FlagValues, parseFlags} from '../flags/flags.ts';
import {nearest} from '../flags/nearest.ts';
import {jsonInput} from '../flags/json-input.ts';
import {write} from '../output/write.ts';
import {logFormatOf, logLine} from '../output/progress.ts';

/** What stands around a call. */
export interface Surroundings {
	readonly env: NodeJS.ProcessEnv;
	readonly stdin: Readable & {readonly isTTY?: boolean};
	readonly stderr: Writable & {readonly isTTY?: boolean};
	/** Takes what goes to standard output; rejects when it did not get there. */
	give(text: string): Promise<void>;
	/** Ends the call at once. */
	readonly signal: AbortSignal;
}

/** Runs the operation of the source that the arguments name; resolves with the exit code. */
export async function callOperation(source: CallableSource, args: string[], around: Surroundings): Promise<number> {
	const {name, operation, values} = parseCall(source, args);
	const {signal, stderr} = around;
	const format = logFormatOf(values);
	const say = async (level: 'info' | 'warn', message: string) => {
		if (level === 'warn' || !values['quiet']) await write(stderr, logLine(format, level, message));
	};
	const give = async (text: string) => unless(signal, around.give(text.endsWith('\n') ? text : `${text}\n`));
	const place = values['body'] as string | undefined;
	if (operation.takesBody && place === undefined) {
		throw new ConfigError('--body: expected --body FILE, or --body - for standard input, got nothing');
	}
	const canAsk = around.stdin.isTTY === true && around.stderr.isTTY === true && place !== '-';
	if (operation.writes && !values['yes'] && !canAsk) {
		throw new ConfigError(
			`call: ${name} changes something and nobody can be asked here: expected --yes, got nothing; nothing was sent`,
		);
	}
	const body = place === undefined ? undefined : (await unless(signal, jsonInput(place, around.stdin, '--body'))).value;
	const options = optionsFromFlags(source, operation.options, values, around.env);
	const titles = [`${source.name} ${name}`, source.name];
	const prepared = inFlags(titles, [...Object.keys(operation.options.shape), 'body'], () =>
		operation.prepare(options, body),
	);
	if (operation.writes) {
		const endpoint = (options['endpoint'] as string | undefined) ?? source.endpoint;
		const title = `${source.name} ${name} at ${endpoint}`;
		const preview = (await prepared.preview({signal})) ?? operation.docs;
		if (typeof preview !== 'string') {
			await say('info', `${title}: nothing changes, so nothing was sent; the answer is what is set`);
			await give(preview.unchanged.text);
			return 0;
		}
		// who is asked must see what for
		await say(values['yes'] ? 'info' : 'warn', `${title}:\n${harmless(preview)}`);
		if (!values['yes'] && !(await unless(signal, confirmed(around)))) {
			await say('warn', 'nothing was changed');
			return 1;
		}
	}
	signal.throwIfAborted();
	const {text} = await prepared.run({signal}).catch(async (error: unknown) => {
		if (signal.aborted && operation.writes) {
			await say('warn', 'the change was on its way; whether it was made is not known');
		}
		throw error;
	});
	if (text === '') await say('info', 'done; the answer is empty');
	else await give(text);
	return 0;
}

/** The promise, unless the signal comes first; what the promise stands for goes on. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const stop = () => reject(signal.reason as Error);
		if (signal.aborted) stop();
		signal.addEventListener('abort', stop, {once: true});
		promise.then(resolve, reject);
	});
}

function parseCall({name: sourceName, operations}: CallableSource, args: string[]) {
	const names = Object.keys(operations);
	if (names.length === 0) throw new ConfigError(`call: ${sourceName} has no operations`);
	// which of the arguments are names is known only when it is known which options take a value
	const every: Flags = Object.assign({}, ...Object.values(operations).map(operationFlags));
	const repeated = Object.entries(every).map(([flag, facts]) => [flag, {...facts, repeat: true}]);
	const shared = {...credentialFlags, ...callFlags};
	const [first, name] = parseFlags(args, {...(Object.fromEntries(repeated) as Flags), ...shared}, 2).rest;
	if (first !== sourceName) throw noName('source', first, list('source'));
	if (name === undefined || !Object.hasOwn(operations, name)) throw noName('operation', name, names, sourceName);
	const operation = operations[name]!;
	const {values}: {values: FlagValues} = parseFlags(args, {...operationFlags(operation), ...shared}, 2);
	return {name, operation, values};
}

/** What is said where a source or an operation should be named, and is not. */
export function noName(kind: string, given: string | undefined, names: readonly string[], of?: string): ConfigError {
	const got = given === undefined || given.startsWith('-') ? 'got none' : `got another name${nearest(given, names)}`;
	return new ConfigError(
		`call: expected ${of ? `an ${kind} of ${of}` : `a ${kind}`}, ${got}: one of ${names.join(', ')}`,
	);
}

/** Lines of a preview: they may hold what the API says, which must not drive the terminal. */
function harmless(preview: string): string {
	const lines = preview.trimEnd().split('\n');
	return lines.map(line => `  ${excerpt(line, 1000)}`).join('\n');
}

async function confirmed({stdin, stderr}: Surroundings): Promise<boolean> {
	await write(stderr, 'Type yes to go on: ');
	// as no terminal, so that Ctrl-C stays the signal that ends the process
	const lines = createInterface({input: stdin, terminal: false});
	try {
		for await (const line of lines) return line.trim() === 'yes';
		return false;
	} finally {
		lines.close(); // a terminal that is still listened to would keep the process alive
	}
}
