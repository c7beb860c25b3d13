import type {Answer} from './answer.ts';
import type {RateLimitState} from './rate-limit.ts';
import type {Route} from './route.ts';

/** The APIs, each named as the source that reads it. */
export type ApiName =
	| 'atlassian-org-events'
	| 'atlassian-org-events-stream'
	| 'atlassian-org-users'
	| 'bitbucket-data-center'
	| 'confluence-cloud'
	| 'confluence-data-center'
	| 'crowd-data-center'
	| 'jira-cloud'
	| 'jira-data-center';

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

/** The routes of one API, and the words of the server that stands before them. */
export interface Api {
	readonly routes: readonly Route[];
	readonly auth: readonly ('basic' | 'bearer')[];
	/** A refusal or failure of this status. */
	errorOf(status: number): Answer;
	/** How the rate limit shows in the headers of every answer. Default: as the Atlassian cloud does it. */
	rateHeaders?(state: RateLimitState): Readonly<Record<string, string>>;
}
