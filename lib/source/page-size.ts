import {SourceError, type Spelling} from '../model/errors.ts';
import type {Fetched, ReadPage} from './paginate.ts';
import {concernsPage, isTooMuch} from './page-failure.ts';

interface PageSizeOptions {
	/** What the user asks for; absent: the largest page. */
	readonly pageSize: number | undefined;
	/** The largest page of the API; absent: what the API gives where no size is asked for. */
	readonly largestPage: number | undefined;
	/** Whether the requests of this source say how large a page is to be. */
	readonly inRequest: boolean;
	/** How often a request is sent at most. */
	readonly maxAttempts: number;
}

/** Reads pages of a size, each request sent so often at most. */
type ReaderOf<T> = (pageSize: number | undefined, maxAttempts: number) => ReadPage<T>;

/** No API gives more where nothing is asked for. */
const largestDefault = 1000;
/** Behind a failure for good, when it is the server that fails, not the page. */
const attemptsBehindFailure = 2;
const maxPatience = 64;

/**
 * Reads pages of the size that was asked for, else of the largest; of the API's own size where it refuses that. Where a page is too large or too slow it asks for half, a quarter, down
 * to 1, each once, so that a server that is down is not waited for at each size. Then pages double again; after
 * a growth that failed the next one is tried twice as many pages later. After a page has failed for good, and until one
 * comes, it asks twice at most, and of smaller pages only for one of 1.
 */
export function createSizedReader<T>(readerOf: ReaderOf<T>, options: PageSizeOptions): ReadPage<T> {
	const {largestPage, inRequest, maxAttempts} = options;
	let pageSize = options.pageSize ?? largestPage;
	/** Whether no page of a size that nobody asked for has come yet. */
	let mayBeOverCap = options.pageSize === undefined && largestPage !== undefined && inRequest;
	/** What came last, where that is less than what is wanted. */
	let small: number | undefined;
	/** The most that came where nothing was asked for. */
	let most = 0;
	let failing = false;
	/** How many pages must come before a larger one is asked for, and how many have. */
	let patience = 1;
	let streak = 0;

	return async (scan, signal) => {
		const grown = grownSize();
		const size = grown ?? small ?? pageSize;
		// a larger page that fails is no failure: the size that is known to come follows
		const attempts = grown === undefined ? fullAttempts() : 1;
		try {
			const answer = await readerOf(size, attempts)(scan, signal);
			came(size, answer);
			return answer;
		} catch (error) {
			if (isTooMuch(error) && inRequest && !signal.aborted) return smaller(error, size, scan, signal);
			if (isRefused(error) && size === pageSize && mayBeOverCap && !signal.aborted)
				return ofOwnSize(error, scan, signal);
			failing ||= concernsPage(error);
			throw error;
		}
	};

	function fullAttempts(): number {
		return failing ? Math.min(attemptsBehindFailure, maxAttempts) : maxAttempts;
	}

	/** Undefined where it is not yet time. */
	function grownSize(): number | undefined {
		if (small === undefined || streak < patience) return undefined;
		return Math.min(small * 2, largest());
	}

	function largest(): number {
		return pageSize ?? (most || largestDefault);
	}

	/** The API may allow less than is known of it: a page without a size says whether it was that. */
	async function ofOwnSize(error: unknown, ...[scan, signal]: Parameters<ReadPage<T>>): Promise<Fetched<T>> {
		mayBeOverCap = false;
		const answer = await readerOf(undefined, fullAttempts())(scan, signal).catch(() => Promise.reject(error));
		pageSize = undefined;
		came(undefined, answer);
		return answer;
	}

	function came(size: number | undefined, answer: Fetched<T>): void {
		mayBeOverCap = false;
		const rows = answer.rows ?? answer.records.length + (answer.rejected?.length ?? 0);
		// an empty page says little of what is behind it
		if (rows > 0) failing = false;
		if (size === undefined) most = Math.max(most, rows);
		if (small === undefined || size === undefined) return;
		streak = size > small ? 0 : streak + 1;
		small = size < largest() ? size : undefined;
	}

	async function smaller(
		error: SourceError,
		asked: number | undefined,
		...[scan, signal]: Parameters<ReadPage<T>>
	): Promise<Fetched<T>> {
		const known = small;
		if (known !== undefined) patience = Math.min(patience * 2, maxPatience);
		const sizes = sizesBelow(asked ?? largest());
		for (const size of sizes) {
			try {
				const answer = await readerOf(size, size === known ? fullAttempts() : 1)(scan, signal);
				failing = false;
				small = size;
				streak = 1;
				return answer;
			} catch (reason) {
				// a size that nobody has asked for may be more than the API allows
				const refused = isRefused(reason) && options.pageSize === undefined;
				if (signal.aborted || !(isTooMuch(reason) || refused)) throw reason;
			}
		}
		failing = true;
		throw sizes.length === 0 ? error : inVain(error);
	}

	function sizesBelow(size: number): number[] {
		if (failing) return size > 1 ? [1] : [];
		const sizes = [];
		for (let half = Math.floor(size / 2); half >= 1; half = Math.floor(half / 2)) sizes.push(half);
		return sizes;
	}
}

function isRefused(error: unknown): boolean {
	return error instanceof SourceError && error.status === 400;
}

function inVain(error: SourceError): SourceError {
	const {code, status} = error;
	const wording = (spell: Spelling) =>
		`${error.spelled(spell)}; smaller pages failed too, down to one of a single event ` +
		`(${spell('pageSize')} and ${spell('maxBodyBytes')} say how large pages may be)`;
	return new SourceError(code, wording, {cause: error, status});
}
