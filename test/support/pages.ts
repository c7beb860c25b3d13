import type {AuditEvent, Json} from '../../lib/model/event.ts';
import type {Start} from '../../lib/model/start.ts';
import {Page, type Rejected, type SourceFacts, type SourceRecord} from '../../lib/model/page.ts';

export {type Heard, listen, settle} from '../../lib/testing/listen.ts';

export type TestRecord = Partial<SourceRecord> & {readonly id: string};

/** A record that says of itself what it is; `text` is the JSON of its value. */
export function recordOf({id, timeMs = 0, ...given}: TestRecord): SourceRecord {
	const value = given.value ?? {id, timeMs};
	return {
		id,
		timeMs,
		orderMs: timeMs,
		wholeSecond: false,
		text: Buffer.from(JSON.stringify(value)),
		...given,
		value,
	};
}

export function factsOf({normalize = () => ({}), ...given}: Partial<SourceFacts> = {}): SourceFacts {
	return {
		name: 'some-source',
		tenant: 'some-tenant',
		ids: 'global',
		order: 'newest-first',
		overlapMs: 3_600_000,
		maxEventBytes: 1_000_000,
		product: {vendor: 'Some Vendor', name: 'Some Product'},
		ownIds: true,
		normalize(value, begin) {
			const members = normalize(value) as unknown as AuditEvent;
			return Object.assign(begin?.(members.action) ?? {}, members) as unknown as Json;
		},
		limit: () => {},
		...given,
	};
}

/** What has happened to the pages that share it. */
export interface Settled {
	readonly taken: number[];
	readonly acked: number[];
	readonly nacked: unknown[];
}

export interface TestPage {
	readonly sequence?: number;
	readonly source?: SourceFacts;
	readonly rejected?: readonly Rejected[];
	readonly settled?: Settled;
	readonly position?: Json;
}

export function settledLog(): Settled {
	return {taken: [], acked: [], nacked: []};
}

/** A page as a source gives it: its events are the records' values. */
export function pageOf(
	given: readonly (TestRecord | string)[],
	{
		sequence = 0,
		source = factsOf(),
		rejected = [],
		settled = settledLog(),
		position = {after: sequence},
	}: TestPage = {},
): Page {
	const records = given.map(one => recordOf(typeof one === 'string' ? {id: one} : one));
	return Page.of(
		{
			events: records.map(({value}) => value),
			records,
			source,
			rejected,
			sequence,
			position,
			bytes: 1,
		},
		{
			taken: () => void settled.taken.push(sequence),
			acked: () => void settled.acked.push(sequence),
			nacked: reason => void settled.nacked.push(reason),
		},
	);
}

/** The same page as one of this run. */
export function inStart<T>(page: Page<T>, run: Start): Page<T> {
	const {events, records, source, sequence, position, bytes, rejected, verbatim, snapshots, duplicates, steps} = page;
	return Page.of(
		{events, records, source, sequence, position, bytes, rejected, run},
		{taken: () => page.taken(), acked: () => page.ack(), nacked: reason => page.nack(reason)},
	).with({verbatim, snapshots, duplicates, steps});
}

export function idsOf(page: Pick<Page, 'records'>): string[] {
	return page.records.map(({id}) => id);
}
