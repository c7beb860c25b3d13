import {ConfigError} from '../model/errors.ts';

const dateOnly = /^\d{4}-\d\d-\d\d$/;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;
const span = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;
const unitMs: Readonly<Record<string, number>> = {
	ms: 1,
	s: 1000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
	w: 604_800_000,
};
/** The last time that a Date can hold. */
const maxTimeMs = 8.64e15;

/**
 * The epoch milliseconds of a time that a user wrote: ISO 8601, epoch milliseconds, or a span back from `nowMs`.
 *
 * A date alone is its midnight in UTC, and a time without a zone is UTC. A number of fewer than 10 digits is refused,
 * since it is a year or a slip rather than milliseconds. The caller gives the issue its option.
 */
export function parseTime(text: string, nowMs: number): number {
	const trimmed = text.trim();
	const backMs = spanMs(trimmed);
	const timeMs = backMs === undefined ? absoluteMs(trimmed) : Math.max(0, nowMs - backMs);
	if (timeMs !== undefined && timeMs <= maxTimeMs) return timeMs;
	const examples = '2026-08-01, 2026-08-01T12:00:00Z, 1785542400000 (epoch milliseconds) or 24h (back from now)';
	const hint = /^\d{1,9}$/.test(trimmed) ? 'epoch milliseconds have at least 10 digits' : 'check its spelling';
	throw ConfigError.of('', [{expected: `a time such as ${examples}`, got: JSON.stringify(text), do: hint}]);
}

/** The milliseconds of a span that a user wrote: `500ms`, `90s`, `15m`, `24h`, `30d`, `2w`, or `0`. */
export function parseSpan(text: string): number {
	const trimmed = text.trim();
	const ms = trimmed === '0' ? 0 : spanMs(trimmed);
	if (ms !== undefined) return ms;
	const hint = /^\d+$/.test(trimmed) ? 'add the unit' : 'write a number and one of ms, s, m, h, d, w';
	throw ConfigError.of('', [{expected: 'a span such as 60m, 24h or 500ms', got: JSON.stringify(text), do: hint}]);
}

export interface RecordTime {
	/** Epoch milliseconds; digits beyond them are cut off, not rounded. */
	readonly timeMs: number;
	/** True when the text has no fraction, so that the true time lies anywhere in that second. */
	readonly wholeSecond: boolean;
}

/** When a record says it occurred. Undefined unless it is ISO 8601 with a zone: Date.parse alone takes `March 7`. */
export function recordTime(iso: string): RecordTime | undefined {
	const match = dateTime.exec(iso);
	if (!match?.[2]) return undefined;
	const timeMs = Date.parse(iso);
	return Number.isNaN(timeMs) || !isDayOfMonth(iso) ? undefined : {timeMs, wholeSecond: match[1] === undefined};
}

/** The hour that was asked for last: the records of a page mostly share it, and a Date costs more than twice as much. */
let hourMs = Number.NaN;
let hourText = '';

/** A time as ISO 8601, UTC, milliseconds. Undefined beyond the years 0 to 9999: such forms have a sign, which few read. */
export function isoTime(timeMs: number): string | undefined {
	const ms = Math.trunc(timeMs) - hourMs;
	if (ms >= 0 && ms < unitMs['h']!) {
		const seconds = Math.floor(ms / 1000);
		return `${hourText}${digits(Math.floor(seconds / 60))}:${digits(seconds % 60)}.${digits(ms % 1000, 3)}Z`;
	}
	const time = new Date(timeMs).toISOString();
	if (time.length !== 24) return undefined;
	hourMs = Math.floor(Date.parse(time) / unitMs['h']!) * unitMs['h']!;
	hourText = time.slice(0, 'YYYY-MM-DDTHH:'.length);
	return time;
}

function digits(count: number, width = 2): string {
	return String(count).padStart(width, '0');
}

function spanMs(text: string): number | undefined {
	const [, count, unit] = span.exec(text) ?? [];
	if (count === undefined || unit === undefined) return undefined;
	const ms = Math.round(Number(count) * unitMs[unit]!);
	return Number.isSafeInteger(ms) ? ms : undefined;
}

function absoluteMs(text: string): number | undefined {
	if (/^\d{10,}$/.test(text)) return Number(text);
	if (dateOnly.test(text)) return recordTime(`${text}T00:00Z`)?.timeMs;
	const zone = dateTime.exec(text)?.[2];
	return recordTime(zone ? text : `${text}Z`)?.timeMs;
}

/** Date.parse reads February 30 as March 2. */
function isDayOfMonth(iso: string): boolean {
	const day = Number(iso.slice(8, 10));
	return day <= 28 || new Date(iso.slice(0, 10)).getUTCDate() === day;
}
