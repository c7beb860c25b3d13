import {z} from 'zod';
import {ConfigError} from '../../model/errors.ts';
import {type EventFilter, exampleOrg} from '../apis/_organization.ts';
import type {ApiDefinition, EmulatedApi, EmulatedRecord, NewRecord} from './api.ts';
import {withChurn} from './churn.ts';
import type {Fault} from './faults.ts';
import {contextsOf, loadApis} from './load-apis.ts';
import type {RateLimitOptions} from './rate-limit.ts';
import {createRequestLog, type RequestLogEntry} from './request-log.ts';
import {startServer} from './server.ts';
import {createSettings} from './setting.ts';
import {type EmulatorSwitches, switchesOf} from './switches.ts';

const SETTLED_MS = 120_000;

export interface EmulatorOptions {
	/** Default: any free one. */
	readonly port?: number;
	/** How many records each API has. Default 1000. Each costs some memory from the first request on. */
	readonly events?: number;
	/** How many records these APIs have instead. */
	readonly eventsOf?: Readonly<Partial<Record<string, number>>>;
	/** The same seed gives the same bytes. Default 1. */
	readonly seed?: number;
	/** The time of the newest event. Default: two minutes ago, so that a pull at once reads all there is. */
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
	/** Throws a ConfigError for one that there is not. */
	readonly switches?: EmulatorSwitches;
	/** APIs besides those of this package, by the name of the source that reads them. */
	readonly apis?: Readonly<Record<string, ApiDefinition>>;
	/** How many requests `Emulator.requests` remembers. Default 1000. */
	readonly keepRequests?: number;
	/** Called with each request before it is answered, so that a test can change records between two pages. */
	readonly onRequest?: (request: RequestLogEntry) => void;
}

/** One event that the emulator holds. */
export interface EmulatedEvent extends EmulatedRecord {
	readonly id: string;
	/** The time as it is served: it may lack the fraction of its second, which the order follows. */
	readonly time: string;
}

/** A running emulator. What it holds is what a test compares with. */
export interface Emulator {
	readonly url: string;
	readonly token: string;
	readonly username: string;
	readonly password: string;
	/** An organization to ask for; the one that records name. */
	readonly orgId: string;
	/** The address to give as the endpoint of each API, by the name of its source. */
	readonly endpoints: Readonly<Record<string, string>>;
	/** What an API holds, and how to change it, by the name of the source that reads it. */
	api(name: string): EmulatedApi;
	/** The events of the organization, newest first. Must not be read across an insert. */
	events(filter?: EventFilter): Iterable<EmulatedEvent>;
	/** Adds events of the organization, of any time, visible from the next request on; returns their ids. */
	insert(events: readonly NewRecord[]): string[];
	/** From now on all records, old ones too, show the new display name where the id of the account stands beside it. */
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
 * A local stand-in of the Atlassian audit APIs, listening on 127.0.0.1: seeded, and deterministic where `newestMs` is
 * given. It knows what it holds, so a test can compare what arrived with {@link Emulator.events}. Close it, or the
 * process stays alive.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const {seed = 1, now = Date.now, token = 'emulator', username = 'admin', password = 'emulator'} = options;
	const {orgId = exampleOrg, newestMs = now() - SETTLED_MS, switches = {}} = options;
	// those that were given come first, also where two have the same route
	const given = new Map(Object.entries(options.apis ?? {}));
	const own = [...(await loadApis())].filter(([name]) => !given.has(name));
	const definitions = new Map([...given, ...own]);
	const checked = switchesOf(definitions.values()).safeParse(switches);
	if (!checked.success) throw new ConfigError(`emulator: bad switches\n${z.prettifyError(checked.error)}`);
	let faults = options.faults ?? [];
	const log = createRequestLog(options.keepRequests ?? 1000);
	const settings = createSettings({...options, seed, newestMs, now, username, exampleOrgId: orgId}, () => server.url);
	const apis = new Map(Array.from(definitions, ([name, {create}]) => [name, create(settings.of(name))] as const));
	const {churn} = switches;
	const server = await startServer({
		port: options.port ?? 0,
		credentials: {token, username, password},
		seed,
		now,
		latencyMs: options.latencyMs ?? 0,
		switches,
		log,
		apis: Array.from(apis.values(), api => (churn ? withChurn(api, churn) : api)),
		rateLimit: options.rateLimit,
		faults: () => faults,
		onRequest: options.onRequest,
	});
	const api = (name: string) => {
		const found = apis.get(name);
		if (!found) throw new ConfigError(`emulator: no API ${JSON.stringify(name)}, but ${[...apis.keys()].join(', ')}`);
		return found.held;
	};
	const events = api('atlassian-org-events') as {records(filter?: EventFilter): Iterable<EmulatedEvent>} & EmulatedApi;
	const contexts = Object.entries(contextsOf(definitions, switches));
	return {
		url: server.url,
		token,
		username,
		password,
		orgId,
		endpoints: Object.fromEntries(contexts.map(([name, context]) => [name, server.url + context])),
		api,
		events: filter => events.records(filter),
		insert: added => events.insert(added).map(({id}) => id!),
		renameActor: settings.rename,
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
