import type {z} from 'zod';
import type {Answer} from './answer.ts';
import type {PageFault} from './faults.ts';
import type {RateLimitState} from './rate-limit.ts';
import type {Setting} from './setting.ts';

/** A request that got past authorization, rate limit and the faults that need no route. */
export interface ApiRequest {
	/** Counts from 1 over all API requests. */
	readonly number: number;
	/** The origin that the client asked, by its Host header. */
	readonly origin: string;
	/** The path inside the emulator's path prefix, as it was sent. */
	readonly path: string;
	/** The groups of the route's path, decoded. */
	readonly parameters: readonly string[];
	readonly query: URLSearchParams;
	/** Empty for GET. */
	readonly body: string;
	/** What the page should do wrong. */
	readonly fault: PageFault | undefined;
}

/** One resource of an API. */
export interface Route {
	readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
	readonly path: RegExp;
	/**
	 * Answers a part of the records, so that records may come and go between two answers. It obeys `request.fault`, and its
	 * cursors are those of `createCursors`, which faults make repeat, turn in circles and be refused.
	 */
	readonly paged?: boolean;
	/** The words of its failures, where they are not those of the API. */
	errorOf?(status: number): Answer;
	answer(request: ApiRequest): Answer;
}

/** A record that an API holds. */
export interface EmulatedRecord {
	/** As the API gives it; absent where it gives none. */
	readonly id?: string;
	/** Where records have no id: the number of the row, which a cursor may show. Ascending as they were stored. */
	readonly rowId?: number;
	/** When it happened. */
	readonly timeMs: number;
	/** When the server took it in, where the API tells. */
	readonly processedMs?: number;
	/** The exact JSON text as it is served; a set stands in one of its orders. */
	readonly text: string;
}

export interface NewRecord {
	readonly timeMs: number;
	/** The exact text to serve, whose time should be `timeMs`. Default: a record like the others. */
	readonly text?: string;
	/** Of an event of an organization; `text` should hold it. */
	readonly id?: string;
	/** When the server took in an event of an organization. Default: after all others. */
	readonly processedMs?: number;
}

/** Bounds of the time that the API orders by, epoch milliseconds, inclusive. */
export interface RecordBounds {
	readonly from?: number | undefined;
	readonly to?: number | undefined;
}

/** What one API holds: what a test compares with, and changes under the reader. */
export interface EmulatedApi {
	/** In the API's order, the newest first whatever way it is read. Must not be read across a change. */
	records(bounds?: RecordBounds): Iterable<EmulatedRecord>;
	/** Adds records of any time, visible from the next request on. One that the API gave, added again, is its twin. */
	insert(records: readonly NewRecord[]): EmulatedRecord[];
	/** Deletes the records that `isGone` names, from the newest (index 0) on, and returns them. */
	remove(isGone: (record: EmulatedRecord, index: number) => boolean): EmulatedRecord[];
}

/** The routes of one API, what it holds, and the words of the server that stands before it. */
export interface Api {
	readonly routes: readonly Route[];
	readonly auth: readonly ('basic' | 'bearer')[];
	readonly held: EmulatedApi;
	/** A refusal or failure of this status. */
	errorOf(status: number): Answer;
	/** How the rate limit shows in the headers of every answer. Default: as the Atlassian cloud does it. */
	rateHeaders?(state: RateLimitState): Readonly<Record<string, string>>;
}

/** What a test must know of how a source reads this API, beside what the source says of itself. */
export interface Reading {
	/** The options that it cannot do without, besides endpoint, credentials and page size. */
	readonly options?: Readonly<Record<string, unknown>>;
	/** The page size, where the API does not let anybody choose it. */
	readonly pageSize?: number;
	/** True where an empty page is an end, whatever else it says. */
	readonly emptyPageEnds?: boolean;
	/** What keeps the records the same while they are read. */
	readonly switches?: Readonly<Record<string, unknown>>;
}

/** The default export of `apis/<name of its source>.ts`. */
export interface ApiDefinition {
	/** What lies between the emulator's address and the API; its routes begin with it. Default: nothing. */
	contextOf?(switches: Readonly<Record<string, unknown>>): string;
	/** Groups of switches by their name; APIs may share one. */
	readonly switches?: Readonly<Record<string, z.ZodType>>;
	readonly reading?: Reading;
	create(setting: Setting): Api;
}
