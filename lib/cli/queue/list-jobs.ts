import type {QueuedJob} from '../../queue/job-queue.ts';
import type {Redis} from '../../redis/open-redis.ts';
import {stateKeys} from '../../redis/redis-state.ts';
import {reached} from '../../source/reached.ts';
import {parseState} from '../../state/state-format.ts';
import {readUpToOf} from '../monitor/health.ts';
import {count, oneLine} from '../output/log.ts';
import type {Eta} from './eta.ts';
import {spanWords} from '../output/pipeline.ts';

/** How far a pipeline is. */
export interface Lag {
	readonly pipeline: string;
	/** Its sources, as `name:tenant`. */
	readonly sources: readonly string[];
	/** Up to where all was read, ISO 8601, and how far that is from now; null: nothing was. */
	readonly readUpTo: string | null;
	readonly lagSeconds: number | null;
}

/** What `rxaudit jobs` says. */
export interface JobList {
	readonly waiting: number;
	readonly active: number;
	/** By what they wait for: `quota`, `schedule`, `turn`, `failure`. */
	readonly delayed: Readonly<Record<string, number>>;
	readonly failed: number;
	readonly jobs: readonly QueuedJob[];
	/** By credential; what is not known yet is left out. */
	readonly eta: readonly Eta[];
	/** The longest first. */
	readonly lags: readonly Lag[];
}

/** How far the pipelines are whose states are in Redis. */
export async function readLags(redis: Redis, nowMs: number): Promise<Lag[]> {
	const lags: Lag[] = [];
	for await (const keys of redis.scanStream({match: `${stateKeys}*`, type: 'hash', count: 1000})) {
		for (const key of keys as string[]) {
			const text = await redis.hget(key, 'state');
			const stored = text === null ? undefined : parseState(Buffer.from(text));
			if (!stored || !('checkpoint' in stored)) continue;
			const {sources, succeededMs} = stored.checkpoint;
			const readUpToMs = readUpToOf({...reached(Object.values(sources)), succeededMs}, nowMs);
			lags.push({
				pipeline: key.slice(stateKeys.length),
				sources: Object.keys(sources),
				readUpTo: readUpToMs === undefined ? null : new Date(readUpToMs).toISOString(),
				lagSeconds: readUpToMs === undefined ? null : Math.round(Math.abs(nowMs - readUpToMs) / 1000),
			});
		}
	}
	return lags.sort((a, b) => (b.lagSeconds ?? Infinity) - (a.lagSeconds ?? Infinity));
}

export function jobList(jobs: readonly QueuedJob[], eta: readonly Eta[], lags: readonly Lag[]): JobList {
	const of = (state: QueuedJob['state']) => jobs.filter(job => job.state === state);
	const delayed: Record<string, number> = {};
	for (const {cause = 'turn'} of of('delayed')) delayed[cause] = (delayed[cause] ?? 0) + 1;
	return {
		waiting: of('waiting').length,
		active: of('active').length,
		delayed,
		failed: of('failed').length,
		jobs,
		eta,
		lags,
	};
}

/** So many of each kind are named in the text; `--json` names all. */
const maxNamed = 20;

/** The answer for people, in lines. */
export function jobListText({waiting, active, delayed, failed, jobs, eta, lags}: JobList, nowMs: number): string {
	const causes = Object.entries(delayed).map(([cause, times]) => `${times} ${causeWords[cause] ?? cause}`);
	const all = Object.values(delayed).reduce((sum, times) => sum + times, 0);
	const failing = jobs.filter(({state, reason}) => state === 'failed' || reason !== undefined);
	const lines = [
		`${waiting} waiting, ${active} active, ${all} delayed${all > 0 ? ` (${causes.join(', ')})` : ''}, ${failed} failed`,
		...some(failing, job => failureText(job, nowMs)),
		...(eta.length > 0 ? ['eta, by quota'] : []),
		...some(eta, etaText),
		...(lags.length > 0 ? ['lag'] : []),
		...some(lags, ({pipeline, readUpTo, lagSeconds}) =>
			readUpTo === null
				? `${pipeline}: nothing is read yet`
				: `${pipeline}: ${spanWords(lagSeconds!)}, up to ${readUpTo}`,
		),
	];
	return lines.map(line => `${oneLine(line)}\n`).join('');
}

const causeWords: Readonly<Record<string, string>> = {
	quota: 'by quota',
	schedule: 'until they are due',
	turn: 'until their turn',
	failure: 'after a failure',
};

/** So many pipelines of a credential are named in its line. */
const maxPipelines = 3;

function etaText({pipelines, jobs, requests, seconds}: Eta): string {
	const more = pipelines.length - maxPipelines;
	const named = pipelines.slice(0, maxPipelines).join(', ') + (more > 0 ? ` and ${more} more` : '');
	return `${named}: about ${spanWords(seconds)}, ${count(jobs, 'job')}, ${count(requests, 'request')}`;
}

function failureText({id, job, state, atMs, reason}: QueuedJob, nowMs: number): string {
	const {since, until} = job.window;
	const span = since && until ? ` ${since} to ${until}` : '';
	const again = atMs === undefined ? 'tried again' : `again in ${spanWords(Math.max(0, atMs - nowMs) / 1000)}`;
	return `${state === 'failed' ? `failed ${id}` : again}: ${job.pipeline}${span}: ${reason}`;
}

function some<T>(all: readonly T[], text: (one: T) => string): string[] {
	const lines = all.slice(0, maxNamed).map(one => `  ${text(one)}`);
	return all.length > maxNamed
		? [...lines, `  and ${count(all.length - maxNamed, 'more', 'more')}; --json names all`]
		: lines;
}
