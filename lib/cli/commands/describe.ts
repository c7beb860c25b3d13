import {list} from '../../registry.ts';
import type {SinkFactory} from '../../sink/define-sink.ts';
import {describeOperations} from '../output/call-help.ts';
import {describeFlags, noSuchName, parseFlags} from '../flags/flags.ts';
import {write} from '../output/log.ts';
import type {Source} from '../../source/define-source.ts';
import {deprecationText} from '../../source/deprecation.ts';
import {sourceNamed} from '../flags/source-named.ts';
import type {World} from '../world.ts';
import {flagsOf, sourceFlags} from '../flags/options.ts';
import {pluginNamed} from '../flags/plugin-named.ts';
import {sinkFlagsOf} from '../flags/sinks.ts';

export function help(): string {
	return 'Usage: rxaudit describe <name>\n\nShows a source or a sink.\n\nExamples:\n  rxaudit describe atlassian-org-events\n  rxaudit describe filesystem\n';
}

/** `rxaudit describe <name>`: what a source or sink is, and its options. */
export async function run(args: string[], world: World): Promise<number> {
	const [name] = parseFlags(args, {}, 1, world).rest;
	await write(world.stdout, await about(name, world));
	return 0;
}

async function about(name: string | undefined, world: World): Promise<string> {
	const found = name === undefined ? undefined : await pluginOf(name, world);
	if (found) return 'records' in found ? aboutSource(found) : aboutSink(found);
	throw noSuchName('describe', 'a source or sink', name, [...list('source'), ...list('sink')]);
}

/** What has that name, whichever it is. */
async function pluginOf(name: string, world: World): Promise<Source | SinkFactory | undefined> {
	const sink = () => pluginNamed('sink', name, world.cwd);
	if (list('sink').includes(name)) return sink();
	return sourceNamed(name, world).catch(async (error: unknown) => {
		const other = await sink().catch(() => undefined);
		if (other) return other;
		throw error;
	});
}

function aboutSource(source: Source): string {
	const {name} = source;
	const operations = describeOperations(source);
	const rate = source.rate ? `${source.rate.requests} requests per ${source.rate.perMs / 1000} s` : 'none published';
	const ofApi = [
		`Endpoint     ${source.endpoint ?? 'one of your own: --endpoint'}`,
		`Credentials  ${source.auth.join(' or ')}`,
	];
	const ofRequests = [
		`Rate limit   ${rate}`,
		...(source.largestPage ? [`Page         ${source.largestPage} events at most`] : []),
		...(source.order === 'none' ? [] : [`Keeps        ${keeps(source)}`]),
		`Lag          ${source.lagMs / 1000} s: a run without --until ends that long ago`,
	];
	const isApi = source.reads === 'api';
	const facts = [
		...(isApi ? ofApi : ['Reads        files, and asks no API']),
		`Order        ${source.order}`,
		`Ids          unique ${source.ids === 'global' ? 'everywhere' : 'within one tenant'}`,
		...(isApi ? ofRequests : []),
		`Reference    ${source.reference}`,
		...source.deprecations.map(deprecation => `Deprecation  ${deprecationText(deprecation)}`),
	];
	return `${name} (source)

${source.docs}

${facts.join('\n')}

Options:
${describeFlags(sourceFlags(source))}
${operations && `\n${operations}`}`;
}

/** For how long an API keeps a record. */
function keeps({name, retention}: Source): string {
	if (!retention) return 'events for how long its document does not say';
	return 'days' in retention
		? `events for ${retention.days} days`
		: `events for as long as it is set to: rxaudit call ${name} ${retention.operation}`;
}

function aboutSink(sink: SinkFactory): string {
	const {name} = sink;
	const flags = sink.wholeTarget ? sinkFlagsOf(sink) : undefined;
	const inTarget = Object.entries(flagsOf(sink.options)).map(([option, {help}]) => `  ${option.padEnd(16)} ${help}`);
	return `${name} (sink)

${sink.docs}

Spelled --to '${name}:${sink.target.toUpperCase()}${flags ? '' : '?key=value&…'}'

Options:
${flags ? describeFlags(flags) : inTarget.join('\n')}
`;
}
