import type {MonoTypeOperatorFunction} from 'rxjs';
import type {Page, SourceRecord} from '../model/page.ts';
import {eachEvent, type EventsOptions} from './map-events.ts';

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
	options: EventsOptions = {},
): MonoTypeOperatorFunction<Page<T>> {
	return eachEvent('filterEvents', predicate, options, (page, kept, rejected) => {
		const entries = kept.filter(({event: isKept}) => isKept).map(({of}) => of);
		return entries.length === page.entries.length ? page : page.with({entries, rejected});
	});
}
