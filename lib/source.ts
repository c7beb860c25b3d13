import {from, Observable} from 'rxjs';
import {z} from 'zod';
import {systemClock} from './clock.ts';
import {ConfigError, SourceError} from './errors.ts';
import type {AuditEvent, Json} from './event.ts';
import {createClient} from './http/client.ts';
import {type AuthScheme, chooseCredentials} from './http/credentials.ts';
import {parseEndpoint} from './http/endpoint.ts';
import {type Limiter, limiterFor, type Rate} from './http/limiter.ts';
import {paginate} from './operators/paginate.ts';
import {basicOptions, httpOptions, parseRate, scanOptions, tokenOption} from './options.ts';
import type {Page, SourceFacts} from './page.ts';
import {parseOptions} from './parse-options.ts';
import {parseAnswer, type ParsedAnswer, readRecords, type RecordFacts} from './records.ts';
import {nowhere, planScans, type Scan, type SourcePosition} from './scan.ts';
import {freshStart, type Start} from './start.ts';
import {parseSpan, parseTime} from './time.ts';

/** What one request of a pass asks for. Bounds are epoch milliseconds and inclusive, as all these APIs take them. */
export interface Window {
	/** 0: from the beginning. */
	readonly fromMs: number;
	readonly toMs: number;
	/** Where to go on, as `next` gave it; absent at the beginning of a pass. */
	readonly cursor?: Json;
}

export interface SourceRequest {
	readonly method?: 'GET' | 'POST';
	/** Below the endpoint, percent-encoded. */
	readonly path: string;
	/** Members that are undefined are left out; a list is repeated. */
	readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
	readonly body?: Json;
}

/** The members of the common record that a source maps; the others are the same for all. */
export type NormalizedMembers = Omit<AuditEvent, 'id' | 'time' | 'source' | 'tenant' | 'raw'>;

/** Everything that is particular to one audit API, and nothing else: facts, no plumbing. */
export interface SourceDefinition<Shape extends z.ZodRawShape, T> extends RecordFacts<T> {
	/** Kebab-case, as the file is named. */
	readonly name: string;
	/** One sentence for `rxaudit list`, then what a user must know. */
	readonly docs: string;
	/** The address of the API's own document. */
	readonly reference: string;
	/** The vendor's own host; absent where every customer has one of their own. */
	readonly endpoint?: string;
	/** In the order of preference. */
	readonly auth: readonly AuthScheme[];
	/** The options that only this source has, each described; flags are their kebab-case. */
	readonly options: Shape;
	readonly order: 'newest-first' | 'oldest-first';
	readonly ids: 'global' | 'tenant';
	/** The published limit, kept at the vendor's own host. */
	readonly rate?: Rate;
	/** Records younger than this may still be on their way, in milliseconds. */
	readonly lagMs: number;
	/** Whose log it is. */
	tenant(options: SourceOptions<Shape>, endpoint: URL): string;
	/** The request for one page, filters included, whether there is a cursor or not. */
	request(options: SourceOptions<Shape>, window: Window): SourceRequest;
	/** The cursor of the next page, from one answer; undefined at the end. */
	next(answer: unknown): Json | undefined;
	/** Whether an answer says that the cursor is not known (any more). Default: 400, 404 or 410 on a request with one. */
	refusesCursor?(error: SourceError): boolean;
	/** The mapping to the common record. */
	normalize(record: T): NormalizedMembers;
}

const sharedOptions = {...scanOptions, ...httpOptions};
type SharedShape = typeof sharedOptions &
	typeof tokenOption &
	typeof basicOptions & {endpoint: z.ZodOptional<z.ZodString>};
export type SourceOptions<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape & SharedShape>>;
export type SourceInput<Shape extends z.ZodRawShape> = z.input<z.ZodObject<Shape & SharedShape>>;

/** One audit API: called with options, the pages of its events; its facts are members. */
export interface Source<Input = never, T = unknown> {
	/** The pages, newest or oldest first as the API gives them, from `start` on where one is given. */
	(options: Input, start?: Start): Observable<Page<T>>;
	readonly name: string;
	readonly docs: string;
	readonly reference: string;
	readonly endpoint: string | undefined;
	readonly auth: readonly AuthScheme[];
	readonly order: 'newest-first' | 'oldest-first';
	readonly ids: 'global' | 'tenant';
	readonly rate: Rate | undefined;
	readonly lagMs: number;
	/** The options, shared ones included. */
	readonly options: z.ZodObject;
	/** The names of those options that choose which events the API gives. */
	readonly filters: readonly string[];
}

/**
 * A source from its facts. Retries, rate limits, credentials, bounds, resuming and progress are the same for all and
 * come with it. Bad or unknown options throw a ConfigError when it is called, before any request.
 */
export function defineSource<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
): Source<SourceInput<Shape>, T> {
	const {name, docs, reference, endpoint, auth, order, ids, rate, lagMs} = definition;
	const shape = {
		endpoint: z
			.string()
			.min(1)
			.optional()
			.describe(`the API's address; a path prefix is kept; ${endpoint ? `default: ${endpoint}` : 'required'}`),
		...definition.options,
		...(auth.includes('bearer') ? tokenOption : {}),
		...(auth.includes('basic') ? basicOptions : {}),
		...sharedOptions,
	};
	const schema = z.object(shape) as unknown as z.ZodObject<Shape & SharedShape>;
	const source = (given: SourceInput<Shape>, start: Start = freshStart()): Observable<Page<T>> =>
		open(definition, parseOptions(name, schema, given) as SourceOptions<Shape>, start);
	Object.defineProperty(source, 'name', {value: name});
	return Object.assign(source, {
		docs,
		reference,
		endpoint,
		auth,
		order,
		ids,
		rate,
		lagMs,
		options: schema as unknown as z.ZodObject,
		filters: Object.keys(definition.options),
	});
}

function open<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	options: SourceOptions<Shape>,
	start: Start,
): Observable<Page<T>> {
	const {name} = definition;
	const shared = options as unknown as z.output<z.ZodObject<SharedShape>>;
	const vendor = definition.endpoint;
	const given = shared.endpoint ?? vendor;
	if (!given)
		throw new ConfigError(`${name}: endpoint: expected the address of the server, got nothing; give --endpoint`);
	const endpoint = parseEndpoint(name, given);
	const credentials = chooseCredentials(name, definition.auth, shared);
	const limiter = limiterFor(endpoint.origin, credentials.key);
	const rate = shared.rate === undefined ? vendorRate(definition, endpoint) : parseRate(shared.rate);
	if (rate) limiter.limit(name, rate);
	const tenant = definition.tenant(options, endpoint);
	const source = factsOf(
		definition,
		tenant,
		option(name, 'overlap', () => parseSpan(String(shared.overlap))),
		shared,
		limiter,
	);
	const client = createClient({
		name,
		endpoint,
		credentials,
		limiter,
		meter: start.meter,
		clock: systemClock,
		timeoutMs: shared.timeoutMs,
		idleTimeoutMs: shared.idleTimeoutMs,
		maxBodyBytes: shared.maxBodyBytes,
		maxAttempts: shared.maxAttempts,
		maxWaitMs: option(name, 'maxWait', () => parseSpan(String(shared.maxWait))),
		backoff: {baseMs: shared.retryBaseMs, maxMs: shared.retryMaxMs},
	});

	const key = `${name}:${tenant}`;
	const filters = Object.fromEntries(
		Object.keys(definition.options)
			.filter(filter => options[filter as keyof typeof options] !== undefined)
			.map(filter => [filter, JSON.stringify(options[filter as keyof typeof options])]),
	);
	const saved = start.openSource(key, {endpoint: endpoint.origin + endpoint.pathname, ...filters});
	const position = (saved as SourcePosition | undefined) ?? nowhere;
	const plan = bounds(definition, shared, source.overlapMs, start.floorMs(key));
	const scans = planScans(position, plan);
	const [first] = scans;
	const begin: SourcePosition = first ? {...position, scan: first} : position;
	start.begin(key, begin as unknown as Json);

	const read = async (scan: Scan, signal: AbortSignal) => {
		const {
			query = {},
			body,
			...request
		} = definition.request(options, windowOf(definition.order, scan, source.overlapMs));
		const answer = await client(
			{
				method: request.method ?? 'GET',
				path: request.path,
				query: Object.entries(query).flatMap(([key, value]) => pairs(key, value)),
				...(body === undefined ? {} : {body: JSON.stringify(body)}),
				repeatable: true,
				parse: body => parseAnswer(body, definition.records),
			},
			signal,
		);
		const parsed = answer.content as ParsedAnswer;
		return {
			...readRecords(definition, parsed, shared.maxEventBytes),
			next: definition.next(parsed.envelope),
			bytes: answer.bytes,
		};
	};
	return from(scans).pipe(
		paginate<T>(read, {
			source,
			position,
			following: position.scan && (reached => (reached.scan ? [] : planScans(reached, plan))),
			start,
			refusesCursor: error => error instanceof SourceError && (definition.refusesCursor ?? refusesCursor)(error),
		}),
	);
}

function refusesCursor({status}: SourceError): boolean {
	return status === 400 || status === 404 || status === 410;
}

function pairs(key: string, value: string | number | readonly string[] | undefined): [string, string][] {
	if (value === undefined) return [];
	return typeof value === 'object' ? value.map(one => [key, one]) : [[key, String(value)]];
}

function vendorRate(definition: {endpoint?: string; rate?: Rate}, endpoint: URL): Rate | undefined {
	return definition.endpoint && new URL(definition.endpoint).host === endpoint.host ? definition.rate : undefined;
}

function factsOf<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	tenant: string,
	overlapMs: number,
	{maxEventBytes}: {maxEventBytes: number},
	limiter: Limiter,
): SourceFacts {
	const {name, ids, order} = definition;
	return {
		name,
		tenant,
		ids,
		order,
		overlapMs,
		maxEventBytes,
		normalize: value => definition.normalize(value as T) as unknown as Json,
		limit: (requests, perMs) => limiter.limit(name, {requests, perMs}),
	};
}

function windowOf(order: 'newest-first' | 'oldest-first', scan: Scan, overlapMs: number): Window {
	const {sinceMs, untilMs, cursor, edgeMs} = scan;
	const fromMs = order === 'oldest-first' && edgeMs !== undefined ? Math.max(sinceMs, edgeMs - overlapMs) : sinceMs;
	const toMs = order === 'newest-first' && edgeMs !== undefined ? Math.min(untilMs, edgeMs) : untilMs;
	return {fromMs, toMs, ...(cursor === undefined ? {} : {cursor})};
}

function bounds(
	{name, lagMs}: {name: string; lagMs: number},
	options: {since?: string | number | Date | undefined; until?: string | number | Date | undefined},
	overlapMs: number,
	floorMs: number | undefined,
) {
	const nowMs = systemClock.now();
	const settledMs = nowMs - lagMs;
	const sinceMs = option(name, 'since', () => timeOf(options.since, nowMs));
	const untilMs = option(name, 'until', () => timeOf(options.until, nowMs)) ?? settledMs;
	if (sinceMs !== undefined && sinceMs >= untilMs) {
		const until =
			options.until === undefined ? `${iso(untilMs)} (now minus the lag of ${lagMs / 1000} s)` : iso(untilMs);
		throw new ConfigError(`${name}: expected since before until, got since ${iso(sinceMs)} and until ${until}`);
	}
	return {sinceMs, untilMs, settledMs, overlapMs, floorMs};
}

function timeOf(value: string | number | Date | undefined, nowMs: number): number | undefined {
	return value === undefined ? undefined : value instanceof Date ? value.getTime() : parseTime(String(value), nowMs);
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}

/** Runs a parser of one option, so that what it complains about says which option it is. */
function option<V>(name: string, key: string, parse: () => V): V {
	try {
		return parse();
	} catch (error) {
		if (error instanceof ConfigError) throw new ConfigError(`${name}: ${key}: ${error.message}`);
		throw error;
	}
}
