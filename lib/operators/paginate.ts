import {concat, concatMap, defer, Observable, type OperatorFunction} from 'rxjs';
import type {BudgetPlace} from '../budget.ts';
import type {Json} from '../event.ts';
import {huntForgotten} from '../forgotten-pages.ts';
import {createPage, type Page, type Rejected, type SourceFacts, type SourceRecord} from '../page.ts';
import {createProgressGuard} from '../progress-guard.ts';
import {advance, finishScan, isWithin, nowhere, type Scan, type SourcePosition} from '../scan.ts';
import {freshStart, type Start} from '../start.ts';

/** What one request gave. */
export interface Answer<T> {
	readonly events: readonly T[];
	/** `records[i]` is what `events[i]` came from. */
	readonly records: readonly SourceRecord[];
	readonly rejected?: readonly Rejected[];
	/** Where to go on; absent at the end. */
	readonly next?: Json | undefined;
	/** How many rows the API gave, where those that were known already are left out here. */
	readonly rows?: number;
	/** What tells the next page from others, where `next` holds more than that. */
	readonly nextKey?: string;
	/** What the answer holds in memory, in bytes. */
	readonly bytes: number;
}

/** Reads one page of a pass: from its beginning where `scan.cursor` is absent. */
export type ReadPage<T> = (scan: Scan, signal: AbortSignal) => Promise<Answer<T>>;

export interface PaginateOptions {
	readonly source: SourceFacts;
	/** How far the source has come before the first pass. */
	readonly position?: SourcePosition;
	/** The passes after those of the stream, asked for when these are over. */
	readonly following?: ((position: SourcePosition) => readonly Scan[]) | undefined;
	readonly start?: Start;
	/** Whether an error says that the API does not know this cursor (any more). */
	readonly refusesCursor?: (error: unknown) => boolean;
	/** So many empty pages in a row, each with a next one, are an error. Default: 100. */
	readonly maxEmptyPages?: number;
}

/**
 * The pages of each pass, in order, each with the position to go on from. Reads ahead of its subscriber by no more
 * than the in-flight budget, so every page must be settled: a subscriber that never calls `taken()`, `ack()` or
 * `nack()` gets four pages and then nothing. A cursor that comes back, or too many empty pages, is an error
 * (`PAGING_NO_PROGRESS`), never a loop. A refused cursor is replaced by the time of the last record.
 *
 * ```ts
 * of({sinceMs, untilMs, coversToMs: untilMs}).pipe(paginate(read, {source}), toEvents()).subscribe(console.log);
 * ```
 */
export function paginate<T>(read: ReadPage<T>, options: PaginateOptions): OperatorFunction<Scan, Page<T>> {
	const {start = freshStart(), position = nowhere} = options;
	return scans =>
		new Observable(subscriber => {
			// of the whole stream: a page may be settled when its own pass is over
			const fail = (reason: unknown) => subscriber.error(reason);
			const progress: Progress = {position, sequence: 0, fail};
			const pages = concatMap((scan: Scan) => pagesOfScan(scan, progress, read, start, options));
			const following = defer(() => options.following?.(progress.position) ?? []);
			return concat(scans.pipe(pages), following.pipe(pages)).subscribe(subscriber);
		});
}

interface Progress {
	position: SourcePosition;
	sequence: number;
	readonly fail: (reason: unknown) => void;
}

function pagesOfScan<T>(
	scan: Scan,
	progress: Progress,
	read: ReadPage<T>,
	start: Start,
	options: PaginateOptions,
): Observable<Page<T>> {
	return new Observable(subscriber => {
		const unsubscribed = new AbortController();
		const signal = AbortSignal.any([unsubscribed.signal, start.signal]);
		readScan().then(
			() => subscriber.complete(),
			(error: unknown) => {
				if (!start.signal.aborted) return subscriber.error(error);
				start.interrupted = true;
				subscriber.complete();
			},
		);
		return () => unsubscribed.abort();

		async function readScan(): Promise<void> {
			const {source, maxEmptyPages} = options;
			const guard = createProgressGuard(source.name, {cursor: scan.cursor, maxEmptyPages});
			let current = scan;
			let place = await start.budget.acquire(signal);
			let pending = request(current);
			for (;;) {
				const answer = await pending.catch((error: unknown) => {
					if (current.cursor !== undefined && !signal.aborted && options.refusesCursor?.(error)) return undefined;
					place.release();
					throw error;
				});
				if (answer === undefined) {
					current = withoutCursor(current);
					const stuck = guard.refused(current.edgeMs);
					if (stuck) {
						place.release();
						throw stuck;
					}
					pending = request(current);
					continue;
				}
				const {next} = answer;
				const stuck = guard.check({isEmpty: isEmpty(answer) && !answer.rows, next: answer.nextKey ?? next});
				if (next !== undefined && !stuck && isEmpty(answer)) {
					current = {...current, cursor: next};
					pending = request(current);
					continue;
				}
				if (stuck && isEmpty(answer)) {
					place.release();
					throw stuck;
				}
				const page = pageOf(answer, current, stuck !== undefined, place);
				if (stuck || next === undefined) {
					emit(page);
					if (stuck) throw stuck;
					return;
				}
				current = {...progress.position.scan!, cursor: next};
				// the request for the next page is on its way before this one is worked on; not the first time, so that
				// a rate that an operator binds when it sees the first page holds from the second request on
				if (page.sequence > 0 && start.budget.hasRoom) {
					place = start.budget.take();
					pending = request(current);
					await turn();
					emit(page);
				} else {
					emit(page);
					place = await room();
					pending = request(current);
				}
			}
		}

		/** Awaited later: until then its failure is nobody's. */
		function request(scan: Scan): Promise<Answer<T>> {
			const answer = (async () => {
				signal.throwIfAborted();
				return read(scan, signal);
			})();
			answer.catch(() => {});
			return answer;
		}

		function emit(page: Page<T>): void {
			if (subscriber.closed) page.taken();
			else subscriber.next(page);
		}

		async function room(): Promise<BudgetPlace> {
			const hunt = huntForgotten();
			try {
				return await start.budget.acquire(signal);
			} finally {
				hunt.stop();
			}
		}

		function withoutCursor({cursor: _, ...rest}: Scan): Scan {
			const edge = rest.lastMs === undefined ? rest : {...rest, edgeMs: further(rest.lastMs, rest.edgeMs)};
			start.meter.warn(
				`${options.source.name}: the cursor was refused; reading on from ${edge.edgeMs === undefined ? 'the beginning of the pass' : new Date(edge.edgeMs).toISOString()}`,
			);
			return edge;
		}

		/** Never back behind an edge that was reached before, whatever the overlap or a whole second would give. */
		function further(lastMs: number, edgeMs = lastMs): number {
			return options.source.order === 'newest-first' ? Math.min(lastMs, edgeMs) : Math.max(lastMs, edgeMs);
		}

		function pageOf(answer: Answer<T>, current: Scan, isStuck: boolean, place: BudgetPlace): Page<T> {
			place.hold(answer.bytes);
			const keep = answer.records.map(record => isWithin(record, current));
			const all = keep.every(Boolean);
			const records = all ? answer.records : answer.records.filter((_, index) => keep[index]);
			const events = all ? answer.events : answer.events.filter((_, index) => keep[index]);
			const moved = advance(progress.position, current, records);
			if (isStuck) progress.position = moved;
			else if (answer.next === undefined) progress.position = finishScan(moved, current);
			else progress.position = {...moved, scan: {...moved.scan!, cursor: answer.next}};
			return createPage<T>(
				{
					events,
					records,
					rejected: answer.rejected ?? [],
					source: options.source,
					sequence: progress.sequence++,
					position: progress.position as unknown as Json,
					bytes: answer.bytes,
				},
				{taken: () => place.release(), nacked: progress.fail},
			);
		}
	});
}

function isEmpty(answer: Answer<unknown>): boolean {
	return answer.records.length === 0 && !answer.rejected?.length;
}

function turn(): Promise<void> {
	return new Promise(resolve => setImmediate(resolve));
}
