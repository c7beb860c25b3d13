import type {Progress} from '../../model/meter.ts';
import {readUpToOf} from './health.ts';

/** A pipeline that is watched from outside while it runs. */
export interface Watched {
	/** What it is called; a pull is called as its source. */
	readonly pipeline: string;
	/** The numbers as they are now; undefined before it runs. */
	now(): Progress | undefined;
	/** Why it is not well, in words that hold no secret; undefined while it is. */
	trouble(): string | undefined;
}

type Labels = Readonly<Record<string, string>>;
interface Sample {
	readonly value: number | undefined;
	readonly labels?: Labels;
}

/** The metrics by name: the names and labels are a contract. A value that is not known yet has no line. */
const metrics: Readonly<
	Record<
		string,
		readonly [
			type: 'counter' | 'gauge',
			help: string,
			(progress: Progress, nowMs: number) => number | readonly Sample[],
		]
	>
> = {
	rxaudit_events_total: ['counter', 'Events that every sink has taken.', ({events}) => events],
	rxaudit_requests_total: [
		'counter',
		'Requests that have ended, retries included, by status, or by what came in its place.',
		({answers}) => Object.entries(answers).map(([status, value]) => ({value, labels: {status}})),
	],
	rxaudit_retries_total: ['counter', 'Requests that were sent again.', ({retries}) => retries],
	rxaudit_quota_wait_seconds_total: [
		'counter',
		'What waiting for the quota of the API took, in seconds.',
		({waitedMs}) => waitedMs / 1000,
	],
	rxaudit_dead_letters_total: ['counter', 'Events that could not be processed.', ({deadLetters}) => deadLetters],
	rxaudit_lag_seconds: [
		'gauge',
		'How far from now that is up to which all was read, in seconds: ago, or ahead where a clock was wrong.',
		(progress, nowMs) => {
			const readUpToMs = readUpToOf(progress, nowMs);
			return [{value: readUpToMs === undefined ? undefined : Math.abs(nowMs - readUpToMs) / 1000}];
		},
	],
	rxaudit_newest_event_timestamp_seconds: [
		'gauge',
		'When the newest event was that was ever read, in epoch seconds.',
		({newestMs}) => [{value: newestMs === undefined ? undefined : newestMs / 1000}],
	],
	rxaudit_last_success_timestamp_seconds: [
		'gauge',
		'When a run came to its end last, as the state knows, in epoch seconds.',
		({succeededMs}) => [{value: succeededMs === undefined ? undefined : succeededMs / 1000}],
	],
	rxaudit_gaps: ['gauge', 'Spans that could not be read and are tried again.', ({gaps}) => gaps.length],
	rxaudit_in_flight_bytes: [
		'gauge',
		'What is in memory between the source and its sinks, in bytes.',
		({inFlightBytes}) => inFlightBytes,
	],
};

/** What Prometheus calls its text format. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The metrics of pipelines as they are now, in the text format of Prometheus. Nothing is counted here: whoever does not
 * ask costs nothing.
 */
export function renderMetrics(pipelines: readonly Watched[], nowMs: number): string {
	const all = Object.entries(metrics).map(([name, [type, help, read]]) => {
		const lines = pipelines.flatMap(({pipeline, now}) => {
			const progress = now();
			if (!progress || progress.sources.length === 0) return [];
			const of = {pipeline, ...sourceOf(progress)};
			const given = read(progress, nowMs);
			const samples = typeof given === 'number' ? [{value: given}] : given;
			return samples.flatMap(({value, labels}: Sample) =>
				value === undefined ? [] : [`${name}{${renderLabels({...of, ...labels})}} ${value}\n`],
			);
		});
		return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
	});
	return all.join('\n');
}

function renderLabels(labels: Labels): string {
	const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
	return pairs.join(',');
}

function escapeLabel(value: string): string {
	return value.replace(/[\\"\n]/g, sign => (sign === '\n' ? '\\n' : `\\${sign}`));
}

/** A pipeline has one source; one that reads dead letters may have several, which share its numbers. */
function sourceOf({sources}: Progress) {
	const all = (member: 'name' | 'tenant') => [...new Set(sources.map(source => source[member]))].join(' ');
	return {source: all('name'), tenant: all('tenant')};
}
