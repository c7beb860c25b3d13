import {concatMap, from, type Observable, of, type OperatorFunction} from 'rxjs';
import {reasonOf} from '../model/errors.ts';
import {keepEvents, type Page, type Rejected, type SourceFacts, type SourceRecord} from '../model/page.ts';

/**
 * Pages in which each event is what `project` made of it, in the same order; a promise is awaited, page by page. What
 * is written afterwards is the new event, never the record's own text, even where `project` gave the same object
 * back. An event for which it throws or rejects becomes a dead letter of its page, and the page goes on.
 *
 * ```ts
 * pages$.pipe(normalize(), mapEvents(({actor, ...event}) => event));
 * ```
 */
export function mapEvents<T, R>(
	project: (event: T, record: SourceRecord, source: SourceFacts) => R | Promise<R>,
): OperatorFunction<Page<T>, Page<R>> {
	return eachEvent(project, (page, results, keep, rejected) =>
		keepEvents<R>({...page, events: results as readonly R[], verbatim: false}, keep, rejected),
	);
}

/** What `each` gave for the events of every page, handed to `conclude` with a dead letter for each that failed. */
export function eachEvent<T, V, R>(
	each: (event: T, record: SourceRecord, source: SourceFacts) => V | Promise<V>,
	conclude: (
		page: Page<T>,
		results: readonly (V | undefined)[],
		ok: readonly boolean[],
		rejected: readonly Rejected[],
	) => Page<R>,
): OperatorFunction<Page<T>, Page<R>> {
	return concatMap((page): Observable<Page<R>> => {
		const rejected: Rejected[] = [];
		const ok = new Array<boolean>(page.events.length).fill(true);
		let promised = false;
		const fail = (index: number, error: unknown) => {
			const record = page.records[index]!;
			ok[index] = false;
			rejected.push({id: record.id, text: record.text, reason: `an operator failed: ${reasonOf(error)}`});
			return undefined;
		};
		const results = page.events.map((event, index) => {
			try {
				const result = each(event, page.records[index]!, page.source);
				if (!isPromise(result)) return result;
				promised = true;
				return Promise.resolve(result).catch((error: unknown) => fail(index, error));
			} catch (error) {
				return fail(index, error);
			}
		});
		return promised
			? from(Promise.all(results.map(async result => result)).then(settled => conclude(page, settled, ok, rejected)))
			: of(conclude(page, results as (V | undefined)[], ok, rejected));
	});
}

/** Also one of another library: what is awaited must not be written as it is. */
function isPromise<V>(result: V | Promise<V>): result is Promise<V> {
	return typeof (result as {then?: unknown} | null | undefined)?.then === 'function';
}
