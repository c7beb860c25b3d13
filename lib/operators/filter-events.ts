import type {OperatorFunction} from 'rxjs';
import {keepEvents, type Page, type SourceRecord} from '../model/page.ts';
import {eachEvent} from './map-events.ts';

/**
 * Pages with only those events for which `predicate` is true; a promise is awaited, page by page. A page that loses
 * all its events stays in the stream, empty, since its position and its acknowledgement count. An event for which
 * `predicate` throws or rejects becomes a dead letter.
 *
 * ```ts
 * pages$.pipe(normalize(), filterEvents(event => event.outcome === 'failure'));
 * ```
 */
export function filterEvents<T>(
	predicate: (event: T, record: SourceRecord) => boolean | Promise<boolean>,
): OperatorFunction<Page<T>, Page<T>> {
	return eachEvent(predicate, (page, results, _ok, rejected) => keepEvents(page, results.map(Boolean), rejected));
}
