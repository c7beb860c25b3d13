import {ConfigError} from '../../model/errors.ts';
import {list, load} from '../../registry.ts';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {credentialFlags, credentialsFrom} from '../flags/credentials.ts';
import {describeFlags, type Flags, noSuchName, parseFlags, refuseSecrets, textIn, textsIn} from '../flags/flags.ts';
import {sourceFlags, sourceOptions} from '../flags/options.ts';
import {checkSinkFlags, parseTarget, sinkFlags, sinkOptions} from '../flags/sinks.ts';
import {sourceIn} from '../flags/source-named.ts';
import {exampleFlags} from '../output/examples.ts';
import {oneLine, write} from '../output/log.ts';
import {fileIn, stopBy, type World} from '../world.ts';
import {checkPipeline} from './check-pipeline.ts';
import {runFlags} from './pull.ts';

const checkFlags: Flags = {
	json: {help: 'one JSON object'},
	help: {help: 'this text'},
};

export async function help(args: readonly string[], world: World): Promise<string> {
	const source = (await sourceIn(args, world))?.source;
	const example = source ?? (await load('source', 'atlassian-org-events'));
	const own = source ? `\n\nOptions of ${source.name}:\n${describeFlags(sourceFlags(source))}` : '';
	return `Usage: rxaudit check ${source ? source.name + exampleFlags(source) : '<source>'} [options as of pull]

Tries all that a pull with the same options needs, and writes no event: address, TLS and proxy, credentials and rights,
what the quota allows, the difference of the clocks, the state, and whether targets can be written. It asks for one event.
One line each, with what to do. Exit code of the first that fails: 4 credentials, 2 options or target, 1 the rest.${own}

${describeFlags(checkFlags)}

Examples:
  rxaudit check ${example.name}${exampleFlags(example)} --to ndjson:audit.ndjson --state audit.state
  rxaudit check ${example.name}${exampleFlags(example)} --json | jq -r '.checks[] | select(.ok | not) | .text'
`;
}

/** `rxaudit check <source>`: whether a pull would work. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const named = await sourceIn(args, world);
	if (!named) {
		refuseSecrets(args, credentialFlags);
		throw noSuchName('check', 'a source', args[0], list('source'));
	}
	const {source} = named;
	const flagged = await sinkFlags(args);
	const ofSinks = Object.assign({}, ...Object.values(flagged)) as Flags;
	const {values} = parseFlags(
		args,
		{...sourceFlags(source), ...credentialFlags, ...runFlags, ...ofSinks, ...checkFlags},
		1,
		world,
	);
	const options = sourceOptions(source, values, world.env);
	const connection = {
		credentials: credentialsFrom(values, world.env),
		endpoint: textIn(values, 'endpoint'),
		vendor: source.endpoint,
	};
	const fromFlags = (factory: SinkFactory) => sinkOptions(factory, values, world);
	const targets = values['to'] === undefined ? [] : textsIn(values, 'to');
	const sinks = await Promise.all(targets.map(target => parseTarget(target, world, connection, fromFlags)));
	await checkSinkFlags(flagged, sinks);
	const stateFile = textIn(values, 'state');
	const signals = stopBy(world.signals);
	try {
		const checks = await checkPipeline({
			source,
			options,
			sinks,
			stateFile: stateFile === undefined ? undefined : fileIn(world, stateFile),
			env: world.env,
			signal: signals.stop,
		});
		const first = checks.find(({ok}) => !ok);
		const shown = checks.map(({name, ok, text}) => ({name, ok, text: oneLine(text)}));
		const text = shown.map(({name, ok, text}) => `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)}${text}\n`).join('');
		await write(world.stdout, values['json'] ? `${JSON.stringify({ok: !first, checks: shown})}\n` : text);
		return first?.code ?? 0;
	} catch (error) {
		const code = signals.exitCode();
		if (code === undefined || error instanceof ConfigError) throw error;
		return code;
	} finally {
		signals.release();
	}
}
