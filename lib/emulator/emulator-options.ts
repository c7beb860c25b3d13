import type {ErrorBody} from './answer.ts';
import type {ApiName} from './api.ts';
import type {Churn} from './churn.ts';
import type {ConfluenceCloudSwitches} from './confluence-cloud-routes.ts';
import type {CrowdSwitches} from './crowd-routes.ts';
import type {DataCenterSwitches} from './data-center-routes.ts';
import type {Fault} from './faults.ts';
import type {RecordOptions} from './org-records.ts';
import type {StreamSwitches} from './org-stream-routes.ts';
import type {Bursts} from './org-timeline.ts';
import type {RateLimitOptions} from './rate-limit.ts';
import type {RequestLogEntry} from './request-log.ts';

export interface EmulatorOptions {
	/** Default: any free one. */
	readonly port?: number;
	/**
	 * How many records each API has. Default 1000. Millions cost the organization's events no memory, all others some
	 * for each record from the first request on.
	 */
	readonly events?: number;
	/** How many records these APIs have instead. */
	readonly eventsOf?: Readonly<Partial<Record<ApiName, number>>>;
	/** The same seed gives the same bytes. Default 1. */
	readonly seed?: number;
	/** The time of the newest event. Default: a fixed instant, 2026-01-31T23:59:59.987Z. */
	readonly newestMs?: number;
	/** The mean distance of two events in time. Default a minute. */
	readonly spacingMs?: number;
	/** What every answer waits for. Default 0. */
	readonly latencyMs?: number;
	/** Default: no limit. */
	readonly rateLimit?: RateLimitOptions;
	readonly faults?: readonly Fault[];
	/** The only token that is let in. Default `emulator`. */
	readonly token?: string;
	/** What Basic authentication asks for. Default `admin` and `emulator`. */
	readonly username?: string;
	readonly password?: string;
	/** The only organization. Default: every one is, with the same events. */
	readonly orgId?: string;
	/** The server's clock, epoch milliseconds. Default `Date.now`. Latency and faults wait in real time all the same. */
	readonly now?: () => number;
	readonly switches?: EmulatorSwitches;
	/** How many requests `Emulator.requests` remembers. Default 1000. */
	readonly keepRequests?: number;
	/** Called with each request before it is answered, so that a test can change records between two pages. */
	readonly onRequest?: (request: RequestLogEntry) => void;
}

/** What the real server does is not known in every detail: each switch changes one. */
export interface EmulatorSwitches {
	/** Answers with line breaks and indentation. */
	readonly prettyPrint?: boolean;
	/** Compresses for clients that accept it. */
	readonly gzip?: boolean;
	/** The origin of links to next pages, for example `https://api.atlassian.com`. Default the emulator's own. */
	readonly linkOrigin?: string;
	/** A path that everything lies below, for example `/proxy`. */
	readonly pathPrefix?: string;
	/**
	 * What the last page says of a next one: null, nothing, or the way to an empty page. Default for the organization's
	 * events null, for others nothing; APIs that end by another sign than that are not touched, nor is the events-stream.
	 */
	readonly end?: 'null' | 'absent' | 'empty-page';
	/** A larger `limit` is cut to this. Default 10 000, or less where the API's own limit is less. */
	readonly maxLimit?: number;
	/** Cursors are refused with ADMIN-400-1 after so many milliseconds, or so many requests. Default never. */
	readonly cursorTtlMs?: number;
	readonly cursorTtlRequests?: number;
	/** What members without a value look like. Default `mixed`. */
	readonly missing?: RecordOptions['missing'];
	readonly errorBody?: ErrorBody;
	/** Every request is answered with 403. */
	readonly forbidden?: boolean;
	/** A third of the times are served without the fraction that the order still follows. */
	readonly hiddenFractions?: boolean;
	/** Numbers beyond 2^53, `1.0`, duplicate keys, integer keys out of order, `__proto__`. */
	readonly oddRecords?: boolean;
	/** Ids with slashes, dots, NUL, pairs that differ in case only. */
	readonly hostileIds?: boolean;
	readonly bursts?: Bursts;
	/**
	 * Where records have no id: how many percent of those that share a millisecond with the one before are byte for
	 * byte like it. Default 50.
	 */
	readonly twinPercent?: number;
	/** Records come and go while they are read. Default: they do not. */
	readonly churn?: Churn;
	/** False: links to next pages lack the filters of the request. Default true. The organization's never have them. */
	readonly linkFilters?: boolean;
	readonly stream?: StreamSwitches;
	readonly confluenceCloud?: ConfluenceCloudSwitches;
	readonly dataCenter?: DataCenterSwitches;
	readonly crowd?: CrowdSwitches;
}
