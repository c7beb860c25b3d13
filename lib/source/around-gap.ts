import type {Interval} from './interval-set.ts';

/** As many as a few bad pages need. */
export const maxFailedProbes = 40;

export interface GapSearch {
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	/** Reads a span in the API's order; resolves with what could not be read of it, empty when all was. */
	read(span: Interval): Promise<Interval>;
	/** How many spans may still fail, of all searches together, and how many have since one was read whole. */
	readonly left: {failures: number; inRow: number};
}

/** Time is not cut finer: what is left of a gap then. */
export const smallestSpanMs = 60_000;
/** A server that fails for so many spans in a row is down, or refuses such requests. */
const maxInRow = 8;
/** What an ascending log is tried with at its newest end: it may have begun long after what is unread does. */
const firstSpanMs = 86_400_000;

/**
 * Reads what lies behind a bad page: the far half of the unread span, then the far half of the rest, until the rest
 * is small. An ascending log is tried at its end first: a day, then twice as much, up to half. A span that fails at
 * once holds the beginning of the bad page, so the search goes on in it, and the spans before it are read last. One
 * bad page hides a minute or two; the search costs 2 · log₂(unread span / 1 min) requests at most, and the allowed
 * failures.
 */
export async function readAroundGap(open: Interval, search: GapSearch): Promise<void> {
	const {order, read, left} = search;
	if (order === 'none') return;
	const isRising = order === 'oldest-first';
	/** Where the bad page begins, as far as is known, and from where on all is read. */
	let [near, far] = isRising ? open : [open[1], open[0]];
	let widthMs = isRising ? firstSpanMs : Infinity;
	const spanOf = (from: number, to: number): Interval => (isRising ? [from, to] : [to, from]);
	while (mayFail(left)) {
		widthMs = Math.min(widthMs, Math.floor(Math.abs(far - near) / 2));
		if (widthMs < smallestSpanMs) break;
		// whole seconds, since a record without a fraction is in both spans otherwise
		const cut = Math.floor((isRising ? far - widthMs : far + widthMs) / 1000) * 1000;
		const span = spanOf(cut, far);
		const unread = await read(span);
		countSpan(unread[0] < unread[1], left);
		if (unread[0] === span[0] && unread[1] === span[1]) {
			near = cut;
			continue;
		}
		if (unread[0] < unread[1]) await readAroundGap(unread, search);
		far = cut;
		widthMs *= 2;
	}
	const first = isRising ? open[0] : open[1];
	if (near === first || !mayFail(left)) return;
	const before = spanOf(first, near);
	const unread = await read(before);
	countSpan(unread[0] < unread[1], left);
	const isSame = unread[0] === before[0] && unread[1] === before[1];
	if (unread[0] < unread[1] && !isSame) await readAroundGap(unread, search);
}

/** Whether another span may be tried. */
export function mayFail({failures, inRow}: GapSearch['left']): boolean {
	return failures > 0 && inRow < maxInRow;
}

/** Counts a span that was tried. */
export function countSpan(hasFailed: boolean, left: GapSearch['left']): void {
	if (hasFailed) left.failures--;
	left.inRow = hasFailed ? left.inRow + 1 : 0;
}
