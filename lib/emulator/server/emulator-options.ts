import type {ApiName} from './api.ts';
import type {Fault} from './faults.ts';
import type {RateLimitOptions} from './rate-limit.ts';
import type {RequestLogEntry} from './request-log.ts';
import type {EmulatorSwitches} from './switches.ts';

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
