import {ConfigError} from '../../model/errors.ts';
import {parseTime} from '../../options/time.ts';
import type {CoveredSpan} from '../../sink/asked.ts';
import type {Verification} from '../../sink/verification.ts';
import type {Interval} from '../../source/interval-set.ts';
import {count} from './log.ts';

/** How one day of a source was read, UTC; `partly`: not all of it, or not all in one way. */
export type DayRead = CoveredSpan['read'] | 'partly';

/** What was read of one source. */
export interface SourceCoverage {
	/** `name:tenant`. */
	readonly source: string;
	/** From the first time that was read to the last, oldest first; absent where no entry says. */
	readonly spans?: readonly CoveredSpan[];
	/** What left events or members out: filters, redaction. */
	readonly leftOut?: readonly string[];
	/** For how long the API keeps an event, in seconds, as its document said last. */
	readonly keptSeconds?: number;
	/** How far the archive was behind before each run, by day, at most, in seconds. */
	readonly behindSeconds?: Readonly<Record<string, number>>;
	/** The days among them that were not read as a whole, by `YYYY-MM-DD`. */
	readonly days?: Readonly<Record<string, DayRead>>;
}

/** Time that was to be read, and was not, or with a filter, or too late. */
export interface Unread {
	readonly source: string;
	readonly from: string;
	readonly to: string;
	readonly read: Exclude<CoveredSpan['read'], 'covered'> | 'not recorded';
}

const dayMs = 24 * 60 * 60_000;
/** So many are named in a text; there may be as many as there were nights. */
const maxNamed = 20;

const words: Readonly<Record<Unread['read'], string>> = {
	never: 'never read',
	filtered: 'read with a filter',
	purged: 'purged before it was read',
	'not recorded': 'not recorded: its entries do not say what was read',
};

/** What the manifest of a target says was read, by source. */
export function coverageOf({coverage, sources}: Pick<Verification, 'coverage' | 'sources'>): SourceCoverage[] {
	const names = [...new Set([...Object.keys(sources), ...coverage.keys()])].sort();
	return names.map(source => {
		const spans = coverage.get(source)?.spans() ?? [];
		if (spans.length === 0) return {source};
		const known = coverage.get(source)!;
		const leftOut = [...known.leftOut].sort();
		const behind = [...known.behindMs].map(([day, ms]) => [isoDay(day * dayMs), Math.round(ms / 1000)] as const);
		const days = daysOf(sinceKnown(spans, sources[source]?.first));
		return {
			source,
			spans,
			...(leftOut.length > 0 ? {leftOut} : {}),
			...(known.keptMs === undefined ? {} : {keptSeconds: Math.round(known.keptMs / 1000)}),
			behindSeconds: Object.fromEntries(behind),
			days,
		};
	});
}

/** What is missing of a span that was to be read as a whole. */
export function unreadIn(
	{coverage, sources}: Pick<Verification, 'coverage' | 'sources'>,
	[fromMs, toMs]: Interval,
): Unread[] {
	const whole = {from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString()};
	const names = [...new Set([...Object.keys(sources), ...coverage.keys()])].sort();
	if (names.length === 0) return [{source: 'any source', ...whole, read: 'never'}];
	return names.flatMap((source): Unread[] => {
		const known = coverage.get(source);
		if (!known) return [{source, ...whole, read: 'not recorded'}];
		return known
			.spans([fromMs, toMs])
			.flatMap(({read, ...span}) => (read === 'covered' ? [] : [{source, ...span, read}]));
	});
}

/** `SINCE..UNTIL`, each as in `--since`; nothing for UNTIL is now. Throws a ConfigError. */
export function spanFrom(flag: string, text: string, nowMs: number): Interval {
	const [, since, until] = /^(.+)\.\.(.*)$/.exec(text) ?? [];
	if (since === undefined) {
		throw new ConfigError(
			`--${flag}: expected SINCE..UNTIL such as 2026-08-01..2026-09-01, got ${JSON.stringify(text)}`,
		);
	}
	const fromMs = parseTime(since, nowMs);
	const toMs = until ? parseTime(until, nowMs) : nowMs;
	if (fromMs < toMs) return [fromMs, toMs];
	throw new ConfigError(`--${flag}: expected SINCE before UNTIL, got ${JSON.stringify(text)}`);
}

/** In lines for people. */
export function coverageLines(coverage: readonly SourceCoverage[], unread: readonly Unread[] | undefined): string[] {
	const lines = coverage.flatMap(({source, spans, leftOut = [], days = {}}) => {
		if (!spans) return [`  read     ${source}: ${words['not recorded']}`];
		const missing = spans.filter(({read}) => read !== 'covered');
		const [first = spans[0]!] = sinceKnown(spans, undefined);
		const not = Object.keys(days).length;
		const sum = not === 0 ? 'all of it' : `${count(not, 'day')} not, or not as a whole`;
		return [
			`  read     ${source}, from ${timeText(first.from)} to ${spans.at(-1)!.to}: ${sum}`,
			...(leftOut.length > 0 ? [`           less ${leftOut.join(', ')}`] : []),
			...named(
				missing,
				({from, to, read}) => `           ${words[read as Unread['read']]}: ${timeText(from)} to ${to}`,
			),
		];
	});
	return [...lines, ...named(unread ?? [], one => `  unread   ${unreadText(one)}`)];
}

export function unreadText({source, from, to, read}: Unread): string {
	return `${source} from ${from} to ${to}: ${words[read]}`;
}

function named<T>(list: readonly T[], text: (one: T) => string): string[] {
	const lines = list.slice(0, maxNamed).map(text);
	return list.length > maxNamed ? [...lines, `           ${list.length - maxNamed} more`] : lines;
}

/** What begins with the beginning of time says nothing of days before the log had any. */
export function sinceKnown(spans: readonly CoveredSpan[], firstEvent: string | undefined): readonly CoveredSpan[] {
	const [first, ...rest] = spans as [CoveredSpan, ...CoveredSpan[]];
	if (Date.parse(first.from) > 0) return spans;
	if (first.read === 'purged') return rest;
	if (firstEvent === undefined || firstEvent >= first.to) return spans;
	return [{...first, from: firstEvent}, ...rest];
}

/** How each day was read; those that were read as a whole are left out. */
function daysOf(spans: readonly CoveredSpan[]): Record<string, DayRead> {
	const days: Record<string, DayRead> = {};
	const [first, last] = [spans[0], spans.at(-1)];
	if (!first || !last) return days;
	const [startMs, endMs] = [Date.parse(first.from), Date.parse(last.to)];
	for (const {from, to, read} of spans) {
		if (read === 'covered') continue;
		const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
		for (let day = Math.floor(fromMs / dayMs) * dayMs; day < toMs; day += dayMs) {
			const isWhole = fromMs <= Math.max(day, startMs) && Math.min(day + dayMs, endMs) <= toMs;
			days[isoDay(day)] = isWhole ? read : 'partly';
		}
	}
	return days;
}

function isoDay(ms: number): string {
	return new Date(ms).toISOString().replace(/T.*/, '');
}

function timeText(iso: string): string {
	return Date.parse(iso) <= 0 ? 'the beginning' : iso;
}
