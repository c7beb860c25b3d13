import type {ErrorBody} from './answer.ts';
import type {Fault} from './faults.ts';
import type {EventFilter} from './event-filter.ts';
import {createOrgEvents, type EmulatedEvent, type NewEvent} from './org-events.ts';
import type {RecordOptions} from './org-records.ts';
import {orgRoutes} from './org-routes.ts';
import type {Bursts} from './org-timeline.ts';
import type {RateLimitOptions} from './rate-limit.ts';
import {createRequestLog, type RequestLogEntry} from './request-log.ts';
import {startServer} from './server.ts';

const EXAMPLE_ORG = '9a1d6c2e-0f3b-4c57-8d21-5e7f90a1b2c3';
const NEWEST_MS = Date.UTC(2026, 0, 31, 23, 59, 59, 987);

export interface EmulatorOptions {
	/** Default: any free one. */
	readonly port?: number;
	/** How many events the organization has. Default 1000; millions cost no memory. */
	readonly events?: number;
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
	/** The only organization. Default: every one is, with the same events. */
	readonly orgId?: string;
	/** The server's clock, epoch milliseconds. Default `Date.now`. Latency and faults wait in real time all the same. */
	readonly now?: () => number;
	readonly switches?: EmulatorSwitches;
	/** How many requests {@link Emulator.requests} remembers. Default 1000. */
	readonly keepRequests?: number;
}

/** What the real server does is not known in every detail: each switch changes one. */
export interface EmulatorSwitches {
	/** Answers with line breaks and indentation. */
	readonly prettyPrint?: boolean;
	/** Compresses for clients that accept it. */
	readonly gzip?: boolean;
	/** The origin of `links.next`, for example `https://api.atlassian.com`. Default the emulator's own. */
	readonly linkOrigin?: string;
	/** A path that everything lies below, for example `/proxy`. */
	readonly pathPrefix?: string;
	/** `meta.next` of the last page: null (default), absent, or a cursor to an empty page after it. */
	readonly end?: 'null' | 'absent' | 'empty-page';
	/** A larger `limit` is cut to this. Default 10 000. */
	readonly maxLimit?: number;
	/** Cursors are refused with ADMIN-400-1 after so many milliseconds, or so many requests. Default never. */
	readonly cursorTtlMs?: number;
	readonly cursorTtlRequests?: number;
	/** What members without a value look like. Default `mixed`. */
	readonly missing?: RecordOptions['missing'];
	readonly errorBody?: ErrorBody;
	/** Every request is answered with 403 ADMIN-403-3. */
	readonly forbidden?: boolean;
	/** A third of the times are served without the fraction that the order still follows. */
	readonly hiddenFractions?: boolean;
	/** Numbers beyond 2^53, `1.0`, duplicate keys, integer keys out of order, `__proto__`. */
	readonly oddRecords?: boolean;
	/** Ids with slashes, dots, NUL, pairs that differ in case only. */
	readonly hostileIds?: boolean;
	readonly bursts?: Bursts;
}

/** A running emulator. What it holds is what a test compares with. */
export interface Emulator {
	readonly url: string;
	readonly token: string;
	/** An organization to ask for; the one that records name. */
	readonly orgId: string;
	/** What it holds, newest first, computed while it is read. Must not be read across an insert. */
	events(filter?: EventFilter): Iterable<EmulatedEvent>;
	/** Adds events of any time, visible from the next request on; returns their ids. */
	insert(events: readonly NewEvent[]): string[];
	/** From now on all records, old ones too, show the new display name. */
	renameActor(from: string, to: string): void;
	setFaults(faults: readonly Fault[]): void;
	clearFaults(): void;
	/** The last requests, oldest first. */
	readonly requests: readonly RequestLogEntry[];
	/** How many requests there were. */
	readonly requestCount: number;
	/** The largest number of requests within any time shorter than `perMs`, refused ones too. */
	maxInWindow(perMs: number): number;
	/** Ends every connection. */
	close(): Promise<void>;
}

/**
 * A local stand-in of the Atlassian audit APIs, listening on 127.0.0.1: seeded and deterministic. It knows what it
 * holds, so a test can compare what arrived with {@link Emulator.events}. Close it, or the process stays alive.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const {
		port = 0, events: count = 1000, seed = 1, newestMs = NEWEST_MS, spacingMs = 60_000, latencyMs = 0,
		token = 'emulator', now = Date.now, switches = {}, keepRequests = 1000,
	} = options;
	const {prettyPrint = false, pathPrefix = '', errorBody = 'object'} = switches;
	let faults = options.faults ?? [];
	const orgId = options.orgId ?? EXAMPLE_ORG;
	const log = createRequestLog(keepRequests);
	const held = createOrgEvents({
		timeline: {events: count, seed, newestMs, spacingMs, bursts: switches.bursts ?? {}},
		records: {seed, orgId, prettyPrint, missing: switches.missing ?? 'mixed', odd: switches.oddRecords ?? false},
		hiddenFractions: switches.hiddenFractions ?? false,
		hostileIds: switches.hostileIds ?? false,
	});
	const routes = orgRoutes({
		seed,
		now,
		orgId: options.orgId,
		forbidden: switches.forbidden ?? false,
		errorBody,
		prettyPrint,
		end: switches.end ?? 'null',
		maxLimit: switches.maxLimit ?? 10_000,
		cursorTtlMs: switches.cursorTtlMs,
		cursorTtlRequests: switches.cursorTtlRequests,
		linkBase: () => `${switches.linkOrigin ?? server.url}/admin`,
	}, held);
	const server = await startServer({
		port, token, seed, now, latencyMs, pathPrefix, errorBody, log, routes,
		rateLimit: options.rateLimit,
		faults: () => faults,
		gzip: switches.gzip ?? false,
	});
	return {
		url: server.url,
		token,
		orgId,
		events: held.list,
		insert: held.insert,
		renameActor: held.renameActor,
		setFaults(next) {
			faults = next;
		},
		clearFaults() {
			faults = [];
		},
		requests: log.entries,
		get requestCount() {
			return log.count;
		},
		maxInWindow: log.maxInWindow,
		close: server.close,
	};
}
