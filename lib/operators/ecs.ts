import type {OperatorFunction} from 'rxjs';
import {reasonOf} from '../model/errors.ts';
import type {AuditEvent} from '../model/event.ts';
import {checkCommon} from '../source/common-record.ts';
import type {Page} from '../model/page.ts';
import {type EcsEvent, toEcs} from '../schemas/ecs.ts';
import {eachPage, mapOrReject} from './each-page.ts';

/**
 * Pages of events in the Elastic Common Schema, one for each common record: {@link toEcs}. Put it behind `normalize()`.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(normalize(), ecs(), toEvents()).subscribe(event => console.log(event.event.category));
 * ```
 */
export function ecs(): OperatorFunction<Page<AuditEvent>, Page<EcsEvent>> {
	return eachPage('ecs', page =>
		mapOrReject(
			page,
			event => toEcs(checkCommon('ecs', event), page.source),
			error => `an operator failed: ${reasonOf(error)}`,
		),
	);
}
