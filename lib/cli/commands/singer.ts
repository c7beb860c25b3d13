import {ConfigError} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {list, load} from '../../registry.ts';
import type {Sink} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {credentialFlags} from '../flags/credentials.ts';
import {choice, describeFlags, type Flags, nearest, noSuchName, parseFlags, textIn} from '../flags/flags.ts';
import {jsonInput} from '../flags/json-input.ts';
import {sourceFlags} from '../flags/options.ts';
import {sourceIn} from '../flags/source-named.ts';
import {write} from '../output/log.ts';
import {selectedIn, streamOf} from '../singer/catalog.ts';
import {singer} from '../singer/messages.ts';
import {makePipeline} from '../pipeline/make-pipeline.ts';
import type {World} from '../world.ts';
import {runFlags, runWatched} from './pull.ts';

const singerFlags: Flags = {
	config: {
		value: 'FILE',
		required: true,
		help: 'JSON with the flags of rxaudit pull as members in snake_case, credentials among them',
	},
	state: {value: 'FILE', help: 'JSON with the value of the last STATE'},
	catalog: {value: 'FILE', help: 'JSON with the streams and members that are selected'},
	discover: {help: 'print the catalog'},
};

/** What a configuration may hold of the flags of a pull. */
const ofTarget = ['to', 'state', 'recover-previous', 'sign-key-file', 'follow', 'every', 'alert-silence', 'help'];
const secrets = {token: 'RXAUDIT_TOKEN', username: 'RXAUDIT_USERNAME', password: 'RXAUDIT_PASSWORD'} as const;

export function help(): string {
	return `rxaudit singer <source>: a tap of Singer, for Meltano and others

Usage: rxaudit singer <source> --config FILE [--state FILE] [--catalog FILE] [--discover]

${describeFlags(singerFlags)}

It prints SCHEMA, RECORD and STATE messages. Each STATE stands behind the records that it covers; what was printed behind the last
one comes again, so a target must replace by key_properties. {"start_date": "2026-01-01"} is {"since": …}.

Example of a configuration:
  {"org_id": "ORG", "token": "…", "start_date": "2026-01-01"}
`;
}

/** `rxaudit singer <source>`: a tap. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const named = await sourceIn(args, world);
	if (!named) throw noSuchName('singer', 'a source', args[0], list('source'));
	const {name, source} = named;
	const {values: own} = parseFlags(args, singerFlags, 1, world);
	const json = async (flag: string) => {
		const file = textIn(own, flag);
		return file === undefined ? undefined : (await jsonInput(file, world.stdin, `--${flag}`)).value;
	};
	const config = own['config'] === undefined && own['discover'] ? {} : await json('config');
	const flags = allowedFlags(source);
	const {args: flagged, env} = flagsOf(config, flags);
	const {values} = parseFlags(flagged, flags, 0, world);
	const isRaw = choice(values, 'format', ['audit', 'raw']) === 'raw';
	const stream = streamOf(source, isRaw);
	if (own['discover']) {
		await write(world.stdout, `${JSON.stringify({streams: [stream]}, undefined, '\t')}\n`);
		return 0;
	}
	const catalog = await json('catalog');
	const selected = catalog === undefined ? undefined : selectedIn(catalog, stream);
	if (selected?.length === 0) return 0;
	const ndjson = (await load('sink', 'ndjson'))({path: '-'});
	const lines: Sink = {...ndjson, open: async context => ndjson.open({...context, stdout: world.stdout})};
	const {sink, state} = singer(lines, stream, await json('state'));
	const shown = selected && !isRaw ? {select: [...selected]} : {};
	return runWatched(source.name, values, world, () =>
		makePipeline({
			named: name,
			source,
			values: {...values, ...shown},
			targets: [],
			given: {sinks: [sink], state},
			world: {...world, env: {...world.env, ...env}},
		}),
	);
}

function allowedFlags(source: Source): Flags {
	const all = {...sourceFlags(source), ...credentialFlags, ...runFlags};
	return Object.fromEntries(Object.entries(all).filter(([flag]) => !ofTarget.includes(flag)));
}

/** The flags and secrets that a configuration says. Throws a ConfigError that never shows a value. */
function flagsOf(config: Json | undefined, flags: Flags): {args: string[]; env: Record<string, string>} {
	if (typeof config !== 'object' || config === null || Array.isArray(config))
		throw new ConfigError('--config: expected a file with an object, {"member": value}; see rxaudit singer --help');
	const env: Record<string, string> = {};
	const args = Object.entries(config).flatMap(([member, value]) => {
		const secret = secrets[member as keyof typeof secrets];
		if (secret !== undefined) {
			if (typeof value !== 'string' || value === '') throw new ConfigError(`--config: ${member}: expected a text`);
			env[secret] = value;
			return [];
		}
		if (value === null) return [];
		const flag = member === 'start_date' ? 'since' : member.replaceAll('_', '-');
		const known = flags[flag];
		if (!known) {
			const names = [...Object.keys(flags).map(one => one.replaceAll('-', '_')), 'start_date', ...Object.keys(secrets)];
			throw new ConfigError(`--config: unknown member${nearest(member, names)}: expected some of ${names.join(', ')}`);
		}
		if (known.value === undefined) return value === true ? [`--${flag}`] : [];
		const all = Array.isArray(value) ? value : [value];
		if (all.some(one => typeof one === 'object')) throw new ConfigError(`--config: ${member}: expected ${known.value}`);
		return all.map(one => `--${flag}=${String(one)}`);
	});
	return {args, env};
}
