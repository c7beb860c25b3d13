import type {Interval} from './interval-set.ts';

export interface GapSearch {
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	/** Reads a span in the API's order; resolves with what could not be read of it, empty when all was. */
	read(span: Interval): Promise<Interval>;
	/** How many spans may still fail, of all searches together. */
	readonly left: {failures: number};
}

/** Time is not cut finer: what is left of a gap then. */
export const smallestSpanMs = 60_000;

/**
 * Reads what lies behind a bad page: the far half of what is unread, then the far half of the rest, until that is
 * small; where a half fails at once, the far half of it. So one bad page hides a minute or two, at the cost of
 * log₂(unread span / 1 min) requests beside those for the records, and of the failures that are allowed.
 */
export async function readAroundGap(open: Interval, search: GapSearch): Promise<void> {
	const {order, read, left} = search;
	if (order === 'none') return;
	let [low, high] = open;
	let widthMs = half(high - low);
	while (widthMs >= smallestSpanMs && left.failures > 0) {
		const cutMs = order === 'oldest-first' ? high - widthMs : low + widthMs;
		// whole seconds, since a record without a fraction is in both spans otherwise
		const borderMs = Math.floor(cutMs / 1000) * 1000;
		const span: Interval = order === 'oldest-first' ? [borderMs, high] : [low, borderMs];
		const unread = await read(span);
		if (unread[0] < unread[1]) {
			left.failures--;
			if (unread[0] === span[0] && unread[1] === span[1]) {
				widthMs = half(widthMs);
				continue;
			}
			await readAroundGap(unread, search);
		}
		if (order === 'oldest-first') high = borderMs;
		else low = borderMs;
		widthMs = half(high - low);
	}
}

function half(ms: number): number {
	return Math.floor(ms / 2);
}
