import {ConfigError} from '../../model/errors.ts';
import {type SourceTally, Tally} from '../../sink/manifest.ts';
import {dedupe} from '../../operators/dedupe.ts';
import {run, type RunOptions} from '../../run/run.ts';
import type {Sink} from '../../sink/sink.ts';
import type {Source} from '../../source/define-source.ts';
import {parseTime} from '../../options/time.ts';
import type {Damage} from '../../sink/verification.ts';
import {count} from '../output/log.ts';

/** What was counted on both sides. */
export interface Compared {
	/** `name:tenant`. */
	readonly source: string;
	readonly from: string;
	readonly to: string;
	/** How many the API has in that time. */
	readonly events: number;
}

interface Comparison {
	readonly compared: readonly Compared[];
	/** Days of which the API has more than the archive. */
	readonly damage: readonly Damage[];
	/**
	 * Sentences on the days of which the archive has less than the API, and on its events outside of the compared
	 * time.
	 */
	readonly notes: readonly string[];
}

interface Period {
	readonly fromMs: number;
	/** Inclusive. */
	readonly toMs: number;
}

type Tallies = Readonly<Record<string, SourceTally>>;

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Counts what an API still has, by day in UTC, beside what an archive holds of it: from the archive's first event to its
 * last, and each whole day between `since` and `until` where they are among the options.
 */
export async function compareWithSource(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	archive: Tallies,
	runOptions: RunOptions = {},
): Promise<Comparison> {
	if (source.order === 'none') {
		throw new ConfigError(`--against ${source.name}: expected an audit log, got a listing, which has no days`);
	}
	const held = Object.entries(archive).filter(([key]) => source.comesAs.some(name => key.startsWith(`${name}:`)));
	if (held.length === 0) {
		throw new ConfigError(
			`--against ${source.name}: the archive holds nothing of it, but of ${Object.keys(archive).join(', ') || 'nothing'}`,
		);
	}
	const bounds = boundsIn(options);
	const periods = new Map(held.map(([key, tally]) => [key, periodOf(tally, bounds, source.name)]));
	// From midnight on, so that it can be said what lies before the first event on its day.
	const firstMs = Math.min(...[...periods.values()].map(({fromMs}) => fromMs));
	const since = new Date(firstMs - (firstMs % dayMs)).toISOString();
	const {within, before, behind} = await countEvents(source, {since, ...options}, periods, runOptions);
	const isWhole = (day: string) => Date.parse(day) >= bounds.sinceMs && Date.parse(day) + dayMs <= bounds.untilMs;
	const compared: Compared[] = [];
	const damage: Damage[] = [];
	const notes: string[] = [];
	for (const key of new Set([within, before, behind].flatMap(tallies => Object.keys(tallies)))) {
		const mine = archive[key];
		if (!mine) {
			throw new ConfigError(`--against ${source.name}: the archive holds nothing of ${key}, but of ${held[0]![0]}`);
		}
		const {days = {}, events = 0} = within[key] ?? {};
		const {fromMs, toMs} = periods.get(key)!;
		compared.push({source: key, from: isoOf(fromMs), to: isoOf(toMs), events});
		for (const day of [...new Set([...Object.keys(days), ...Object.keys(mine.days)])].sort()) {
			const [here, there] = [mine.days[day] ?? 0, days[day] ?? 0];
			if (!isWhole(day) || here === there) continue;
			if (there > here) {
				const detail = `the API has ${count(there, 'event')}, the archive ${here}`;
				damage.push({kind: 'missing', what: `${key} on ${day}`, detail});
			} else notes.push(`${key} on ${day}: the archive has ${count(here, 'event')}, the API still ${there}`);
		}
		const [older, newer] = [before[key], behind[key]];
		if (older) notes.push(`${key}: the API has ${count(older.events, 'event')} before that, from ${older.first} on`);
		if (newer) notes.push(`${key}: the API has ${count(newer.events, 'event')} after that, up to ${newer.last}`);
	}
	if (compared.length === 0) notes.push(`${source.name}: the API has no events of that time`);
	return {compared, damage, notes};
}

/** The events of the API in each period, and what else it gave. */
async function countEvents(
	source: Source,
	options: Readonly<Record<string, unknown>>,
	periods: ReadonlyMap<string, Period>,
	runOptions: RunOptions,
): Promise<{readonly within: Tallies; readonly before: Tallies; readonly behind: Tallies}> {
	const [within, before, behind] = [new Tally(), new Tally(), new Tally()];
	const counting: Sink = {
		name: 'count',
		target: '-',
		open: async () => ({
			async write({records, source: of}) {
				const {fromMs = -Infinity, toMs = Infinity} = periods.get(`${of.name}:${of.tenant}`) ?? {};
				const tallyOf = (timeMs: number) => (timeMs < fromMs ? before : timeMs > toMs ? behind : within);
				for (const tally of [within, before, behind]) {
					const counted = records.filter(({timeMs}) => tallyOf(timeMs) === tally);
					if (counted.length > 0) tally.add({records: counted, source: of});
				}
			},
			flush: async () => null,
			close: async () => {},
		}),
	};
	await run(source(options as never).pipe(dedupe()), counting, runOptions);
	return {within: within.take(), before: before.take(), behind: behind.take()};
}

/** What was asked for, else what the archive spans: what came behind it is for the next pull, not lost. */
function periodOf({first, last}: SourceTally, bounds: Bounds, name: string): Period {
	const fromMs = Number.isFinite(bounds.sinceMs) ? bounds.sinceMs : Date.parse(first);
	const toMs = Number.isFinite(bounds.untilMs) ? bounds.untilMs - 1 : Date.parse(last);
	if (fromMs <= toMs) return {fromMs, toMs};
	throw new ConfigError(
		`--against ${name}: expected --since and --until around a part of the archive, which is from ${first} to ${last}`,
	);
}

interface Bounds {
	readonly sinceMs: number;
	readonly untilMs: number;
}

function boundsIn({since, until}: Readonly<Record<string, unknown>>): Bounds {
	const now = Date.now();
	return {
		sinceMs: typeof since === 'string' ? parseTime(since, now) : -Infinity,
		untilMs: typeof until === 'string' ? parseTime(until, now) : Infinity,
	};
}

const isoOf = (timeMs: number) => new Date(timeMs).toISOString();
