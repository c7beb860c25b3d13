import fs from 'node:fs';
import {concat, defer, from, type Observable} from 'rxjs';
import {ConfigError, reasonOf, SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {lettersFrom, sendersOf} from './letters.ts';
import {mappingFacts} from './common-record.ts';
import {type Fetched, paginate} from './paginate.ts';
import {named} from '../model/own-record.ts';
import type {Page, Rejected, SourceFacts, SourceRecord} from '../model/page.ts';
import {parseRecord, readRecord} from './records.ts';
import {nowhere, type Scan, type SourcePosition} from './scan.ts';
import type {Source} from './define-source.ts';
import {currentStart, type Start} from '../model/start.ts';

export interface DeadLettersOptions {
	/** The file that a run put them into. */
	readonly path: string;
	/** The sources that they are from: each knows what its records are. */
	readonly sources: readonly Source[];
	/** The largest record that is let through, in bytes. Default: 64 MiB, for that may have been the reason. */
	readonly maxEventBytes?: number;
}

/** So many bytes of the file make a page, and a letter that is larger. */
const pageBytes = 1024 * 1024;
const foreverMs = 8.64e15;

/**
 * The pages of the records in a dead-letter file, as if they came from their sources again, one source and tenant after
 * the other. A record that is still no good becomes a dead letter again, so the run needs another file for those.
 *
 * ```ts
 * run(deadLetters({path: 'dead.ndjson', sources: [orgEvents]}).pipe(normalize()), sink, {state});
 * ```
 */
export function deadLetters(options: DeadLettersOptions, start?: Start): Observable<Page> {
	const {path, sources, maxEventBytes = 64 * 1024 * 1024} = options;
	const senders = opened(path, () => sendersOf(path));
	const known = senders.map(({name, tenant}) => {
		const source = sources.find(candidate => candidate.name === name);
		if (source) return {source, tenant};
		throw new ConfigError(`${path}: holds records of ${JSON.stringify(name)}; expected one of the sources given`);
	});
	const open = (from: Start) =>
		concat(...known.map(({source, tenant}) => pagesOf(source, tenant, path, maxEventBytes, from)));
	return start ? open(start) : defer(() => open(currentStart()));
}

/** The names of the sources whose records the file holds. Throws a ConfigError where it is no dead-letter file. */
export function sourcesOf(path: string): string[] {
	return [...new Set(opened(path, () => sendersOf(path)).map(({name}) => name))];
}

function pagesOf(
	{name, ids, order, records: facts}: Source,
	tenant: string,
	path: string,
	maxEventBytes: number,
	start: Start,
): Observable<Page> {
	const source: SourceFacts = {
		name,
		tenant,
		ids,
		maxEventBytes,
		order: 'none',
		unorderedLists: facts.unorderedLists,
		// letters come in no order, so that none may be forgotten
		overlapMs: foreverMs,
		...mappingFacts(facts),
		limit: () => {},
	};
	const place = start.openSource(`${name}:${tenant}`, {'dead letters': fs.realpathSync(path)});
	const position = (place.position() as SourcePosition | undefined) ?? nowhere;
	const scan: Scan = position.scan ?? {sinceMs: -foreverMs, untilMs: foreverMs, coversToMs: -foreverMs};
	place.begin({...position, scan} as unknown as Json);
	const listedAtMs = order === 'none' ? Date.now() : undefined;

	const read = async ({cursor = 0}: Scan): Promise<Fetched<unknown>> => {
		const records: SourceRecord[] = [];
		const rejected: Rejected[] = [];
		let bytes = 0;
		let offset = cursor as number;
		for (const letter of lettersFrom(path, offset)) {
			offset = letter.end;
			if (letter.name === name && letter.tenant === tenant) {
				bytes += letter.end - letter.begin;
				const {text} = letter;
				try {
					const record = readRecord(facts, parseRecord(text, maxEventBytes), listedAtMs);
					// the same account may have been no good in several listings
					records.push(listedAtMs === undefined ? record : named(record, {identity: `${record.id} ${letter.begin}`}));
				} catch (error) {
					rejected.push({...(letter.id === undefined ? {} : {id: letter.id}), text, reason: reasonOf(error)});
				}
			}
			if (bytes >= pageBytes) break;
		}
		const more = offset < fs.statSync(path).size;
		return {records, rejected, bytes, ...(more ? {next: offset} : {})};
	};
	return from([scan]).pipe(paginate(read, {source, position, start, place}));
}

function opened<T>(path: string, action: () => T): T {
	try {
		return action();
	} catch (error) {
		if (error instanceof SourceError) throw error;
		throw new ConfigError(`dead-letter: cannot read ${path}: ${reasonOf(error)}`, {cause: error});
	}
}
