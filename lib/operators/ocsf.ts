import type {OperatorFunction} from 'rxjs';
import {reasonOf} from '../model/errors.ts';
import type {AuditEvent} from '../model/event.ts';
import {checkCommon} from '../source/common-record.ts';
import type {Page} from '../model/page.ts';
import {type OcsfEvent, toOcsf} from '../schemas/ocsf.ts';
import {eachPage, mapOrReject} from './each-page.ts';

/**
 * Pages of events in the Open Cybersecurity Schema Framework, one for each common record: {@link toOcsf}. Put it behind
 * `normalize()`.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(normalize(), ocsf(), toEvents()).subscribe(event => console.log(event.type_uid));
 * ```
 */
export function ocsf(): OperatorFunction<Page<AuditEvent>, Page<OcsfEvent>> {
	return eachPage('ocsf', page =>
		mapOrReject(
			page,
			event => toOcsf(checkCommon('ocsf', event), page.source),
			error => `an operator failed: ${reasonOf(error)}`,
		),
	);
}
