import type {ApiName, EmulatedApi} from './api.ts';
import {createApis} from '../apis/apis.ts';
import type {EmulatorOptions} from './emulator-options.ts';
import type {EventFilter} from '../apis/event-filter.ts';
import type {Fault} from './faults.ts';
import type {EmulatedEvent, NewEvent} from '../apis/org-events.ts';
import {createRequestLog, type RequestLogEntry} from './request-log.ts';
import {startServer} from './server.ts';
import type {EmulatorSwitches} from './switches.ts';

const EXAMPLE_ORG = '9a1d6c2e-0f3b-4c57-8d21-5e7f90a1b2c3';

/** What lies between the emulator's address and each API, unless a switch says otherwise. */
export const apiContexts: Readonly<Record<ApiName, string>> = {
	'atlassian-org-events': '',
	'atlassian-org-events-stream': '',
	'atlassian-org-users': '',
	'bitbucket-data-center': '/bitbucket',
	'confluence-cloud': '',
	'confluence-data-center': '/confluence',
	'crowd-data-center': '/crowd',
	'jira-cloud': '',
	'jira-data-center': '/jira',
};

/** A running emulator. What it holds is what a test compares with. */
export interface Emulator {
	readonly url: string;
	readonly token: string;
	readonly username: string;
	readonly password: string;
	/** An organization to ask for; the one that records name. */
	readonly orgId: string;
	/** The address to give as the endpoint of each API. */
	readonly endpoints: Readonly<Record<ApiName, string>>;
	/** What an API holds, and how to change it. */
	api(name: ApiName): EmulatedApi;
	/** The events of the organization, newest first, computed while it is read. Must not be read across an insert. */
	events(filter?: EventFilter): Iterable<EmulatedEvent>;
	/** Adds events of the organization, of any time, visible from the next request on; returns their ids. */
	insert(events: readonly NewEvent[]): string[];
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
 * A local stand-in of the Atlassian audit APIs, listening on 127.0.0.1: seeded and deterministic. It knows what it
 * holds, so a test can compare what arrived with {@link Emulator.events}. Close it, or the process stays alive.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const {seed = 1, token = 'emulator', now = Date.now, switches = {}} = options;
	let faults = options.faults ?? [];
	const {username = 'admin', password = 'emulator'} = options;
	const orgId = options.orgId ?? EXAMPLE_ORG;
	const contexts = {...apiContexts, ...movedContexts(switches)};
	const log = createRequestLog(options.keepRequests ?? 1000);
	const apis = createApis({...options, seed, now, orgId, onlyOrgId: options.orgId, username}, () => server.url);
	const server = await startServer({
		port: options.port ?? 0,
		credentials: {token, username, password},
		seed,
		now,
		latencyMs: options.latencyMs ?? 0,
		pathPrefix: switches.pathPrefix ?? '',
		errorBody: switches.errorBody ?? 'object',
		forbidden: switches.forbidden ?? false,
		gzip: switches.gzip ?? false,
		log,
		apis: apis.all,
		rateLimit: options.rateLimit,
		faults: () => faults,
		onRequest: options.onRequest,
	});
	return {
		url: server.url,
		token,
		username,
		password,
		orgId,
		endpoints: Object.fromEntries(
			Object.entries(contexts).map(([name, context]) => [name, server.url + context]),
		) as Record<ApiName, string>,
		api: apis.held,
		events: apis.events,
		insert: apis.insert,
		renameActor: apis.renameActor,
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

function movedContexts({dataCenter: {contexts = {}} = {}}: EmulatorSwitches): Readonly<Record<string, string>> {
	return Object.fromEntries(Object.entries(contexts).map(([product, context]) => [`${product}-data-center`, context]));
}
