import fs from 'node:fs';
import {Socket} from 'node:net';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {ConfigError, reasonOf, SinkError} from '../errors.ts';
import type {BoundOperation, PreparedOperation} from '../operations.ts';
import {excerpt} from '../redact.ts';
import {list, load} from '../registry.ts';
import {callBody} from './call-body.ts';
import {type CallableSource, callFlags, callHelp, operationFlags} from './call-help.ts';
import {credentialFlags} from './credentials.ts';
import {inFlags, optionsFromFlags} from './flag-options.ts';
import {type Flags, type FlagValues, parseFlags, refuseSecrets} from './flags.ts';
import {write} from './output.ts';
import {nearest} from './nearest.ts';

/** What stands around a call. */
export interface Surroundings {
	readonly env: NodeJS.ProcessEnv;
	readonly stdin: Readable & {readonly isTTY?: boolean};
	readonly stderr: Writable & {readonly isTTY?: boolean};
	/** Takes what goes to standard output; rejects when it did not get there. */
	give(text: string): Promise<void>;
}

/** `rxaudit call <source> <operation>`: what an API can do beside giving its log. */
export async function call(args: string[]): Promise<number> {
	const names = list('source');
	const name = args.find(arg => names.includes(arg));
	const source = name === undefined ? undefined : await load('source', name);
	if (args.includes('--help') || args.includes('-h')) {
		const operation = source && args.find(arg => Object.hasOwn(source.operations, arg));
		await write(process.stdout, await callHelp(source, operation));
		return 0;
	}
	if (!source) {
		refuseSecrets(args, credentialFlags);
		throw noName('source', args[0], names);
	}
	const {env, stdin, stderr} = process;
	return await callOperation(source, args, {env, stdin, stderr, give});
}

/** Runs the operation of the source that the arguments name; resolves with the exit code. */
export async function callOperation(source: CallableSource, args: string[], around: Surroundings): Promise<number> {
	const {name, operation, values} = parseCall(source, args);
	const bodyPlace = values['body'] as string | undefined;
	const body = bodyPlace === undefined ? undefined : await callBody(bodyPlace, around.stdin);
	const options = optionsFromFlags(operation.options, values, around.env);
	const titles = [`${source.name} ${name}`, source.name];
	const prepared = inFlags(titles, [...Object.keys(operation.options.shape), 'body'], () =>
		operation.prepare(options, body),
	);
	if (operation.writes) {
		const canAsk = around.stdin.isTTY === true && around.stderr.isTTY === true && bodyPlace !== '-';
		if (!values['yes'] && !canAsk) {
			throw new ConfigError(
				`call: ${name} changes something and nobody can be asked here: expected --yes, got nothing; nothing was sent`,
			);
		}
		const place = (options['endpoint'] as string | undefined) ?? source.endpoint;
		await show(around, `${source.name} ${name} at ${place}`, operation, prepared);
		if (!values['yes'] && !(await confirmed(around))) {
			await write(around.stderr, 'rxaudit: nothing was changed\n');
			return 1;
		}
	}
	const {text} = await prepared.run();
	if (text === '') await write(around.stderr, 'rxaudit: done; the answer is empty\n');
	else await around.give(text.endsWith('\n') ? text : `${text}\n`);
	return 0;
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

function noName(kind: string, given: string | undefined, names: readonly string[], of?: string): ConfigError {
	const got = given === undefined || given.startsWith('-') ? 'got none' : `got another name${nearest(given, names)}`;
	return new ConfigError(
		`call: expected ${of ? `an ${kind} of ${of}` : `a ${kind}`}, ${got}: one of ${names.join(', ')}`,
	);
}

/** What is about to change. It may hold what the API says, which must not drive the terminal. */
async function show({stderr}: Surroundings, title: string, {docs}: BoundOperation, prepared: PreparedOperation) {
	const preview = (await prepared.preview()) ?? docs;
	const lines = preview.trimEnd().split('\n');
	await write(stderr, `rxaudit: ${title}:\n${lines.map(line => `  ${excerpt(line, 1000)}\n`).join('')}`);
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

/** To standard output. Node's own stream for a redirected file drops the rest of a partial write. */
async function give(text: string): Promise<void> {
	try {
		if (!(process.stdout instanceof Socket)) return fs.writeFileSync(1, text);
		process.stdout.on('error', () => {}); // the write's callback gets it
		await new Promise<void>((resolve, reject) => {
			process.stdout.write(text, error => (error ? reject(error) : resolve()));
		});
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'EPIPE' || code === 'ECONNRESET') {
			throw new SinkError('READER_GONE', 'call: the reader of standard output went away', {cause: error});
		}
		throw new SinkError('SINK_FAILED', `call: standard output: ${reasonOf(error)}`, {cause: error});
	}
}
