import type {RecordShape} from './org-records.ts';

/** Which events: those for which all of it holds. */
export interface EventFilter {
	/** Epoch milliseconds, inclusive. */
	readonly from?: number | undefined;
	/** Epoch milliseconds, inclusive. */
	readonly to?: number | undefined;
	readonly action?: string | undefined;
	/** Ids: any of these. */
	readonly actor?: readonly string[];
	readonly ip?: readonly string[];
	/** Part of the record's text, its id and time left out; upper and lower case are the same. */
	readonly q?: string | undefined;
}

/** Tells whether all records of a shape match, their times aside: each shape is asked once and not once a row. */
export function shapeMatcher(filter: EventFilter): (shape: RecordShape) => boolean {
	const {action, actor = [], ip = [], q} = filter;
	if (q === undefined && !asksForMembers(filter)) return () => true;
	const needle = q?.toLowerCase() ?? '';
	const answers = new Map<RecordShape, boolean>();
	return shape => {
		const known = answers.get(shape);
		if (known !== undefined) return known;
		const answer =
			(action === undefined || shape.action === action) &&
			(actor.length === 0 || actor.includes(shape.actorId)) &&
			(ip.length === 0 || (shape.ip !== undefined && ip.includes(shape.ip))) &&
			shape.text.toLowerCase().includes(needle);
		answers.set(shape, answer);
		return answer;
	};
}

/** Tells whether a record of which only the text is known matches: never, when its members are asked for. */
export function textMatcher(filter: EventFilter): (text: string) => boolean {
	const needle = filter.q?.toLowerCase() ?? '';
	return text => !asksForMembers(filter) && text.toLowerCase().includes(needle);
}

function asksForMembers({action, actor = [], ip = []}: EventFilter): boolean {
	return action !== undefined || actor.length > 0 || ip.length > 0;
}
