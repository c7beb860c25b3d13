import {ConfigError} from '../errors.ts';
import {type SourceTally, Tally} from '../manifest.ts';
import {dedupe} from '../operators/dedupe.ts';
import {run, type RunOptions} from '../pipeline.ts';
import type {Sink} from '../sink.ts';
import type {Source} from '../source.ts';
import {parseTime} from '../time.ts';
import type {Damage} from '../verification.ts';
import {count} from './progress.ts';

export interface Comparison {
	/** Days of which the API has more than the archive. */
	readonly damage: readonly Damage[];
	/** Sentences on days of which it has less. */
	readonly notes: readonly string[];
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Counts what an API still has, by day in UTC, beside what an archive holds of it; both from the archive's first event
 * to its last. With `since` or `until` among the options only whole days between them count.
 */
export async function compareWithSource(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	archive: Readonly<Record<string, SourceTally>>,
	runOptions: RunOptions = {},
): Promise<Comparison> {
	if (source.order === 'none') {
		throw new ConfigError(`--against ${source.name}: expected an audit log, got a listing, which has no days`);
	}
	const held = Object.entries(archive).filter(([key]) => key.startsWith(`${source.name}:`));
	if (held.length === 0) {
		throw new ConfigError(
			`--against ${source.name}: the archive holds nothing of it, but of ${Object.keys(archive).join(', ') || 'nothing'}`,
		);
	}
	const first = held.map(([, tally]) => tally.first).reduce((a, b) => (a < b ? a : b));
	const counted = await countEvents(source, {since: first, ...options}, archive, runOptions);
	const isWhole = wholeDays(options);
	const damage: Damage[] = [];
	const notes: string[] = [];
	for (const [key, {days}] of Object.entries(counted)) {
		const mine = archive[key];
		if (!mine) {
			throw new ConfigError(`--against ${source.name}: the archive holds nothing of ${key}, but of ${held[0]![0]}`);
		}
		for (const day of [...new Set([...Object.keys(days), ...Object.keys(mine.days)])].sort()) {
			const [here, there] = [mine.days[day] ?? 0, days[day] ?? 0];
			if (!isWhole(day) || here === there) continue;
			if (there > here) {
				const detail = `the API has ${count(there, 'event')}, the archive ${here}`;
				damage.push({kind: 'missing', what: `${key} on ${day}`, detail});
			} else notes.push(`${key} on ${day}: the archive has ${count(here, 'event')}, the API still ${there}`);
		}
	}
	if (Object.keys(counted).length === 0) notes.push(`${source.name}: the API has none of these events any more`);
	return {damage, notes};
}

/** Of those that lie between the first and the last event of the archive. */
async function countEvents(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	archive: Readonly<Record<string, SourceTally>>,
	runOptions: RunOptions,
): Promise<Record<string, SourceTally>> {
	const tally = new Tally();
	const counting: Sink = {
		name: 'count',
		target: '-',
		open: async () => ({
			async write(batch) {
				const {first, last} = archive[`${batch.source.name}:${batch.source.tenant}`] ?? {};
				const fromMs = first === undefined ? -Infinity : Date.parse(first);
				const toMs = last === undefined ? Infinity : Date.parse(last);
				const records = batch.records.filter(({timeMs}) => timeMs >= fromMs && timeMs <= toMs);
				tally.add({records, source: batch.source});
			},
			flush: async () => null,
			close: async () => {},
		}),
	};
	await run(start => source(options as never, start).pipe(dedupe(start)), counting, runOptions);
	return tally.take();
}

function wholeDays({since, until}: Readonly<Record<string, unknown>>): (day: string) => boolean {
	const now = Date.now();
	const sinceMs = typeof since === 'string' ? parseTime(since, now) : -Infinity;
	const untilMs = typeof until === 'string' ? parseTime(until, now) : Infinity;
	return day => Date.parse(day) >= sinceMs && Date.parse(day) + dayMs <= untilMs;
}
