import {ConfigError} from '../../model/errors.ts';
import {load} from '../../registry.ts';
import {describeFlags, type Flags, parseFlags, textsIn} from '../flags/flags.ts';
import {sourceFlags} from '../flags/options.ts';
import {checkSinkFlags} from '../flags/sinks.ts';
import {sourceArgs} from '../flags/source-args.ts';
import {sourceIn} from '../flags/source-named.ts';
import {exampleFlags} from '../output/examples.ts';
import {oneLine, write} from '../output/log.ts';
import {pipelinesOf} from '../config/pipelines-of.ts';
import {makePipeline, type Pipeline} from '../pipeline/make-pipeline.ts';
import {stopBy, type World} from '../world.ts';
import {type Check, checkPipeline} from './check-pipeline.ts';
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
       rxaudit check CONFIG.yaml

Tries all that a pull with the same options needs, and writes no event: address, TLS and proxy, credentials and rights,
what the quota allows, the difference of the clocks, the state, and whether targets can be written. It asks for one event.
One line each, with what to do. Exit code of the first that fails: 4 credentials, 2 options or target, 1 the rest.${own}

${describeFlags(checkFlags)}

Examples:
  rxaudit check ${example.name}${exampleFlags(example)} --to ndjson:audit.ndjson --state audit.state
  rxaudit check rxaudit.yaml
  rxaudit check ${example.name}${exampleFlags(example)} --json | jq -r '.checks[] | select(.ok | not) | .text'
`;
}

/** `rxaudit check <source>`, or of a file with pipelines: whether a pull would work. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const [file = ''] = args;
	const {pipelines, isJson} = /\.(ya?ml|json)$/.test(file) ? await ofFile(args, world) : await ofSource(args, world);
	const signals = stopBy(world.signals);
	const shown: (Omit<Check, 'code'> & {readonly pipeline?: string})[] = [];
	let exitCode = 0;
	try {
		for (const {name, pipeline} of pipelines) {
			const {given, ...rest} = pipeline;
			for (const {code, ...check} of await checkPipeline({
				...rest,
				options: given,
				env: world.env,
				signal: signals.stop,
			})) {
				if (!check.ok) exitCode ||= code;
				shown.push({...(name === undefined ? {} : {pipeline: name}), ...check, text: oneLine(check.text)});
			}
		}
		await write(
			world.stdout,
			isJson ? `${JSON.stringify({ok: exitCode === 0, checks: shown})}\n` : shown.map(lineOf).join(''),
		);
		return exitCode;
	} catch (error) {
		const code = signals.exitCode();
		if (code === undefined || error instanceof ConfigError) throw error;
		return code;
	} finally {
		signals.release();
	}
}

interface Given {
	readonly pipelines: readonly {readonly name?: string; readonly pipeline: Pipeline}[];
	readonly isJson: boolean;
}

async function ofFile(args: readonly string[], world: World): Promise<Given> {
	const {values, rest} = parseFlags(args, checkFlags, 1, world);
	return {pipelines: await pipelinesOf(rest[0]!, [], world), isJson: values['json'] === true};
}

async function ofSource(args: readonly string[], world: World): Promise<Given> {
	const {name, source, values, flagged} = await sourceArgs('check', args, {...runFlags, ...checkFlags}, world);
	const targets = values['to'] === undefined ? [] : textsIn(values, 'to');
	const pipeline = await makePipeline({named: name, source, values, targets, world});
	await checkSinkFlags(flagged, pipeline.sinks);
	return {pipelines: [{pipeline}], isJson: values['json'] === true};
}

function lineOf({pipeline, name, ok, text}: Omit<Check, 'code'> & {readonly pipeline?: string}): string {
	const where = pipeline === undefined ? '' : `${pipeline}: `;
	return `${ok ? 'ok    ' : 'FAILED'}  ${where}${name.padEnd(12)}${text}\n`;
}
