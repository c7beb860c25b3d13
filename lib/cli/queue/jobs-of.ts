import type {Job} from '../../queue/job-queue.ts';
import {timeOf} from '../../source/open-source.ts';
import type {NamedPipeline} from '../config/pipelines-of.ts';

/**
 * The jobs of pipelines: one of each for all that it asks for, which comes again where it reads for ever; with a span, one
 * for each window of its time too, the oldest of each pipeline in front, since the API deletes that first.
 */
export function jobsOf(pipelines: readonly NamedPipeline[], windowMs: number | undefined, nowMs: number): Job[] {
	const windows = pipelines.map(({pipeline: {given}}) => (windowMs ? windowsOf(given, windowMs, nowMs) : []));
	const most = Math.max(...windows.map(({length}) => length));
	const jobs: Job[] = [];
	for (let turn = 0; turn < most; turn++) {
		for (const [index, named] of pipelines.entries()) {
			const window = windows[index]![turn];
			if (window) jobs.push({...jobOf(named), window, repeats: false});
		}
	}
	return [...jobs, ...pipelines.map(jobOf)];
}

/** All that a pipeline asks for. */
export function jobOf({name, pipeline: {source, given, follow}}: NamedPipeline): Job {
	const address = (given['endpoint'] as string | undefined) ?? source.endpoint;
	const tenant = address === undefined ? undefined : source.addressOf?.(address, given).tenant;
	return {pipeline: name, source: source.name, tenant: tenant ?? '', window: {}, repeats: follow !== undefined};
}

/** Windows that begin at multiples of their length, so that they are the same whenever they are asked for. */
function windowsOf(given: Readonly<Record<string, unknown>>, windowMs: number, nowMs: number): Job['window'][] {
	const sinceMs = timeOf(given['since'] as string | undefined, nowMs);
	const untilMs = timeOf(given['until'] as string | undefined, nowMs) ?? nowMs;
	if (sinceMs === undefined) return [];
	const windows: Job['window'][] = [];
	for (let fromMs = sinceMs; ;) {
		const toMs = (Math.floor(fromMs / windowMs) + 1) * windowMs;
		if (toMs >= untilMs) return windows; // the rest is for the job of the whole
		windows.push({since: iso(fromMs), until: iso(toMs)});
		fromMs = toMs;
	}
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
