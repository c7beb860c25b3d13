import {map, type OperatorFunction} from 'rxjs';
import {reasonOf} from '../errors.ts';
import type {AuditEvent} from '../event.ts';
import {keepEvents, type Page, type Rejected} from '../page.ts';

/**
 * Pages of common records ({@link AuditEvent}), by the mapping that their source states; `raw` is each record's own
 * text. An event that cannot be mapped becomes a dead letter of its page, and the page goes on.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(normalize(), toEvents()).subscribe(event => console.log(event.time, event.action));
 * ```
 */
export function normalize(): OperatorFunction<Page, Page<AuditEvent>> {
	return map(page => {
		const {source} = page;
		const rejected: Rejected[] = [];
		const keep = new Array<boolean>(page.events.length).fill(true);
		const events = page.events.map((value, index) => {
			const record = page.records[index]!;
			try {
				return {
					id: record.id,
					time: new Date(record.timeMs).toISOString(),
					source: source.name,
					tenant: source.tenant,
					...(source.normalize(value) as object),
					raw: record.raw ?? decode(record.text),
				} satisfies AuditEvent;
			} catch (error) {
				keep[index] = false;
				rejected.push({id: record.id, text: record.text, reason: `cannot be normalized: ${reasonOf(error)}`});
				return undefined as never;
			}
		});
		return keepEvents<AuditEvent>({...page, events, verbatim: false}, keep, rejected);
	});
}

function decode(text: Uint8Array): string {
	return Buffer.from(text.buffer, text.byteOffset, text.length).toString('utf8');
}
