import {AuditError, ConfigError, reasonOf} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {list} from '../../registry.ts';
import {airbyte, catalogOf, failureOf, specOf, stateIn, statusOf, syncModeOf} from '../connector/airbyte.ts';
import {type Configuration, objectIn, readConfiguration} from '../connector/configuration.ts';
import {messageSink} from '../connector/message-sink.ts';
import {describeFlags, type Flags, noSuchName, parseFlags} from '../flags/flags.ts';
import {jsonOf} from '../flags/json-input.ts';
import {requiredSource} from '../flags/source-named.ts';
import {write} from '../output/log.ts';
import {sentenceOf} from '../output/sentence.ts';
import {makePipeline} from '../pipeline/make-pipeline.ts';
import {stopBy, type World} from '../world.ts';
import {checkPipeline} from './check-pipeline.ts';
import {runWatched} from './pull.ts';
import type {Source} from '../../source/define-source.ts';
import type {Ending} from '../monitor/ping.ts';

const airbyteFlags: Flags = {
	config: {value: 'FILE', help: 'JSON: source, its options in snake_case, and its credentials'},
	catalog: {value: 'FILE', help: 'JSON with the configured streams; of read'},
	state: {value: 'FILE', help: 'JSON with the last state of each stream; of read'},
};
const documentation = 'https://github.com/rxaudit/rxaudit/blob/main/docs/airbyte.md';
/** A wait for quota that is shorter is no news. */
const newsMs = 10_000;

export function help(): string {
	return `rxaudit airbyte: a source connector of Airbyte

Usage: rxaudit airbyte spec [<source> …]
       rxaudit airbyte check|discover --config FILE
       rxaudit airbyte read --config FILE --catalog FILE [--state FILE]

${describeFlags(airbyteFlags)}

spec offers all sources, or those that are named, which may be those of other packages.

Example of a configuration:
  {"source": "atlassian-org-events-stream", "org_id": "ORG", "token": "…", "start_date": "2026-01-01"}
`;
}

const verbs: Readonly<Record<string, (given: Given) => Promise<number>>> = {spec, check, discover, read};

interface Given {
	readonly names: readonly string[];
	/** What stands in the file of a flag. */
	json(flag: string): Promise<Json | undefined>;
	say(message: object): Promise<void>;
	readonly world: World;
}

/** `rxaudit airbyte`: a source connector. What fails behind its arguments is said as a message, too. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, airbyteFlags, Infinity, world);
	const [verb = '', ...names] = rest;
	if (!Object.hasOwn(verbs, verb)) throw noSuchName('airbyte', 'what to do', rest[0], Object.keys(verbs));
	const say = async (message: object) => write(world.stdout, `${JSON.stringify(message)}\n`);
	const json = async (flag: string) => jsonOf(values, flag, world.stdin);
	return verbs[verb]!({names, json, say, world}).catch(async (error: unknown) => {
		if (!(error instanceof Said)) await say(failureOf(error, undefined));
		throw error instanceof Said ? error.cause : error;
	});
}

/** Something that was said already. */
class Said extends Error {}

async function spec({names, say, world}: Given): Promise<number> {
	const offered = names.length > 0 ? names : list('source');
	const sources = await Promise.all(offered.map(async name => requiredSource('airbyte', 'a source', name, world)));
	await say(specOf(sources, offered, documentation));
	return 0;
}

async function check({json, say, world}: Given): Promise<number> {
	const signals = stopBy(world.signals);
	const status = async (message?: string) =>
		say({type: 'CONNECTION_STATUS', connectionStatus: message ? {status: 'FAILED', message} : {status: 'SUCCEEDED'}});
	try {
		const {named, source, configuration} = await configured(await json('config'), world);
		const {values, world: inner, stream} = configuration;
		const given = await messageSink(airbyte(stream), undefined, world);
		const {given: options} = await makePipeline({named, source, values, targets: [], given, world: inner});
		const checks = await checkPipeline({source, options, sinks: [], env: world.env, signal: signals.stop});
		const failed = checks.filter(({ok}) => !ok).map(({name, text}) => `${name}: ${text}`);
		await status(failed.join('; '));
	} catch (error) {
		if (!(error instanceof AuditError)) throw error;
		await status(sentenceOf(error));
	} finally {
		signals.release();
	}
	return 0;
}

async function discover({json, say, world}: Given): Promise<number> {
	const {source, configuration} = await configured(await json('config'), world);
	await say(catalogOf(configuration.stream, source));
	return 0;
}

async function read({json, say, world}: Given): Promise<number> {
	const {named, source, configuration} = await configured(await json('config'), world);
	const {values, world: inner, stream} = configuration;
	const catalog = await json('catalog');
	if (catalog === undefined) throw new ConfigError('--catalog: expected --catalog FILE with the configured streams');
	const mode = syncModeOf(catalog, stream);
	if (mode === undefined) return 0;
	const state = mode === 'incremental' ? stateIn(await json('state'), stream) : undefined;
	const given = await messageSink(airbyte(stream), state, world);
	await say(statusOf(stream.name, 'STARTED'));
	const failed = async (error: unknown) => {
		await say(failureOf(error, stream.name));
		await say(statusOf(stream.name, 'INCOMPLETE'));
	};
	let ending: Ending | undefined;
	let announcedMs: number | undefined;
	try {
		const code = await runWatched(
			source.name,
			values,
			world,
			() => makePipeline({named, source, values, targets: [], given, world: inner}),
			{
				progress({waitingUntilMs}) {
					if (waitingUntilMs === undefined || waitingUntilMs === announcedMs) return;
					if (waitingUntilMs - Date.now() < newsMs) return;
					announcedMs = waitingUntilMs;
					given.say(statusOf(stream.name, 'RUNNING', waitingUntilMs)).catch(() => {}); // the next record's fails, too
				},
				ended: end => (ending = end),
			},
		);
		if (code === 0) await say(statusOf(stream.name, 'COMPLETE'));
		else await failed(new AuditError('ABORTED', ending?.reason ?? `exit code ${code}`));
		return code;
	} catch (error) {
		await failed(error);
		throw new Said(reasonOf(error), {cause: error});
	}
}

/** What a configuration asks for. What cannot be processed stops a run, unless it has a file that stays. */
async function configured(
	config: Json | undefined,
	world: World,
): Promise<{named: string; source: Source; configuration: Configuration}> {
	if (config === undefined) throw new ConfigError('--config: expected --config FILE, got none');
	const {source: named, ...members} = objectIn(config);
	if (typeof named !== 'string') {
		throw new ConfigError(`--config: source: expected the name of a source, one of ${list('source').join(', ')}`);
	}
	const source = await requiredSource('--config', 'source: the name of a source', named, world);
	const configuration = readConfiguration(source, members, world);
	const {values} = configuration;
	if (values['max-duration'] !== undefined) {
		throw new ConfigError('--config: max_duration: expected none, as a stream that is not whole would be called so');
	}
	if (values['on-poison'] === 'dead-letter' && values['dead-letter'] === undefined) {
		throw new ConfigError(
			'--config: on_poison: expected dead_letter beside dead-letter: a file on a volume that stays',
		);
	}
	const onPoison = values['dead-letter'] === undefined ? {'on-poison': 'stop'} : {};
	return {named, source, configuration: {...configuration, values: {...values, ...onPoison}}};
}
