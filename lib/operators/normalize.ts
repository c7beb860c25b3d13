import {isCatchAll} from '../model/activity.ts';
import type {OperatorFunction} from 'rxjs';
import {reasonOf} from '../model/errors.ts';
import type {AuditEvent} from '../model/event.ts';
import {commonRecord} from '../source/common-record.ts';
import {ownText, type Page, type SourceRecord} from '../model/page.ts';
import {eachPage, mapOrReject} from './each-page.ts';

export interface NormalizeOptions {
	/** Whether each event has its record's own text as `raw`; default: true. */
	readonly raw?: boolean;
}

/**
 * Pages of common records ({@link AuditEvent}), by the mapping that their source states; `raw` is each record's own
 * text. A lone half of a surrogate pair is U+FFFD in every member but `raw`. An event that cannot be mapped becomes a
 * dead letter of its page, and the page goes on; actions that no rule of the source knows are counted in the report.
 *
 * ```ts
 * orgEvents({orgId, token}).pipe(normalize(), toEvents()).subscribe(event => console.log(event.time, event.action));
 * ```
 */
export function normalize({raw: withRaw = true}: NormalizeOptions = {}): OperatorFunction<Page, Page<AuditEvent>> {
	return eachPage('normalize', page => {
		const {source} = page;
		const unknownActions = new Map(page.unknownActions);
		const normalized = (value: unknown, record: SourceRecord): AuditEvent => {
			const raw = ownText(record);
			const mapped = commonRecord(source, record, value);
			const event = mayHoldHalf(raw) ? (wellFormed(mapped) as AuditEvent) : mapped;
			const {action, activity} = event;
			if (source.ruleOf && action !== undefined && (activity === undefined || isCatchAll(activity))) {
				unknownActions.set(action, (unknownActions.get(action) ?? 0) + 1);
			}
			return withRaw ? withOwnText(event, raw) : event;
		};
		const events = mapOrReject(page, normalized, error => `cannot be normalized: ${reasonOf(error)}`);
		return events.with({unknownActions});
	});
}

/** Sets `raw` in place: the event was made for this page, and nobody else has it. */
function withOwnText(event: {-readonly [Key in keyof AuditEvent]: AuditEvent[Key]}, raw: string): AuditEvent {
	event.raw = raw;
	return event;
}

/** The escape of one half of a surrogate pair; the other half may stand beside it or not. */
const halfPair = /\\u[dD][89a-fA-F]/;

/** Most records have no such escape, and a search for its two letters takes half the time. */
function mayHoldHalf(raw: string): boolean {
	return (raw.includes('\\ud') || raw.includes('\\uD')) && halfPair.test(raw);
}

const loneHalf = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The same with U+FFFD for each lone half of a pair, which readers like jq refuse; `raw` keeps it, as an escape. */
function wellFormed(value: unknown): unknown {
	if (typeof value === 'string') return value.replace(loneHalf, '\ufffd');
	if (Array.isArray(value)) return value.map(wellFormed);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, wellFormed(member)]));
}
