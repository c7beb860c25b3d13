import type {Progress} from '../../model/meter.ts';
import type {Report} from '../../run/run.ts';
import {excerpt} from '../../http/secrets.ts';
import type {World} from '../world.ts';
import {columnsOf, fitColumns} from './columns.ts';
import type {LiveLines} from './live-lines.ts';
import {count, type Level, type LogFormat, logLine, withoutNumbers} from './log.ts';
import {spanWords} from './pipeline.ts';

export interface ProgressSetting {
	/** The source's name. */
	readonly source: string;
	/** The pipeline's name, where there are several. */
	readonly pipeline?: string;
	/** Where the live line of each of several is. */
	readonly lines?: LiveLines | undefined;
	readonly format: LogFormat;
	readonly quiet: boolean;
	readonly stream: World['stderr'];
}

/** How often a plain line comes, and how often the live one is drawn, in milliseconds. */
const plainEveryMs = 10_000;
const liveEveryMs = 100;

export type ProgressOutput = ReturnType<typeof showProgress>;

/** Shows a run's progress on stderr: one live line on a terminal, otherwise a plain line now and then. */
export function showProgress({source, pipeline, lines, format, quiet, stream}: ProgressSetting) {
	const live = stream.isTTY === true && format === 'text' && !quiet;
	const began = performance.now();
	let shownAt = began;
	/** How many warnings of this round were seen, and which of them, or of the round before, were shown. */
	let warnings = 0;
	let shown: string[] = [];
	let before: readonly string[] = [];
	let shownEvents = 0;
	/** The end of the wait that was spoken of last. */
	let announcedMs: number | undefined;
	let current: Progress | undefined;
	let timer: NodeJS.Timeout | undefined;
	const emit = (level: Level, text: string, members: object = {}) => {
		if (level === 'info' && quiet) return;
		const named = pipeline !== undefined && format === 'text' ? `${pipeline}: ${text}` : text;
		const line = logLine(format, level, named, {source, ...(pipeline === undefined ? {} : {pipeline}), ...members});
		if (lines) lines.say(line);
		else stream.write(`${live ? '\r\x1b[K' : ''}${line}`);
	};
	const draw = () => {
		if (!current) return;
		const columns = (stream.columns || 80) - (pipeline === undefined ? 0 : columnsOf(pipeline) + 2);
		const line = liveLine(current, performance.now() - began, columns);
		if (lines) lines.set(pipeline ?? source, line);
		else stream.write(`\r\x1b[K${line}`);
	};
	const end = () => {
		clearInterval(timer);
		lines?.set(pipeline ?? source, undefined);
	};
	/** A round that is like the one before warns of the same, which is no news. */
	const warn = (all: readonly string[]) => {
		if (all.length < warnings) [before, shown, warnings] = [shown, [], 0];
		for (; warnings < all.length; warnings++) {
			const warning = all[warnings]!;
			if (!before.includes(withoutNumbers(warning))) emit('warn', `warning: ${warning}`);
			shown.push(withoutNumbers(warning));
		}
	};
	if (live) timer = setInterval(draw, 1000).unref();
	return {
		warn: (text: string) => emit('warn', `warning: ${text}`),
		note: (text: string) => emit('info', text),
		update(progress: Progress) {
			current = progress;
			warn(progress.warnings);
			const now = performance.now();
			const waitMs = (progress.waitingUntilMs ?? 0) - Date.now();
			const waitBegins = waitMs > plainEveryMs && progress.waitingUntilMs !== announcedMs;
			if (now - shownAt < (live ? liveEveryMs : plainEveryMs) && !waitBegins) return;
			// a follow speaks of what came, not of looking for it
			if (!live && progress.rounds > 0 && progress.events === shownEvents && !waitBegins) return;
			shownEvents = progress.events;
			announcedMs = progress.waitingUntilMs;
			shownAt = now;
			if (live) draw();
			else emit('info', partsOf(progress, now - began).join(', '), numbers(progress, now - began));
		},
		done(report: Report) {
			end();
			emit('info', summary(report), {
				...numbers(report, report.seconds * 1000),
				gaps: report.gaps,
				seconds: report.seconds,
				stopped: report.stopped,
			});
		},
		/** Says why it failed. */
		fail: (text: string, members: object) => emit('error', text, members),
		failed() {
			end();
			if (live && !lines) stream.write('\r\x1b[K');
			if (current && current.gaps.length > 0) {
				const tookMs = performance.now() - began;
				emit('info', `failed: ${done(current, tookMs)}`, {...numbers(current, tookMs), gaps: current.gaps});
			}
		},
	};
}

/** The parts of the line in the order in which they are read. */
function partsOf(progress: Progress, elapsedMs: number): string[] {
	const {share, pages, events, positionMs, waitingUntilMs} = progress;
	const left = leftOf(progress, elapsedMs);
	const waitMs = (waitingUntilMs ?? 0) - Date.now();
	return [
		...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]),
		count(pages, 'page'),
		count(events, 'event'),
		`${eventsPerSecond(progress, elapsedMs)} events/s`,
		...(positionMs === undefined ? [] : [`at ${new Date(positionMs).toISOString()}`]),
		...(left ? [`${count(left.requests, 'request')} left`, `${spanWords(left.seconds)} left`] : []),
		...(waitMs > 0 ? [`waiting for quota: ${Math.ceil(waitMs / 1000)} s`] : []),
	];
}

/** What is left goes on as what was done, waits included, and no faster than the quota; undefined while that says little. */
function leftOf({share, requests, quotaMs = 0}: Progress, elapsedMs: number) {
	if (share === undefined || share < 0.01 || elapsedMs < leastElapsedMs) return undefined;
	const times = 1 / share - 1;
	const left = requests * times;
	return {requests: Math.round(left), seconds: Math.round(Math.max(elapsedMs * times, left * quotaMs) / 1000)};
}

/** A shorter time says little of what is left. */
const leastElapsedMs = 2000;

/** In a narrow terminal the line is without what is needed least; the last column stays free, for the cursor. */
function liveLine(progress: Progress, elapsedMs: number, columns: number): string {
	const parts = partsOf(progress, elapsedMs);
	for (const least of [/^at /, / pages?$/, / requests? left$/, / events\/s$/]) {
		if (columnsOf(parts.join(', ')) < columns) break;
		const at = parts.findIndex(part => least.test(part));
		if (at >= 0) parts.splice(at, 1);
	}
	return fitColumns(parts.join(', '), columns - 1);
}

function eventsPerSecond({events}: Progress, elapsedMs: number): number {
	return Math.round((events * 1000) / Math.max(1, elapsedMs));
}

function summary(report: Report): string {
	return `${report.stopped ? 'stopped' : 'done'}: ${done(report, report.seconds * 1000)}`;
}

function done(report: Progress, tookMs: number): string {
	const parts = [
		`${count(report.events, 'event')}, ${count(report.pages, 'page')} in ${(tookMs / 1000).toFixed(1)} s`,
		`${count(report.requests, 'request')} (${count(report.retries, 'retry', 'retries')})`,
		...(report.waits > 0 ? [`waited ${(report.waitedMs / 1000).toFixed(1)} s for quota`] : []),
		`${count(report.duplicates, 'duplicate')} dropped`,
		...unknown(report.unknownActions),
		...(report.deadLetters > 0 ? [count(report.deadLetters, 'dead letter')] : []),
		...(report.warnings.length > 0 ? [count(report.warnings.length, 'warning')] : []),
		...open(report.gaps),
	];
	return parts.join(', ');
}

function open(gaps: Progress['gaps']): string[] {
	if (gaps.length === 0) return [];
	const named = gaps.slice(0, maxNamed).map(({source, from, to}) => `${source} from ${from} to ${to}`);
	if (gaps.length > maxNamed) named.push(`${gaps.length - maxNamed} more`);
	return [`${count(gaps.length, 'open gap')}: ${named.join(', ')}`];
}

/** So many are named in the text; `--log-format json` names all. */
const maxNamed = 5;

/** The events that no rule knows the action of, so that somebody writes one. */
function unknown(actions: Report['unknownActions']): string[] {
	const all = Object.entries(actions).sort(([, one], [, other]) => other - one);
	if (all.length === 0) return [];
	const events = all.reduce((sum, [, times]) => sum + times, 0);
	// an API gave the names, and a terminal obeys what it is shown
	const named = all.slice(0, maxNamed).map(([action, times]) => `${excerpt(action)} (${times})`);
	if (all.length > maxNamed) named.push(`${all.length - maxNamed} more`);
	return [`${count(events, 'event')} with ${count(all.length, 'action')} without a rule: ${named.join(', ')}`];
}

/** All that the texts say, and more, for `--log-format json`. */
function numbers(progress: Progress, elapsedMs: number) {
	const {rounds, pages, events, requests, retries, waits, waitedMs, duplicates, deadLetters, positionMs} = progress;
	const left = leftOf(progress, elapsedMs);
	const {share, answers, newestMs, readUpToMs, trouble, waitingUntilMs, inFlightBytes, unknownActions} = progress;
	return {
		rounds,
		share,
		requestsLeft: left?.requests,
		secondsLeft: left?.seconds,
		pages,
		events,
		eventsPerSecond: eventsPerSecond(progress, elapsedMs),
		requests,
		answers,
		retries,
		waits,
		waitedMs,
		waitingUntilMs,
		duplicates,
		deadLetters,
		positionMs,
		newestMs,
		readUpToMs,
		trouble,
		inFlightBytes,
		unknownActions,
	};
}
