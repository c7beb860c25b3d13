import {actionRules, isCatchAll} from '../model/activity.ts';
import type {AuditEvent, Json} from '../model/event.ts';
import {ownText, type SourceFacts, type SourceRecord} from '../model/page.ts';
import {parseRecord, readRecord, type RecordFacts} from './records.ts';
import type {SourceDefinition} from './definition.ts';
import type {Mapped} from './mapping.ts';
import {isoTime} from '../options/time.ts';

/** What a source states about its records that operators need to know. */
export function mappingFacts<T>(
	definition: Pick<SourceDefinition<{}, T>, 'name' | 'product' | 'id' | 'actions' | 'actionWords'> &
		Pick<Mapped, 'normalize'>,
): Pick<SourceFacts, 'product' | 'ownIds' | 'normalize' | 'ruleOf'> {
	const {name, product = {name}, id, actions, actionWords} = definition;
	return {
		product,
		ownIds: id !== undefined,
		normalize: (value, begin) => definition.normalize(value, begin) as unknown as Json,
		ruleOf: actions && actionRules(actions, actionWords),
	};
}

/** The common record of one record, without its `raw`. Throws where the source cannot map it. */
export function commonRecord(
	{name, tenant, normalize, ruleOf}: Pick<SourceFacts, 'name' | 'tenant' | 'normalize' | 'ruleOf'>,
	{id, timeMs}: Pick<SourceRecord, 'id' | 'timeMs'>,
	value: unknown,
): AuditEvent {
	const time = isoTime(timeMs);
	if (time === undefined) throw new RangeError(`expected a time in the years 0 to 9999, got ${timeMs} ms`);
	let isKnown = ruleOf === undefined;
	// a spread of the members behind these would take as long as a third of the mapping
	const event = normalize(value, action => {
		const rule = action === undefined ? undefined : ruleOf?.(action);
		if (rule && !isCatchAll(rule.activity)) isKnown = true;
		return rule ? {id, time, source: name, tenant, activity: rule.activity} : {id, time, source: name, tenant};
	});
	const record = event as unknown as AuditEvent & {outcome?: string};
	// no word of failure is no success, where nothing is known of what was done
	if (!isKnown && record.outcome === 'success') delete record.outcome;
	return record;
}

/** The event, where it is a common record; throws for another, which an operator behind `normalize()` may be given. */
export function checkCommon(operator: string, event: AuditEvent): AuditEvent {
	const {time, source} = (event ?? {}) as Partial<Record<string, unknown>>;
	if (typeof time === 'string' && typeof source === 'string') return event;
	throw new TypeError(`${operator}() expected a common record, got another event; put it behind normalize()`);
}

/** A source, as far as one of its records needs it. */
interface RecordsOf extends Pick<SourceFacts, 'name' | 'order'> {
	readonly records: Parameters<typeof mappingFacts>[0] & RecordFacts<never>;
}

export interface MappedRecord extends Pick<SourceFacts, 'product' | 'ownIds'> {
	readonly event: AuditEvent;
	/** The rule that says what its action is, where one does. */
	readonly rule: string | undefined;
}

/** One record by itself, from its own text. Throws where a run would make a dead letter of it. */
export function mapRecord({name, order, records: facts}: RecordsOf, text: string, tenant: string): MappedRecord {
	const {product, ownIds, normalize, ruleOf} = mappingFacts(facts);
	const listedAtMs = order === 'none' ? 0 : undefined;
	const record = readRecord(facts, parseRecord(Buffer.from(text)), listedAtMs);
	const event = commonRecord({name, tenant, normalize, ruleOf}, record, record.value);
	const rule = event.action === undefined ? undefined : ruleOf?.(event.action)?.rule;
	return {event: {...event, raw: ownText(record)}, rule, product, ownIds};
}
