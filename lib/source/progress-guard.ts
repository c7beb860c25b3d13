import {hash} from 'node:crypto';
import {type AuditError, SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import {IdentitySet} from '../model/identity-set.ts';
import {bytesAsText, type Fetched, isEmpty} from './scan.ts';

/** What an answer says of how its pass goes on. */
export interface Signs {
	/** Whether the API gave nothing at all. */
	readonly isEmpty: boolean;
	/** What tells the next page from others; absent at the end. */
	readonly next: Json | undefined;
	/** What tells its records from others; absent where those that were known already are left out. */
	readonly identities?: readonly string[] | undefined;
	/** What its records say, where equal ones may be several. */
	readonly contents?: readonly string[] | undefined;
}

/** What an answer says of how its pass goes on. */
export function signsOf(answer: Fetched<unknown>): Signs {
	const {records, rejected = [], rows, next, nextKey = next} = answer;
	const progress = {isEmpty: isEmpty(answer) && !rows, next: nextKey};
	// where rows are counted, those that were known already are left out
	if (rows !== undefined) return progress;
	const flawed = rejected.map(({text}) => bytesAsText(text));
	const identities = [...records.map(({id}) => `id ${id}`), ...flawed];
	if (answer.nextKey === undefined) return {...progress, identities};
	return {...progress, identities, contents: [...records.map(({text}) => bytesAsText(text)), ...flawed]};
}

/** Notices when a pass goes round in circles. One guard is for one pass. */
interface ProgressGuard {
	/** The error to raise when this answer leads nowhere new. */
	check(signs: Signs): AuditError | undefined;
	/** The error to raise when a cursor was refused at the same place before: nothing was read in between. */
	refused(edgeMs: number | undefined): AuditError | undefined;
}

interface ProgressGuardOptions {
	/** The cursor that the pass begins with. */
	readonly cursor?: Json | undefined;
	/** So many empty pages in a row, each with a next one, are an error. Default: 1,000. */
	readonly maxEmptyPages?: number | undefined;
	/** How many cursors are remembered, to notice one that comes back. Default: 65,536. */
	readonly maxCursors?: number;
	/** About how many records are remembered: the first ones and the last ones. Default: 500,000. */
	readonly maxRecords?: number;
}

/** A guard for one pass of the source with this name. */
export function createProgressGuard(name: string, options: ProgressGuardOptions = {}): ProgressGuard {
	const {cursor, maxEmptyPages = 1000, maxCursors = 65_536, maxRecords = 500_000} = options;
	const seen = new Set<string>(cursor === undefined ? [] : [cursorKeyOf(cursor)]);
	let emptyPages = 0;
	let refusedAt: number | undefined | null = null;
	let isReread = false;
	const records = new SeenRecords(maxRecords);
	const contents = new SeenRecords(maxRecords);

	function stuck(got: string): AuditError {
		return new SourceError(
			'PAGING_NO_PROGRESS',
			`${name}: paging makes no progress: expected a new page, got ${got}; run again later to go on from the last page`,
		);
	}

	return {
		check({isEmpty, next, ...page}) {
			emptyPages = isEmpty ? emptyPages + 1 : 0;
			const known = records.read(page.identities);
			const equal = contents.read(page.contents);
			if (known === 0) isReread = false;
			if (next === undefined) {
				return known > 0 && !isReread ? stuck('only records that it had given before, and then an end') : undefined;
			}
			// so many pages hold all that was seen; equal records may be others, but not for ever
			if (known > Math.min(maxKnownPages, records.pagesOf(page.identities)) || equal > maxKnownPages) {
				return stuck(`${Math.max(known, equal)} pages in a row of records that it had given before`);
			}
			if (emptyPages >= maxEmptyPages) return stuck(`${emptyPages} empty pages in a row, each with a next one`);
			const key = cursorKeyOf(next);
			if (seen.has(key)) return stuck('a cursor that it had already given in this pass');
			seen.add(key);
			if (seen.size > maxCursors) for (const oldest of seen) return void seen.delete(oldest);
			return undefined;
		},
		refused(edgeMs) {
			if (refusedAt === edgeMs) return stuck('a refusal of each cursor that it gave');
			refusedAt = edgeMs;
			isReread = true;
			// reading on from the edge may well come to a cursor that was given before
			seen.clear();
			return undefined;
		},
	};
}

/** After so many pages of known records there is nothing else. */
const maxKnownPages = 1000;

/** The records of a pass, to notice pages that hold no others. */
class SeenRecords {
	#seen = new IdentitySet();
	#pages = 0;
	#known = 0;
	#first: number | undefined;
	readonly #max: number;
	#forgetAt: number;

	constructor(max: number) {
		this.#max = max;
		this.#forgetAt = max;
	}

	/** How many pages in a row, this one included, held only records of pages before them. */
	read(identities: readonly string[] = []): number {
		if (identities.length === 0) return this.#known;
		this.#pages++;
		let fresh = 0;
		for (const identity of identities) if (this.#seen.add(identity, this.#pages)) fresh++;
		this.#known = fresh === 0 ? this.#known + 1 : 0;
		if (this.#seen.size > this.#forgetAt) this.#forget();
		return this.#known;
	}

	/** How many pages like this one all records fill. */
	pagesOf(identities: readonly string[] = []): number {
		return Math.ceil(this.#seen.size / Math.max(1, identities.length));
	}

	/** A pass that begins again comes to its first pages, one that turns in circles to its last ones. */
	#forget(): void {
		const kept = (this.#first ??= Math.ceil(this.#pages / 4));
		this.#seen = this.#seen.filter(page => page <= kept || page > this.#pages - kept);
		this.#forgetAt = this.#seen.size + this.#max / 2;
	}
}

/** Cursors may be long, and many of them are remembered. */
function cursorKeyOf(cursor: Json): string {
	const text = JSON.stringify(cursor);
	return text.length > 64 ? hash('sha256', text, 'base64') : text;
}
