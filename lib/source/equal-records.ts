import {type SourceRecord, withNumber} from '../model/page.ts';

/** How often each id came so far among the records of one millisecond. Plain JSON: it is part of a cursor. */
export interface EqualRecords {
	readonly ms: number;
	readonly counts: Readonly<Record<string, number>>;
}

/**
 * Numbers records that are equal in all that identifies them, so that true twins both survive: the second one of a
 * millisecond gets `-2` behind its id, and so on. Reading a millisecond again from its beginning gives the same ids.
 * `before` is what the page before ended with; the records must be in the API's order.
 */
export function numberEquals(
	records: readonly SourceRecord[],
	before?: EqualRecords,
): {records: readonly SourceRecord[]; last: EqualRecords | undefined} {
	let ms = before?.ms;
	let counts = new Map(Object.entries(before?.counts ?? {}));
	const numbered = records.map(record => {
		if (record.orderMs !== ms) {
			ms = record.orderMs;
			counts = new Map();
		}
		const count = (counts.get(record.id) ?? 0) + 1;
		counts.set(record.id, count);
		return withNumber(record, count);
	});
	return {records: numbered, last: ms === undefined ? undefined : {ms, counts: Object.fromEntries(counts)}};
}
