import {hash} from 'node:crypto';
import {type AuditError, SourceError} from './errors.ts';
import type {Json} from './event.ts';

/** What an answer says of how its pass goes on. */
export interface Progress {
	/** Whether the API gave nothing at all. */
	readonly isEmpty: boolean;
	/** What tells the next page from others; absent at the end. */
	readonly next: Json | undefined;
}

/** Notices when a pass goes round in circles. One guard is for one pass. */
export interface ProgressGuard {
	/** The error to raise when this answer leads nowhere new. */
	check(progress: Progress): AuditError | undefined;
	/** The error to raise when a cursor was refused at the same place before: nothing was read in between. */
	refused(edgeMs: number | undefined): AuditError | undefined;
}

export interface ProgressGuardOptions {
	/** The cursor that the pass begins with. */
	readonly cursor?: Json | undefined;
	/** So many empty pages in a row, each with a next one, are an error. Default: 1,000. */
	readonly maxEmptyPages?: number | undefined;
	/** How many cursors are remembered, to notice one that comes back. Default: 65,536. */
	readonly maxCursors?: number;
}

/** A guard for one pass of the source with this name. */
export function createProgressGuard(name: string, options: ProgressGuardOptions = {}): ProgressGuard {
	const {cursor, maxEmptyPages = 1000, maxCursors = 65_536} = options;
	const seen = new Set<string>(cursor === undefined ? [] : [keyOf(cursor)]);
	let emptyPages = 0;
	let refusedAt: number | undefined | null = null;

	function stuck(got: string): AuditError {
		return new SourceError(
			'PAGING_NO_PROGRESS',
			`${name}: paging makes no progress: expected a new page, got ${got}; run again later to go on from the last page`,
		);
	}

	return {
		check({isEmpty, next}) {
			emptyPages = isEmpty ? emptyPages + 1 : 0;
			if (next === undefined) return undefined;
			if (emptyPages >= maxEmptyPages) return stuck(`${emptyPages} empty pages in a row, each with a next one`);
			const key = keyOf(next);
			if (seen.has(key)) return stuck('a cursor that it had already given in this pass');
			seen.add(key);
			if (seen.size > maxCursors) for (const oldest of seen) return void seen.delete(oldest);
			return undefined;
		},
		refused(edgeMs) {
			if (refusedAt === edgeMs) return stuck('a refusal of each cursor that it gave');
			refusedAt = edgeMs;
			// reading on from the edge may well come to a cursor that was given before
			seen.clear();
			return undefined;
		},
	};
}

/** Cursors may be long, and many of them are remembered. */
function keyOf(cursor: Json): string {
	const text = JSON.stringify(cursor);
	return text.length > 64 ? hash('sha256', text, 'base64') : text;
}
