import fs from 'node:fs';
import path from 'node:path';
import {reasonOf} from '../../model/errors.ts';
import type {Json} from '../../model/event.ts';
import {movedEnding} from '../../state/file-state.ts';
import {gapReport} from '../../model/meter.ts';
import {list, load} from '../../registry.ts';
import type {Source} from '../../source/define-source.ts';
import {reached} from '../../source/reached.ts';
import {gapsIn, nowhere, type SourcePosition} from '../../source/scan.ts';
import {purges, type Reading, unread} from '../../source/unread.ts';
import {errnoOf} from '../../state/durable-file.ts';
import type {Checkpoint} from '../../state/state.ts';
import {peekState} from '../../state/file-state.ts';
import {isAhead, readUpToOf, silenceOf} from '../monitor/health.ts';
import {count} from '../output/log.ts';
import {iso, type PipelineStatus, type SourceStatus, spanWords} from '../output/pipeline.ts';

const dayMs = 86_400_000;
const letterKey = /^dead letters ndjson:(?=\/)/;

/** How old things may be. */
export interface StatusLimits {
	/** The last success. */
	readonly maxAgeMs?: number | undefined;
	/** The newest event of each source, where there ever was one. */
	readonly alertSilenceMs?: number | undefined;
}

/** How a pipeline is, by its state file, which is read without its lock and never changed: a run may be going on. */
export async function readStatus(
	file: string,
	nowMs: number,
	{maxAgeMs, alertSilenceMs}: StatusLimits = {},
): Promise<PipelineStatus> {
	const state = path.resolve(file);
	let checkpoint: Checkpoint;
	let inUse: boolean;
	try {
		checkpoint = await checkpointIn(state);
		inUse = fs.existsSync(`${fs.realpathSync(state)}.lock`);
	} catch (error) {
		const problems = [reasonOf(error)];
		return {state, ok: false, problems, inUse: false, succeeded: null, sources: [], lacks: [], deadLetters: []};
	}
	const {sources: positions, binding, succeededMs, lacks = {}} = checkpoint;
	const sources = await Promise.all(
		Object.entries(positions).map(([key, position]) =>
			sourceStatus(key, position, binding[`${key} endpoint`], succeededMs, nowMs),
		),
	);
	const letters = deadLettersOf(state, checkpoint);
	const problems = [
		...ageProblem(succeededMs, nowMs, maxAgeMs),
		...sources.flatMap(({source, readUpTo}) =>
			readUpTo === null ? [] : aheadProblem(`${source}: all is read up to`, Date.parse(readUpTo), nowMs),
		),
		...sources.flatMap(({source, newest}) => {
			const silence = newest === null ? undefined : silenceOf(Date.parse(newest), nowMs, alertSilenceMs);
			return silence === undefined ? [] : [`${source}: ${silence}`];
		}),
		...sources.flatMap(({source, newest, readUpTo, interrupted}) =>
			succeededMs !== undefined && newest === null && readUpTo === null && interrupted === null
				? [`${source}: nothing ever came, and none of it counts as read: check rights, filters and address`]
				: [],
		),
		...sources.flatMap(({source, gaps}) => (gaps.length > 0 ? [`${source}: ${count(gaps.length, 'open gap')}`] : [])),
		...letters.flatMap(({problem}) => problem ?? []),
	];
	return {
		state,
		ok: problems.length === 0,
		problems,
		inUse,
		succeeded: succeededMs === undefined ? null : iso(succeededMs),
		sources,
		lacks: Object.entries(lacks).flatMap(([sink, all]) =>
			all.map(({from, to, events, reason}) => ({sink, from, to, events, reason})),
		),
		deadLetters: letters.flatMap(({file, count}) => (count > 0 ? [{file, count}] : [])),
	};
}

/** The checkpoint of a state that is only looked at. Rejects where there is none, or no pull could go on from it. */
async function checkpointIn(file: string): Promise<Checkpoint> {
	const stored = await peekState(file);
	if (stored) return stored.checkpoint;
	if (fs.existsSync(file + movedEnding))
		throw new Error(`${file} is in Redis now: rxaudit jobs --redis URL says how it is`);
	throw new Error(`expected the state of a pull, got no file ${file}: check the path, or run the pull that makes it`);
}

/** The name and the tenant in the key of a source. */
export function partsOf(key: string): readonly [name: string, tenant: string] {
	const colon = key.indexOf(':');
	return [key.slice(0, colon), key.slice(colon + 1)];
}

/** The source of this name, where it is one of this package. */
export async function sourceOf(name: string): Promise<Source | undefined> {
	return list('source').includes(name) ? load('source', name) : undefined;
}

/** How positions of a source are read; of one that is not known, as those of a log whose newest event comes first. */
export function readingOf(source: Source | undefined): Reading {
	const {order = 'newest-first', reads, records} = source ?? {};
	return {order, byOffset: reads === 'files' || (records !== undefined && !records.next)};
}

async function sourceStatus(
	key: string,
	given: Json,
	endpoint: string | undefined,
	succeededMs: number | undefined,
	nowMs: number,
): Promise<SourceStatus> {
	const [name, tenant] = partsOf(key);
	const source = await sourceOf(name);
	const position = {...nowhere, ...(given as Partial<SourcePosition>)};
	const {watermarkMs, scan, rest = scan} = position;
	const begun = [scan ?? rest, rest].filter(pass => pass !== undefined);
	const readUpToMs = readUpToOf({...reached([position]), succeededMs}, nowMs);
	const {retention} = source ?? {};
	const keptMs = retention && 'days' in retention ? retention.days * dayMs : undefined;
	const spans = keptMs === undefined ? [] : purges(unread(position, readingOf(source), nowMs), keptMs, nowMs);
	return {
		source: name,
		tenant,
		endpoint: endpoint ?? null,
		newest: watermarkMs === undefined ? null : iso(watermarkMs),
		readUpTo: readUpToMs === undefined ? null : iso(readUpToMs),
		lagSeconds: readUpToMs === undefined ? null : Math.round(Math.abs(nowMs - readUpToMs) / 1000),
		interrupted:
			begun.length === 0
				? null
				: {
						from: iso(Math.min(...begun.map(({sinceMs}) => sinceMs))),
						to: iso(Math.max(...begun.map(({untilMs}) => untilMs))),
					},
		gaps: openGaps(key, position).map(({from, to, reason}) => ({from, to, reason})),
		retention:
			retention === undefined
				? null
				: 'days' in retention
					? retention
					: {ask: `rxaudit call ${name} ${retention.operation}${endpoint ? ` --endpoint ${endpoint}` : ''}`},
		purges: spans.map(({fromMs, toMs, atMs, isGone}) => ({
			from: iso(fromMs),
			to: iso(toMs),
			at: iso(atMs),
			inSeconds: Math.round((atMs - nowMs) / 1000),
			gone: isGone,
		})),
	};
}

/** The gaps of a source, the one that a run was reading again among them. */
export function openGaps(key: string, position: Json | SourcePosition) {
	const {scan} = position as SourcePosition;
	const {reason} = scan ?? {};
	const reading = scan && reason !== undefined ? [{...scan, reason}] : [];
	return [...gapsIn(position), ...reading].map(gap => gapReport(key, gap));
}

function ageProblem(succeededMs: number | undefined, nowMs: number, maxAgeMs: number | undefined): string[] {
	const ahead = aheadProblem('the last success is of', succeededMs, nowMs);
	if (maxAgeMs === undefined || ahead.length > 0) return ahead;
	const expected = `expected a run that came to its end within ${spanWords(maxAgeMs / 1000)}`;
	if (succeededMs === undefined) return [`${expected}, got none, as far as this state knows`];
	return nowMs - succeededMs > maxAgeMs ? [`${expected}, the last one did ${iso(succeededMs)}`] : [];
}

/** A time that is still to come tells of a clock that is or was wrong, and would count as fresh until then. */
function aheadProblem(what: string, timeMs: number | undefined, nowMs: number): string[] {
	if (timeMs === undefined || !isAhead(timeMs, nowMs)) return [];
	const advice = 'set right the clock that is wrong; the next success makes it well';
	return [`${what} ${iso(timeMs)}, ${spanWords((timeMs - nowMs) / 1000)} ahead of this clock: ${advice}`];
}

interface Letters {
	readonly file: string;
	readonly count: number;
	readonly problem?: string;
}

/** Those beside the state, and those where the state knows that some were put. */
function deadLettersOf(state: string, {sinks}: Checkpoint): Letters[] {
	const known = Object.keys(sinks).filter(key => letterKey.test(key));
	const files = new Set([`${state}.dead-letter.ndjson`, ...known.map(key => key.replace(letterKey, ''))]);
	return [...files].map(file => {
		try {
			return {file, count: linesIn(file)};
		} catch (error) {
			if (errnoOf(error) === 'ENOENT') return {file, count: 0};
			return {file, count: 0, problem: `dead letters: expected a file that can be read, got ${reasonOf(error)}`};
		}
	});
}

/** How many whole lines a file has. */
function linesIn(file: string): number {
	const descriptor = fs.openSync(file, 'r');
	try {
		const chunk = Buffer.allocUnsafe(64 * 1024);
		let lines = 0;
		for (let read = 1; read > 0;) {
			read = fs.readSync(descriptor, chunk, 0, chunk.length, null);
			for (let at = chunk.indexOf(10); at >= 0 && at < read; at = chunk.indexOf(10, at + 1)) lines++;
		}
		return lines;
	} finally {
		fs.closeSync(descriptor);
	}
}
