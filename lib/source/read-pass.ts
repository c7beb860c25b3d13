import {Observable} from 'rxjs';
import {countSpan, mayFail, readAroundGap} from './around-gap.ts';
import type {BudgetPlace} from '../model/budget.ts';
import type {SourceError} from '../model/errors.ts';
import type {Interval} from './interval-set.ts';
import type {Page} from '../model/page.ts';
import type {PaginateOptions} from './paginate.ts';
import {createProgressGuard, signsOf} from './progress-guard.ts';
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
	type ReadPage,
	type Scan,
	type SourcePosition,
	spanText,
	spansOf,
	withoutCursor,
	withRest,
} from './scan.ts';
import type {Start} from '../model/start.ts';
import type {PageStream} from '../model/stream.ts';
import {roomFor, streamPage} from './stream-page.ts';
import {beyondTail, isFromTail, reachesBeyond, withTail} from './tail.ts';
import type {Cut} from './window.ts';

/** What the passes of one subscription share. */
export interface Paging {
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

/** A pass, or a part of one, as far as it has come. */
interface Pass {
	scan: Scan;
	/** Whether it may be read in windows. */
	readonly mayBeCut?: boolean;
	/** How, as soon as it is known: nothing of it counts as read then. */
	cut?: Cut | undefined;
	hasFailed?: true;
}

/** The pages of one pass, read as it is or window by window. */
export function pagesOfPass<T>(
	scan: Scan,
	paging: Paging,
	read: ReadPage<T>,
	start: Start,
	options: PaginateOptions<T>,
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
				let left: Scan | undefined = scan;
				/** Of the pass that another run began. */
				let {rest: pinned} = paging.position;
				while (left) {
					signal.throwIfAborted();
					const {first, rest = pinned}: Cut = options.windows?.next(left) ?? {first: left};
					paging.position = withRest(paging.position, rest);
					const mayBeCut = first === left && !pinned && mayFail(paging.left);
					if (await readPass({scan: first, mayBeCut})) continue;
					if (rest === pinned) pinned = undefined;
					// where one window after the other fails, the rest is one failure
					left = rest && !mayFail(paging.left) ? {...rest} : rest;
				}
			} finally {
				warnOfGaps(before);
			}
		}

		/** Resolves with true when it is to be read in windows. */
		async function readPass(pass: Pass): Promise<boolean> {
			const open = await readOrLeave(pass);
			countSpan(pass.hasFailed === true, paging.left);
			const readSpan = ([sinceMs, untilMs]: Interval) => readOrLeave({scan: {sinceMs, untilMs, coversToMs: untilMs}});
			await readAroundGap(open, {order: options.source.order, left: paging.left, read: readSpan});
			return pass.cut !== undefined;
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
		async function readOrLeave(pass: Pass): Promise<Interval> {
			const {scan} = pass;
			paging.position = begin(paging.position, scan);
			try {
				await readScan(pass);
				return [scan.untilMs, scan.untilMs];
			} catch (error) {
				const {order} = options.source;
				if (signal.aborted || start.asksOnce || order === 'none' || !options.concernsPage?.(error)) throw error;
				pass.hasFailed = true;
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
			return options.goesOnByCursor ? withTail(position, scan) : position;
		}

		function newPage(answer: Fetched<T>, place?: BudgetPlace): Page<T> {
			return streamPage(answer, {...paging, source: options.source, start, place});
		}

		async function readScan(pass: Pass): Promise<void> {
			const whole = pass.scan;
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
					const isTail = isFromTail(pass.scan);
					pass.scan = withoutCursor(pass.scan, source.order);
					if (!isTail)
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
				place.hold(answer.bytes);
				if (pass.mayBeCut && !stuck) pass.cut = await options.windows?.cut(whole, answer);
				const page = pageOf(answer, pass, stuck !== undefined, place);
				if (stuck || next === undefined || pass.cut) {
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

		function pageOf(answer: Fetched<T>, {scan, cut}: Pass, isStuck: boolean, place: BudgetPlace): Page<T> {
			const isBeyond = options.goesOnByCursor && reachesBeyond(answer, scan);
			const current = isBeyond ? {...scan, tailMs: beyondTail} : scan;
			paging.heard ||= !isEmpty(answer) || Boolean(answer.rows);
			const keep = answer.records.map(record => isWithin(record, current) || options.windows?.strays(record) === true);
			const within = <V>(rows: readonly V[]) => rows.filter((_, index) => keep[index]);
			const records = within(answer.records);
			const {place: reached} = answer;
			const before = reached === undefined ? paging.position : {...paging.position, place: reached};
			const moved = advance(before, current, records, options.source.order);
			if (isStuck) paging.position = moved;
			else if (cut) paging.position = withRest({...moved, scan: cut.first}, cut.rest);
			else if (answer.next === undefined) paging.position = finish(moved, moved.scan!);
			else paging.position = {...moved, scan: {...moved.scan!, cursor: answer.next}};
			return newPage({...answer, events: answer.events && within(answer.events), records}, place);
		}
	});
}
