import {readConfiguration} from '../connector/configuration.ts';
import {messageSink} from '../connector/message-sink.ts';
import {catalogued, selectedIn, singer, withMembers} from '../connector/singer.ts';
import {describeFlags, type Flags, parseFlags} from '../flags/flags.ts';
import {jsonOf} from '../flags/json-input.ts';
import {requiredSource} from '../flags/source-named.ts';
import {write} from '../output/log.ts';
import {makePipeline} from '../pipeline/make-pipeline.ts';
import type {World} from '../world.ts';
import {runWatched} from './pull.ts';

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
	const {values: own, rest} = parseFlags(args, singerFlags, 1, world);
	const source = await requiredSource('singer', 'a source', rest[0], world);
	const json = async (flag: string) => jsonOf(own, flag, world.stdin);
	const config = own['config'] === undefined && own['discover'] ? {} : await json('config');
	const {values, stream, isRaw, world: inner} = readConfiguration(source, config, world);
	if (own['discover']) {
		await write(world.stdout, `${JSON.stringify({streams: [catalogued(stream)]}, undefined, '\t')}\n`);
		return 0;
	}
	const catalog = await json('catalog');
	const selected = catalog === undefined ? undefined : selectedIn(catalog, stream);
	if (selected?.length === 0) return 0;
	const given = await messageSink(singer(withMembers(stream, selected)), await json('state'), world);
	const shown = selected && !isRaw ? {select: [...selected]} : {};
	return runWatched(source.name, values, world, () =>
		makePipeline({named: rest[0]!, source, values: {...values, ...shown}, targets: [], given, world: inner}),
	);
}
