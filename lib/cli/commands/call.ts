import fs from 'node:fs';
import {Socket} from 'node:net';
import {ConfigError, reasonOf, SinkError} from '../../model/errors.ts';
import {deprecationText, dueDeprecations} from '../../source/deprecation.ts';
import {excerpt, printable} from '../../http/secrets.ts';
import {confirmed} from '../flags/confirmed.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {type Flags, noSuchName, parseFlags, refuseSecrets} from '../flags/flags.ts';
import {jsonInput} from '../flags/json-input.ts';
import {type CallableSource, callFlags, callHelp, operationFlags} from '../output/call-help.ts';
import {logFormatIn, logFormatOf, logLine, write} from '../output/log.ts';
import {stopBy, type World} from '../world.ts';
import {noSuchSource, sourceIn} from '../flags/source-named.ts';
import {inFlags, optionsFromFlags} from '../flags/options.ts';

export async function help(args: readonly string[], world: World): Promise<string> {
	const source = (await sourceIn(args, world))?.source;
	return callHelp(source, source && args.find(arg => Object.hasOwn(source.operations, arg)));
}

/** `rxaudit call <source> <operation>`: what an API can do beside giving its log. */
export async function run(args: string[], world: World): Promise<number> {
	const named = await sourceIn(args, world);
	if (!named) {
		refuseSecrets(args, credentialFlags);
		throw noSuchSource('call', args[0], world);
	}
	const signals = stopBy(world.signals);
	try {
		return await callOperation(named.source, args, world, signals.stop, named.name);
	} catch (error) {
		const code = signals.exitCode();
		if (code === undefined) throw error;
		await write(world.stderr, logLine(logFormatIn(args), 'warn', reasonOf(signals.stop.reason)));
		world.stdin.destroy(); // what waits for it would keep the process alive, as would a reader that takes nothing
		if (world.stdout.writableLength > 0) signals.endNow();
		return code;
	} finally {
		signals.release();
	}
}

/** Runs the operation of the source that the arguments name, as `called`; resolves with the exit code. */
export async function callOperation(
	source: CallableSource,
	args: readonly string[],
	world: World,
	signal: AbortSignal,
	called = source.name,
): Promise<number> {
	const {name, operation, values} = parseCall(source, args, world, called);
	const {stdin, stderr} = world;
	const format = logFormatOf(values);
	const say = async (level: 'info' | 'warn', message: string) => {
		if (level === 'warn' || !values['quiet']) await write(stderr, logLine(format, level, message));
	};
	const answer = async (text: string) => unless(signal, give(text.endsWith('\n') ? text : `${text}\n`, world));
	const place = values['body'] as string | undefined;
	if (operation.takesBody && place === undefined) {
		throw new ConfigError('--body: expected --body FILE, or --body - for standard input, got nothing');
	}
	const canAsk = stdin.isTTY === true && stderr.isTTY === true && place !== '-';
	if (operation.writes && !values['yes'] && !canAsk) {
		throw new ConfigError(
			`call: ${name} changes something and nobody can be asked here: expected --yes, got nothing; nothing was sent`,
		);
	}
	const body = place === undefined ? undefined : (await unless(signal, jsonInput(place, stdin, '--body'))).value;
	const options = optionsFromFlags(source, operation.options, values, world.env);
	const prepared = inFlags(() => operation.prepare(options, body));
	for (const deprecation of dueDeprecations(operation.deprecations, world.now()))
		await say('warn', `warning: ${deprecationText(deprecation)}`);
	if (operation.writes) {
		const endpoint = (options['endpoint'] as string | undefined) ?? source.endpoint;
		const title = `${source.name} ${name} at ${endpoint}`;
		const preview = (await prepared.preview({signal})) ?? operation.docs;
		if (typeof preview !== 'string') {
			await say('info', `${title}: nothing changes, so nothing was sent; the answer is what is set`);
			await answer(preview.unchanged.text);
			return 0;
		}
		// who is asked must see what for
		await say(values['yes'] ? 'info' : 'warn', `${title}:\n${harmless(preview)}`);
		if (!values['yes'] && !(await unless(signal, confirmed(world)))) {
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
	else await answer(text);
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

function parseCall({operations}: CallableSource, args: readonly string[], world: World, sourceName: string) {
	const names = Object.keys(operations);
	if (names.length === 0) throw new ConfigError(`call: ${sourceName} has no operations`);
	// which of the arguments are names is known only when it is known which options take a value
	const every: Flags = Object.assign({}, ...Object.values(operations).map(operationFlags));
	const repeated = Object.entries(every).map(([flag, facts]) => [flag, {...facts, repeat: true}]);
	const shared = {...credentialFlags, ...callFlags};
	const [first, name] = parseFlags(args, {...(Object.fromEntries(repeated) as Flags), ...shared}, 2, world).rest;
	if (first !== sourceName) throw noSuchSource('call', first, world);
	if (name === undefined || !Object.hasOwn(operations, name)) {
		throw noSuchName('call', `an operation of ${sourceName}`, name, names);
	}
	const operation = operations[name]!;
	const {values} = parseFlags(args, {...operationFlags(operation), ...shared}, 2, world);
	return {name, operation, values};
}

/** To standard output. Node's own stream for a redirected file drops the rest of a partial write. */
async function give(answer: string, {stdout}: World): Promise<void> {
	const text = stdout.isTTY ? printable(answer) : answer;
	try {
		const {fd} = stdout as {readonly fd?: number};
		if (fd !== undefined && !(stdout instanceof Socket)) return fs.writeFileSync(fd, text);
		stdout.on('error', () => {}); // the write's callback gets it
		await new Promise<void>((resolve, reject) => {
			stdout.write(text, error => (error ? reject(error) : resolve()));
		});
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'EPIPE' || code === 'ECONNRESET') {
			throw new SinkError('READER_GONE', 'call: the reader of standard output went away', {cause: error});
		}
		throw new SinkError('SINK_FAILED', `call: standard output: ${reasonOf(error)}`, {cause: error});
	}
}

/** Lines of a preview: they may hold what the API says, which must not drive the terminal. */
function harmless(preview: string): string {
	const lines = preview.trimEnd().split('\n');
	return lines.map(line => `  ${excerpt(line, 1000)}`).join('\n');
}
