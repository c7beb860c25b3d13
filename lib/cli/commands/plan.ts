import {existsSync} from 'node:fs';
import {parsed} from '../../http/connect.ts';
import {systemClock} from '../../model/clock.ts';
import {ConfigError, SourceError} from '../../model/errors.ts';
import {parseSpan} from '../../options/time.ts';
import {load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {deprecationText} from '../../source/deprecation.ts';
import {type Estimate, estimate} from '../../source/estimate.ts';
import {defaultConcurrency, timeOf} from '../../source/open-source.ts';
import {describeFlags, type Flags, textIn} from '../flags/flags.ts';
import {exampleFlags} from '../output/examples.ts';
import {write} from '../output/log.ts';
import {type Plan, planText, requestsFor, secondsFor} from '../output/plan.ts';
import {sourceFlags, inFlags, sourceOptions} from '../flags/options.ts';
import {sourceArgs} from '../flags/source-args.ts';
import {sourceIn} from '../flags/source-named.ts';
import {fileIn, stopBy, type World} from '../world.ts';
import {maxRequests, openProber, rateOf} from './probe.ts';
import {runFlags} from './pull.ts';
import {readStatus} from './read-status.ts';

const planFlags: Flags = {
	json: {help: 'one JSON object'},
	help: {help: 'this text'},
};
/** How long an event takes in a long run, in times of what it takes in a plan. */
const work = {raw: 0.7, mapped: 1.5};

export async function help(args: readonly string[], world: World): Promise<string> {
	const source = (await sourceIn(args, world))?.source;
	const example = source ?? (await load('source', 'atlassian-org-events'));
	const own = source ? `\n\nOptions of ${source.name}:\n${describeFlags(sourceFlags(source))}` : '';
	return `Usage: rxaudit plan ${source ? source.name + exampleFlags(source) : '<source>'} [options as of pull]

What a pull with the same options would read: about how many events, bytes and requests, for how long, from when to when. It
asks the API for pages here and there, ${maxRequests} requests at most, and writes nothing. Estimates have a spread; what lies between two
pages nobody sees.${own}

${describeFlags(planFlags)}

Examples:
  rxaudit plan ${example.name}${exampleFlags(example)} --since 90d
  rxaudit plan ${example.name}${exampleFlags(example)} --json | jq .requests
`;
}

/** `rxaudit plan <source>`: how much there is to read, and how long that takes. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {source, values} = await sourceArgs('plan', args, {...runFlags, ...planFlags}, world);
	if (source.reads === 'files') {
		throw new ConfigError(
			`plan: expected a source that asks an API, got ${source.name}, which reads files and needs no quota`,
		);
	}
	const options = sourceOptions(source, values, world.env);
	const stateFile = textIn(values, 'state');
	const readUpToMs = stateFile === undefined ? undefined : await readUpTo(fileIn(world, stateFile), source.name);
	const isRaw = values['format'] === 'raw';
	const signals = stopBy(world.signals);
	try {
		const plan = await planOf(source, options, {stop: signals.stop, nowMs: systemClock.now(), readUpToMs, isRaw});
		await write(world.stdout, values['json'] ? `${JSON.stringify(plan)}\n` : planText(plan));
		return 0;
	} catch (error) {
		const code = signals.exitCode();
		if (code === undefined) throw error;
		return code;
	} finally {
		signals.release();
	}
}

interface PlanOptions {
	readonly stop: AbortSignal;
	readonly nowMs: number;
	/** Up to where a state has read already. */
	readonly readUpToMs?: number | undefined;
	/** Whether records are written as they are. */
	readonly isRaw?: boolean;
}

/** Up to where the log has been read, by a state; undefined where there is none. */
async function readUpTo(file: string, name: string): Promise<number | undefined> {
	if (!existsSync(file)) return undefined;
	const {sources} = await readStatus(file, systemClock.now());
	const read = sources.find(({source}) => source === name)?.readUpTo;
	return read ? Date.parse(read) : undefined;
}

/** What a pull of a source with these options would read. */
export async function planOf(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	{stop, nowMs, readUpToMs, isRaw = false}: PlanOptions,
): Promise<Plan> {
	const prober = openProber(source, options, stop);
	const deprecations = source.deprecations.map(deprecationText);
	const time = (option: string) =>
		inFlags(() => parsed(source.name, option, () => timeOf(options[option] as string | undefined, nowMs)));
	const untilMs = time('until') ?? nowMs - source.lagMs;
	const overlapMs = inFlags(() => parseSpan(String((options['overlap'] as string | undefined) ?? 0)));
	const sinceMs = readUpToMs === undefined ? time('since') : readUpToMs - overlapMs;
	const {order} = source;
	// a listing knows no time: its first page is all that says anything
	const found: Estimate | undefined =
		order === 'none' ? undefined : await estimate({order, sinceMs, untilMs, probe: prober.probe});
	if (!found) await prober.probe(0, nowMs);
	stop.throwIfAborted();
	if (prober.seen().pages === 0) {
		const {requests, failing = 'no answer'} = prober.meter;
		throw new SourceError('HTTP_STATUS', `${source.name}: ${requests} requests brought no page: ${failing}`);
	}
	const rate = rateOf(source, options, prober.meter);
	const seen = prober.seen();
	const isWhole = order === 'none' && seen.isWhole;
	const {events, least, most} = found ?? (isWhole ? {events: seen.events, least: seen.events, most: seen.events} : {});
	const rows = prober.pageRows();
	const bytesOf = (count: number) => Math.round((count * seen.bytes) / Math.max(1, seen.events));
	const concurrency =
		order === 'none' ? 1 : Number(options['concurrency'] ?? defaultConcurrency(rate?.isBound ? rate : undefined));
	const how = {
		rows,
		bytes: seen.bytes / Math.max(1, seen.pages),
		concurrency,
		byOffset: source.records.next === undefined,
		isBounded: sinceMs !== undefined,
	};
	const requests = (count: number) => requestsFor(count, how);
	const seconds = (count: number) =>
		secondsFor(requests(count).count, {
			...requests(count),
			rate,
			latencyMs: prober.latencyMs(),
			workMs: count * prober.cpuMsPerEvent() * (isRaw ? work.raw : work.mapped),
		});
	const figures = (of: (count: number) => number) =>
		events === undefined ? {value: null, spread: null} : {value: of(events), spread: [of(least!), of(most!)] as const};
	const all = {
		events: figures(count => count),
		requests: figures(count => requests(count).count),
		seconds: figures(seconds),
		bytes: figures(bytesOf),
	};
	return {
		source: source.name,
		events: all.events.value,
		requests: all.requests.value,
		seconds: all.seconds.value,
		bytes: all.bytes.value,
		oldest: isoOf(found?.oldestMs),
		newest: isoOf(found?.newestMs),
		burst: isoOf(found?.burstMs),
		spread: {
			events: all.events.spread,
			requests: all.requests.spread,
			seconds: all.seconds.spread,
			bytes: all.bytes.spread,
		},
		pageEvents: rows,
		rate: rate ? {requests: rate.requests, perSeconds: rate.perMs / 1000} : null,
		asked: prober.meter.requests,
		deprecations,
	};
}

function isoOf(ms: number | undefined): string | null {
	return ms === undefined ? null : new Date(ms).toISOString();
}
