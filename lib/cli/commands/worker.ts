import {ConfigError} from '../../model/errors.ts';
import {shareQuota} from '../../http/limiter.ts';
import {redisQuota} from '../../redis/redis-quota.ts';
import {redisState} from '../../redis/redis-state.ts';
import {pipelinesOf} from '../config/pipelines-of.ts';
import {describeFlags, type Flags, parseFlags, textIn} from '../flags/flags.ts';
import {monitorFlags, monitorFrom} from '../flags/monitor.ts';
import {redisFlags} from '../flags/redis.ts';
import {serveMonitor} from '../monitor/server.ts';
import {count, logFormatOf, logLine} from '../output/log.ts';
import {showProgress} from '../output/progress.ts';
import {jobHandler} from '../queue/do-job.ts';
import {countRequests} from '../queue/eta.ts';
import {openQueue} from '../queue/open-queue.ts';
import {stopBy, type World} from '../world.ts';

const flags: Flags = {
	...redisFlags,
	concurrency: {value: 'N', help: 'how many jobs are done at a time (default: 10)'},
	metrics: monitorFlags['metrics']!,
	quiet: {help: 'no progress and no summaries'},
	'log-format': {value: 'text|json', help: 'of what is said on stderr (default: text)'},
	help: {help: 'this text'},
};

const defaultConcurrency = 10;
const mostConcurrency = 1000;

export function help(): string {
	return `Usage: rxaudit worker CONFIG.yaml --redis URL [options]

Does the jobs that rxaudit enqueue has queued, with the pipelines of this file, until a signal stops it. Any number of
workers may run, on any machines. SIGTERM: no new job; what was fetched is committed, and the rest goes back into the queue.
SIGHUP and SIGINT are the same. Exit code 0: stopped in time; 129, 130 or 143: it was forced, or Redis is away.

${describeFlags(flags)}

Examples:
  rxaudit worker rxaudit.yaml --redis redis://127.0.0.1:6379
  rxaudit worker rxaudit.yaml --redis rediss://rxaudit@redis.example --redis-password-file redis.secret --metrics 9464
`;
}

/** `rxaudit worker CONFIG.yaml`: does jobs until it is stopped. */
export async function run(args: readonly string[], world: World): Promise<number> {
	const {values, rest} = parseFlags(args, flags, 1, world);
	const [file] = rest;
	if (file === undefined) throw new ConfigError('worker: expected a YAML file with pipelines, got none');
	const concurrency = concurrencyIn(textIn(values, 'concurrency'));
	const {metrics} = monitorFrom(values);
	const format = logFormatOf(values);
	const quiet = values['quiet'] === true;
	const say = (level: 'info' | 'warn', text: string, members: object = {}) => {
		if (level !== 'info' || !quiet) world.stderr.write(logLine(format, level, text, members));
	};
	const {redis, queue, close} = await openQueue(values, world);
	const signals = stopBy(world.signals);
	const {taken, measure} = countRequests(redis);
	shareQuota(redisQuota(redis, taken));
	try {
		const pipelines = await pipelinesOf(file, [], world, name => redisState(redis, name));
		const {handle, watched} = jobHandler({
			world,
			signals,
			pipelines: new Map(pipelines.map(named => [named.name, named])),
			measure,
			show: ({name, pipeline: {source}}) =>
				showProgress({source: source.name, pipeline: name, format, quiet, stream: notLive(world.stderr)}),
		});
		const monitor =
			metrics &&
			(await serveMonitor(
				metrics,
				watched,
				() => world.now(),
				() => (redis.status === 'ready' ? undefined : 'the queue: Redis is not connected'),
			));
		if (monitor) say('info', `metrics are served at ${monitor.url}`);
		const consumer = queue.work(handle, {concurrency, warn: once(text => say('warn', `warning: ${text}`))});
		say('info', `does jobs of ${count(pipelines.length, 'pipeline')}, ${concurrency} at a time`);
		try {
			await aborted(signals.stop);
			const isDrained = await Promise.race([consumer.drain(), aborted(signals.force)]);
			if (isDrained === false)
				say('warn', 'warning: Redis cannot be told: the jobs at work go to others in some seconds');
			if (isDrained) return 0;
		} finally {
			await monitor?.close();
		}
		signals.leave(world.stdout);
		return signals.exitCode() ?? 1;
	} finally {
		signals.release();
		shareQuota(undefined);
		await close();
	}
}

function concurrencyIn(text: string | undefined): number {
	if (text === undefined) return defaultConcurrency;
	const number = Number(text);
	if (/^\d+$/.test(text) && number >= 1 && number <= mostConcurrency) return number;
	throw new ConfigError(
		`--concurrency: expected a whole number from 1 to ${mostConcurrency}, got ${JSON.stringify(text)}`,
	);
}

/** Jobs that come and go have no live lines. */
function notLive(stream: World['stderr']): World['stderr'] {
	return Object.create(stream, {isTTY: {value: false}, write: {value: stream.write.bind(stream)}}) as World['stderr'];
}

/** What a server says again and again is news once a minute. */
function once(warn: (text: string) => void): (text: string) => void {
	const told = new Map<string, number>();
	return text => {
		const now = performance.now();
		if (now - (told.get(text) ?? -Infinity) < 60_000) return;
		told.set(text, now);
		warn(text);
	};
}

async function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	return new Promise(resolve => signal.addEventListener('abort', () => resolve(), {once: true}));
}
