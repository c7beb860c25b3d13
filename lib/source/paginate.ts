import {concat, concatMap, defer, EMPTY, Observable, type OperatorFunction, throwError} from 'rxjs';
import {maxFailedProbes} from './around-gap.ts';
import type {SourceError} from '../model/errors.ts';
import type {Page, SourceFacts} from '../model/page.ts';
import {type Paging, pagesOfPass} from './read-pass.ts';
import {type Fetched, gapsIn, nowhere, type ReadPage, type Scan, type SourcePosition} from './scan.ts';
import {freshStart, type SourcePlace, type Start} from '../model/start.ts';
import type {Windows} from './window.ts';

export type {Fetched, ReadPage};

export interface PaginateOptions<T = unknown> {
	readonly source: SourceFacts;
	/** How far the source has come before the first pass. */
	readonly position?: SourcePosition;
	/** The passes after those of the stream, asked for when these are over. */
	readonly following?: ((position: SourcePosition) => readonly Scan[]) | undefined;
	readonly start?: Start;
	/** The source's place in the run; default: one of the name and tenant of `source`. */
	readonly place?: SourcePlace;
	/** What cuts a pass into windows, and reads ahead in them; `read` must be its own. */
	readonly windows?: Windows<T> | undefined;
	/** True where a cursor is an offset: times are no bounds then, since records may be in any order. */
	readonly byOffset?: boolean;
	/** True where the cursor that a pass ended with is where the next one may begin. */
	readonly goesOnByCursor?: boolean | undefined;
	/** Whether an error says that the API does not know this cursor (any more). */
	readonly refusesCursor?: (error: unknown) => boolean;
	/** Whether an error may be that of one page: the pass is then left as a gap, and the others are read. */
	readonly concernsPage?: (error: unknown) => error is SourceError;
	/** So many empty pages in a row, each with a next one, are an error. Default: 1,000. */
	readonly maxEmptyPages?: number;
}

/**
 * The pages of each pass, in order, each with the position to go on from. Reads ahead of its subscriber by no more
 * than the in-flight budget, so every page must be settled: a subscriber that never calls `taken()`, `ack()` or
 * `nack()` gets four pages and then nothing. A cursor that comes back, or too many empty pages, is an error
 * (`PAGING_NO_PROGRESS`), never a loop. A refused cursor is replaced by the time of the last record. A pass that fails
 * for good is left as a gap, and the stream ends with its error when the others are over.
 *
 * ```ts
 * of({sinceMs, untilMs, coversToMs: untilMs}).pipe(paginate(read, {source}), toEvents()).subscribe(console.log);
 * ```
 */
export function paginate<T>(read: ReadPage<T>, options: PaginateOptions<T>): OperatorFunction<Scan, Page<T>> {
	const {start = freshStart(), position = nowhere, source} = options;
	const place = options.place ?? start.openSource(`${source.name}:${source.tenant}`, {});
	return scans =>
		new Observable(subscriber => {
			const stream = place.stream();
			const open = new Set<() => void>();
			// of the whole stream: a page may be settled when its own pass is over
			const fail = (reason: unknown) => subscriber.error(reason);
			const paging: Paging = {
				position,
				stream,
				open,
				fail,
				left: {failures: maxFailedProbes, inRow: 0},
				heard: false,
				silent: [],
			};
			start.meter.setGaps(options.source, gapsIn(position));
			const pages = concatMap((scan: Scan) => pagesOfPass(scan, paging, read, start, options));
			const following = defer(() => options.following?.(paging.position) ?? []);
			const end = defer(() =>
				paging.failure && !start.leaveGap(paging.failure) ? throwError(() => paging.failure) : EMPTY,
			);
			subscriber.add(() => {
				stream.ended ??= 'left';
				// nobody needs their place any more: what still arrives is written, and what does not is read again
				for (const release of open) release();
			});
			return concat(scans.pipe(pages), following.pipe(pages), end).subscribe({
				next: page => subscriber.next(page),
				error: error => subscriber.error(error),
				complete() {
					stream.ended = 'complete';
					subscriber.complete();
				},
			});
		});
}
