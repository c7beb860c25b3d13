import {concat, concatMap, defer, EMPTY, Observable, type OperatorFunction, throwError} from 'rxjs';
import type {BudgetPlace} from '../model/budget.ts';
import type {Page, SourceFacts} from '../model/page.ts';
import {roomFor, streamPage} from './stream-page.ts';
import {createProgressGuard} from './progress-guard.ts';
import {readAroundGap} from './around-gap.ts';
import type {SourceError} from '../model/errors.ts';
import type {Interval} from './interval-set.ts';
import {
	advance,
	type Fetched,
	begin,
	edgeText,
	finishScan,
	gapsIn,
	isEmpty,
	isWithin,
	leaveGap,
	nowhere,
	signsOf,
	type ReadPage,
	type Scan,
	type SourcePosition,
	spanText,
	spansOf,
	withoutCursor,
} from './scan.ts';
import {freshStart, type SourcePlace, type Start} from '../model/start.ts';
import type {PageStream} from '../model/stream.ts';

export type {Fetched, ReadPage};

export interface PaginateOptions {
	readonly source: SourceFacts;
	/** How far the source has come before the first pass. */
	readonly position?: SourcePosition;
	/** The passes after those of the stream, asked for when these are over. */
	readonly following?: ((position: SourcePosition) => readonly Scan[]) | undefined;
	readonly start?: Start;
	/** The source's place in the run; default: one of the name and tenant of `source`. */
	readonly place?: SourcePlace;
	/** True where a cursor is an offset: times are no bounds then, since records may be in any order. */
	readonly byOffset?: boolean;
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
export function paginate<T>(read: ReadPage<T>, options: PaginateOptions): OperatorFunction<Scan, Page<T>> {
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
			const pages = concatMap((scan: Scan) => pagesOfScan(scan, paging, read, start, options));
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

interface Paging {
	position: SourcePosition;
	readonly stream: PageStream;
	/** Gives back the place of each page that is in memory; none refers to its page, which may be dropped. */
	readonly open: Set<() => void>;
	readonly fail: (reason: unknown) => void;
	/** What the first gap of this stream was left for. */
	failure?: SourceError;
	/** How many spans behind a gap may still fail. */
	readonly left: {failures: number; inRow: number};
	/** Whether anything ever came. */
	heard: boolean;
	/** The passes that gave nothing while nothing ever had. */
	readonly silent: Scan[];
	/** Whether it was said that nothing did. */
	silenceSaid?: true;
}

/** As many as a few bad pages need. */
const maxFailedProbes = 40;

function pagesOfScan<T>(
	scan: Scan,
	paging: Paging,
	read: ReadPage<T>,
	start: Start,
	options: PaginateOptions,
): Observable<Page<T>> {
	return new Observable(subscriber => {
		const unsubscribed = new AbortController();
		const signal = AbortSignal.any([unsubscribed.signal, start.signal]);
		readAll().then(
			() => subscriber.complete(),
			(error: unknown) => {
				if (!start.signal.aborted) return subscriber.error(error);
				start.interrupted = true;
				subscriber.complete();
			},
		);
		return () => unsubscribed.abort();

		async function readAll(): Promise<void> {
			const before = gapsIn(paging.position).map(spanText);
			try {
				const open = await readOrLeave(scan);
				const readSpan = ([sinceMs, untilMs]: Interval) => readOrLeave({sinceMs, untilMs, coversToMs: untilMs});
				await readAroundGap(open, {order: options.source.order, left: paging.left, read: readSpan});
			} finally {
				warnOfGaps(before);
			}
		}

		/** Once for each, when it is known how much could be read around what failed. */
		function warnOfGaps(before: readonly string[]): void {
			for (const gap of gapsIn(paging.position)) {
				if (before.includes(spanText(gap))) continue;
				start.meter.warn(
					`${options.source.name}: left a gap${spanText(gap)}, which is read again by the next run with this state, or by one that asks for that time: ${gap.reason}`,
				);
			}
		}

		/** Resolves with what could not be read. */
		async function readOrLeave(scan: Scan): Promise<Interval> {
			paging.position = begin(paging.position, scan);
			const pass = {scan};
			try {
				await readScan(pass);
				return [scan.untilMs, scan.untilMs];
			} catch (error) {
				const {order} = options.source;
				if (signal.aborted || order === 'none' || !options.concernsPage?.(error)) throw error;
				return leave(pass.scan, error);
			}
		}

		function leave(failed: Scan, error: SourceError): Interval {
			const {source} = options;
			const before = spansOf(paging.position);
			// where paging makes no progress, neither order nor emptiness proves anything; and an offset is right in any order
			const isPlace = options.byOffset || error.code === 'PAGING_NO_PROGRESS';
			const left: Scan = isPlace ? {...failed, unsorted: true} : failed;
			const {position, open} = leaveGap(paging.position, left, error.message, source.order);
			paging.position = position;
			paging.failure ??= error;
			// a smaller part of a gap that is known already says nothing new
			if (spansOf(position) === before) return open;
			start.meter.setGaps(source, gapsIn(position));
			emit(newPage({events: [], records: [], bytes: 0}));
			return open;
		}

		function finish(moved: SourcePosition, {sinceMs, untilMs, ...rest}: Scan): SourcePosition {
			const {name, order} = options.source;
			const heard = paging.heard || moved.watermarkMs !== undefined || rest.lastMs !== undefined || order === 'none';
			if (!heard && !paging.silenceSaid && !paging.failure) {
				paging.silenceSaid = true;
				start.meter.warn(
					`${name}: nothing came${spanText({sinceMs, untilMs})}, and nothing ever did, so that none of it counts as read; check the rights of the credentials, the filters and the address`,
				);
			}
			// what was empty says so as soon as anything came
			if (!heard) paging.silent.push({sinceMs, untilMs, ...rest});
			const silent = heard ? paging.silent.splice(0) : [];
			const scan = {sinceMs, untilMs, ...rest};
			const position = silent.reduce((at, one) => finishScan(at, one), finishScan(moved, scan, heard));
			start.meter.setGaps(options.source, gapsIn(position));
			return position;
		}

		function newPage(answer: Fetched<T>, place?: BudgetPlace): Page<T> {
			return streamPage(answer, {...paging, source: options.source, start, place});
		}

		async function readScan(pass: {scan: Scan}): Promise<void> {
			const {source, maxEmptyPages} = options;
			const guard = createProgressGuard(source.name, {cursor: pass.scan.cursor, maxEmptyPages});
			await start.ready;
			let place = await start.budget.acquire(signal);
			let pending = request(pass.scan);
			for (;;) {
				const answer = await pending.catch((error: unknown) => {
					if (pass.scan.cursor !== undefined && !signal.aborted && options.refusesCursor?.(error)) return undefined;
					place.release();
					throw error;
				});
				if (answer === undefined) {
					pass.scan = withoutCursor(pass.scan, source.order);
					start.meter.warn(`${source.name}: the cursor was refused; reading on from ${edgeText(pass.scan)}`);
					const stuck = guard.refused(pass.scan.edgeMs);
					if (stuck) {
						place.release();
						throw stuck;
					}
					pending = request(pass.scan);
					continue;
				}
				const {next} = answer;
				const stuck = guard.check(signsOf(answer));
				if (stuck && isEmpty(answer)) {
					place.release();
					throw stuck;
				}
				const page = pageOf(answer, pass.scan, stuck !== undefined, place);
				if (stuck || next === undefined) {
					emit(page);
					if (!stuck) return;
					pass.scan = paging.position.scan!;
					throw stuck;
				}
				pass.scan = {...paging.position.scan!, cursor: next};
				// the request for the next page is on its way before this one is worked on; not the first time, so that
				// a rate that an operator binds when it sees the first page holds from the second request on
				if (page.sequence > 0 && start.budget.hasRoom) {
					place = start.budget.take();
					pending = request(pass.scan);
					await new Promise(resolve => setImmediate(resolve));
					emit(page);
				} else {
					emit(page);
					place = await roomFor(start, signal, paging.fail);
					pending = request(pass.scan);
				}
			}
		}

		/** Until it is awaited its failure is nobody's. */
		function request(scan: Scan): Promise<Fetched<T>> {
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

		function pageOf(answer: Fetched<T>, current: Scan, isStuck: boolean, place: BudgetPlace): Page<T> {
			place.hold(answer.bytes);
			paging.heard ||= !isEmpty(answer) || Boolean(answer.rows);
			const keep = answer.records.map(record => isWithin(record, current));
			const within = <V>(rows: readonly V[]) => rows.filter((_, index) => keep[index]);
			const records = within(answer.records);
			const {place: reached} = answer;
			const before = reached === undefined ? paging.position : {...paging.position, place: reached};
			const moved = advance(before, current, records, options.source.order);
			if (isStuck) paging.position = moved;
			else if (answer.next === undefined) paging.position = finish(moved, current);
			else paging.position = {...moved, scan: {...moved.scan!, cursor: answer.next}};
			return newPage({...answer, events: within(answer.events), records}, place);
		}
	});
}
