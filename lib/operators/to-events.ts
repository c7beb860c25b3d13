import {Observable, type OperatorFunction} from 'rxjs';
import {AuditError} from '../model/errors.ts';
import type {Page} from '../model/page.ts';
import {pageFor} from './each-page.ts';

/**
 * The events, one by one; each page is acknowledged when its last event has been emitted. There is no backpressure
 * behind this point: a subscriber that works asynchronously gets events as fast as they arrive. Use `run()` with a
 * sink where that matters. A dead letter is an error here (`POISON_EVENT`), since there is nowhere to put it.
 *
 * ```ts
 * orgEvents({orgId, token, since: '24h'}).pipe(toEvents()).subscribe(event => console.log(event.id));
 * ```
 */
export function toEvents<T>(): OperatorFunction<Page<T>, T> {
	return pages =>
		new Observable(subscriber =>
			pages.subscribe({
				next(given) {
					const page = pageFor('toEvents', given);
					for (const {event} of page.entries) {
						if (subscriber.closed) return page.taken();
						subscriber.next(event);
					}
					const [poison] = page.rejected;
					if (!poison) return page.ack();
					const error = new AuditError(
						'POISON_EVENT',
						`${page.source.name}: event ${poison.id ?? 'without id'}: ${poison.reason}`,
					);
					page.nack(error);
					// a source that is over hears no nack any more
					subscriber.error(error);
				},
				error: error => subscriber.error(error),
				complete: () => subscriber.complete(),
			}),
		);
}
