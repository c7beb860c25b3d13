import type {PageFault} from './faults.ts';

/** Where `foreign-next` leads by default: nobody listens there. */
export const FOREIGN_ORIGIN = 'http://127.0.0.2:9';

export interface NextCursor {
	/** What the page was asked for with. */
	readonly given: string | undefined;
	/** The right cursor of the next page, undefined at the end. */
	readonly next: string | undefined;
	/** A new cursor for the place that the page was asked for. */
	readonly again: () => string;
}

/** What page faults make of the next cursor. It remembers the request before, so that cursors can go in a circle. */
export function createCursorFaults(): (fault: PageFault | undefined, cursor: NextCursor) => string | undefined {
	let before: string | undefined;
	return (fault, {given, next, again}) => {
		const cycled = before;
		before = given;
		if (fault?.kind === 'empty-pages' || fault?.kind === 'renew-cursor') return again();
		if (fault?.kind === 'repeat-cursor') return given ?? next;
		return fault?.kind === 'cycle-cursor' ? (cycled ?? next) : next;
	};
}
