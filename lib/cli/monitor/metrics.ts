import type {Registry} from 'prom-client';
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
			type: 'Counter' | 'Gauge',
			help: string,
			(progress: Progress, nowMs: number) => number | readonly Sample[],
		]
	>
> = {
	rxaudit_events_total: ['Counter', 'Events that every sink has taken.', ({events}) => events],
	rxaudit_requests_total: [
		'Counter',
		'Requests that have ended, retries included, by status, or by what came in its place.',
		({answers}) => Object.entries(answers).map(([status, value]) => ({value, labels: {status}})),
	],
	rxaudit_retries_total: ['Counter', 'Requests that were sent again.', ({retries}) => retries],
	rxaudit_quota_wait_seconds_total: [
		'Counter',
		'What waiting for the quota of the API took, in seconds.',
		({waitedMs}) => waitedMs / 1000,
	],
	rxaudit_dead_letters_total: ['Counter', 'Events that could not be processed.', ({deadLetters}) => deadLetters],
	rxaudit_lag_seconds: [
		'Gauge',
		'How far from now that is up to which all was read, in seconds: ago, or ahead where a clock was wrong.',
		(progress, nowMs) => {
			const readUpToMs = readUpToOf(progress, nowMs);
			return [{value: readUpToMs === undefined ? undefined : Math.abs(nowMs - readUpToMs) / 1000}];
		},
	],
	rxaudit_newest_event_timestamp_seconds: [
		'Gauge',
		'When the newest event was that was ever read, in epoch seconds.',
		({newestMs}) => [{value: newestMs === undefined ? undefined : newestMs / 1000}],
	],
	rxaudit_last_success_timestamp_seconds: [
		'Gauge',
		'When a run came to its end last, as the state knows, in epoch seconds.',
		({succeededMs}) => [{value: succeededMs === undefined ? undefined : succeededMs / 1000}],
	],
	rxaudit_gaps: ['Gauge', 'Spans that could not be read and are tried again.', ({gaps}) => gaps.length],
	rxaudit_in_flight_bytes: [
		'Gauge',
		'What is in memory between the source and its sinks, in bytes.',
		({inFlightBytes}) => inFlightBytes,
	],
};

/**
 * The metrics of pipelines, in the text format of Prometheus, as they are when they are asked for. Nothing is counted
 * here: whoever does not ask costs nothing.
 */
export async function createMetrics(pipelines: readonly Watched[], clock: () => number): Promise<Registry> {
	const client = await import('prom-client'); // 50 ms that only those pay who want it
	const registry = new client.Registry();
	for (const [name, [type, help, read]] of Object.entries(metrics)) {
		const labelNames = ['pipeline', 'source', 'tenant', ...(name === 'rxaudit_requests_total' ? ['status'] : [])];
		new client[type]({
			name,
			help,
			labelNames,
			registers: [registry],
			collect() {
				this.reset();
				for (const {pipeline, now} of pipelines) {
					const progress = now();
					if (!progress || progress.sources.length === 0) continue;
					const {source, tenant} = sourceOf(progress);
					const given = read(progress, clock());
					for (const {value, labels} of typeof given === 'number' ? [{value: given, labels: {}}] : given) {
						if (value !== undefined) this.inc({pipeline, source, tenant, ...labels}, value);
					}
				}
			},
		});
	}
	return registry;
}

/** A pipeline has one source; one that reads dead letters may have several, which share its numbers. */
function sourceOf({sources}: Progress) {
	const all = (member: 'name' | 'tenant') => [...new Set(sources.map(source => source[member]))].join(' ');
	return {source: all('name'), tenant: all('tenant')};
}
