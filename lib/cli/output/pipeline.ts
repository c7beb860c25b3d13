import {count, oneLine} from './log.ts';

interface Span {
	readonly from: string;
	readonly to: string;
}

/** How far one source of a pipeline is. Times are ISO 8601 in UTC, as its API orders events. */
export interface SourceStatus {
	/** Its name and its tenant, and where it is read. */
	readonly source: string;
	readonly tenant: string;
	readonly endpoint: string | null;
	/** The time of the newest event ever read. */
	readonly newest: string | null;
	/** Up to where all was asked for, gaps left aside, and how far that is from now, in either direction. */
	readonly readUpTo: string | null;
	readonly lagSeconds: number | null;
	/** The pass that goes on, or was interrupted: the next run finishes it. */
	readonly interrupted: Span | null;
	readonly gaps: readonly (Span & {readonly reason: string})[];
	/** For how long the API keeps an event, or the command that asks for it; null: not known. */
	readonly retention: {readonly days: number} | {readonly ask: string} | null;
	/** What is not read yet and when the API deletes the first of it, the soonest first; `gone`: it has, all of it. */
	readonly purges: readonly (Span & {readonly at: string; readonly inSeconds: number; readonly gone: boolean})[];
}

/** What `rxaudit status` says of one state. */
export interface PipelineStatus {
	readonly state: string;
	/** Its name, where a file has several. */
	readonly pipeline?: string;
	readonly ok: boolean;
	/** Why it is not. */
	readonly problems: readonly string[];
	/** There is a lock: a run goes on, or was killed. */
	readonly inUse: boolean;
	/** When a run last came to its end with no gap left; null: never, as far as the state knows. */
	readonly succeeded: string | null;
	readonly sources: readonly SourceStatus[];
	/** What best-effort sinks did not get. */
	readonly lacks: readonly (Span & {readonly sink: string; readonly events: number; readonly reason: string})[];
	readonly deadLetters: readonly {readonly file: string; readonly count: number}[];
}

/** The answer for people, in lines. */
export function pipelineText(status: PipelineStatus, nowMs: number): string {
	const {pipeline, state, ok, problems, inUse, succeeded, sources, lacks, deadLetters} = status;
	const lines = [
		`${pipeline === undefined ? '' : `${pipeline}: `}${state}: ${ok ? 'ok' : 'needs attention'}`,
		...problems.map(problem => row('problem', problem)),
	];
	if (sources.length > 0) {
		lines.push(row('last success', succeeded ? ago(succeeded, nowMs) : 'never, as far as this state knows'));
	}
	if (inUse) lines.push(row('in use', 'by a run that goes on, or was killed: there is a lock'));
	for (const source of sources) lines.push(...sourceLines(source, nowMs));
	for (const {sink, events, reason, ...span} of lacks) {
		lines.push(row('lacks', `${sink}: ${count(events, 'event')} ${spanOf(span)}: ${reason}`));
	}
	for (const {file, count: letters} of deadLetters) {
		lines.push(row('dead letters', `${letters} in ${file}; once mended: rxaudit pull dead-letter:${file}`));
	}
	return lines.map(line => `${oneLine(line)}\n`).join('');
}

function sourceLines(status: SourceStatus, nowMs: number): string[] {
	const {source, tenant, endpoint, newest, readUpTo, lagSeconds, interrupted, gaps, retention, purges} = status;
	const lines = [
		row('source', `${source}:${tenant}${endpoint ? ` at ${endpoint}` : ''}`),
		row('newest event', newest ? ago(newest, nowMs) : 'none yet'),
	];
	if (readUpTo && lagSeconds !== null) {
		const lag = `lag ${spanWords(lagSeconds)}`;
		lines.push(row('read up to', Date.parse(readUpTo) > nowMs ? ago(readUpTo, nowMs) : `${readUpTo}, ${lag}`));
	}
	if (interrupted) lines.push(row('interrupted', `a pass ${spanOf(interrupted)}; the next run finishes it`));
	for (const {reason, ...gap} of gaps) lines.push(row('gap', `${spanOf(gap)}: ${reason}`));
	for (const {at, inSeconds, gone, ...span} of purges) {
		const when = inSeconds <= 0 ? 'is being deleted now' : `is deleted at ${at}, in ${spanWords(inSeconds)}`;
		lines.push(
			gone
				? row('purged', `the API deleted what was not read ${spanOf(span)}: by ${at}`)
				: row('purged next', `what is not read ${spanOf(span)}: the first of it ${when}`),
		);
	}
	if (retention && 'ask' in retention) lines.push(row('purged next', `as the server is set: ${retention.ask}`));
	if (!retention) lines.push(row('purged next', 'not known: nothing says for how long this source keeps events'));
	return lines;
}

/** A time for people and for `--json`. */
export function iso(ms: number): string {
	return new Date(ms).toISOString();
}

/** A span of time for people; from the first time of all, it is from the beginning. */
export function spanOf({from, to}: Span): string {
	return `from ${Date.parse(from) <= 0 ? 'the beginning' : from} to ${to}`;
}

/** A line of what is said of one thing. */
export function row(label: string, text: string): string {
	return `  ${label.padEnd(14)}${text}`;
}

function ago(time: string, nowMs: number): string {
	const seconds = (nowMs - Date.parse(time)) / 1000;
	return `${time}, ${spanWords(Math.abs(seconds))} ${seconds < 0 ? 'ahead of this clock' : 'ago'}`;
}

/** A span in its largest unit, as `--max-age` takes it in short. */
export function spanWords(seconds: number): string {
	const units = [
		['day', 86_400],
		['hour', 3600],
		['minute', 60],
	] as const;
	const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ['second', 1];
	return count(Math.floor(seconds / size), unit);
}
