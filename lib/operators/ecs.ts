import type {OperatorFunction} from 'rxjs';
import type {AuditEvent} from '../model/event.ts';
import {checkCommon} from '../source/mapping.ts';
import type {Page} from '../model/page.ts';
import {type EcsEvent, toEcs} from '../schemas/ecs.ts';
import {mapEvents} from './map-events.ts';

/**
 * Pages of events in the Elastic Common Schema, one for each common record: {@link toEcs}. Put it behind `normalize()`.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(normalize(), ecs(), toEvents()).subscribe(event => console.log(event.event.category));
 * ```
 */
export function ecs(): OperatorFunction<Page<AuditEvent>, Page<EcsEvent>> {
	return mapEvents((event, _record, source) => toEcs(checkCommon('ecs', event), source));
}
