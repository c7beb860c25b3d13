import type {Observable} from 'rxjs';
import {z} from 'zod';
import type {ApiFacts} from './connect.ts';
import type {SourceError} from './errors.ts';
import type {AuditEvent, Json} from './event.ts';
import type {AuthScheme} from './http/credentials.ts';
import type {Rate} from './http/limiter.ts';
import {openSource} from './open-source.ts';
import {type Operation, type Operations, operationsOf} from './operations.ts';
import {basicOptions, httpOptions, scanOptions, tokenOption} from './options.ts';
import type {Page} from './page.ts';
import {parseOptions} from './parse-options.ts';
import type {RecordFacts} from './records.ts';
import {freshStart, type Start} from './start.ts';

/** What one request of a pass asks for. Bounds are epoch milliseconds and inclusive, as all these APIs take them. */
export interface Window {
	/** 0: from the beginning. */
	readonly fromMs: number;
	readonly toMs: number;
	/** Where to go on, as `next` gave it; absent at the beginning of a pass. */
	readonly cursor?: Json;
	/** The rows to skip, where the API pages by offset. */
	readonly start: number;
}

export interface SourceRequest {
	readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
	/** Below the endpoint, percent-encoded. */
	readonly path: string;
	/** Members that are undefined are left out; a list is repeated. */
	readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
	readonly body?: Json;
}

/** The members of the common record that a source maps; the others are the same for all. */
export type NormalizedMembers = Omit<AuditEvent, 'id' | 'time' | 'source' | 'tenant' | 'raw'>;

/** Everything that is particular to one audit API, and nothing else: facts, no plumbing. */
export interface SourceDefinition<Shape extends z.ZodRawShape, T> extends ApiFacts, RecordFacts<T> {
	/** Kebab-case, as the file is named. */
	readonly name: string;
	/** One sentence for `rxaudit list`, then what a user must know. */
	readonly docs: string;
	/** The address of the API's own document. */
	readonly reference: string;
	/** The options that only this source has, each described; flags are their kebab-case. */
	readonly options: Shape;
	/** `none`: a listing that knows no time; it has no `since` and `until`, and each run reads all of it. */
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	readonly ids: 'global' | 'tenant';
	/** Records younger than this may still be on their way, in milliseconds. */
	readonly lagMs: number;
	/** Whose log it is. */
	tenant(options: SourceOptions<Shape>, endpoint: URL): string;
	/** The request for one page, filters included, whether there is a cursor or not. */
	request(options: SourceOptions<Shape>, window: Window): SourceRequest;
	/**
	 * For an API with cursors: the cursor of the next page, from one answer without its rows, and how many it had;
	 * undefined at the end. An API with offsets states `more` instead.
	 */
	next?(answer: unknown, rows: number): Json | undefined;
	/** For an API with offsets: whether there are rows behind an answer with so many. Paging then goes by time. */
	more?(answer: unknown, rows: number): boolean;
	/** Whether an answer says that the cursor is not known (any more). Default: 400, 404 or 410 on a request with one. */
	refusesCursor?(error: SourceError): boolean;
	/** Whether a record is not wanted, where the API has no filter that says so. It is read, but not handed on. */
	leavesOut?(record: T, options: SourceOptions<Shape>): boolean;
	/** The mapping to the common record. */
	normalize(record: T): NormalizedMembers;
	/** What else the API can do, by kebab-case name. */
	readonly operations?: Readonly<Record<string, Operation>>;
}

const sharedOptions = {...scanOptions, ...httpOptions};
type SharedShape = typeof sharedOptions &
	typeof tokenOption &
	typeof basicOptions & {endpoint: z.ZodOptional<z.ZodString>};
export type SourceOptions<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape & SharedShape>>;
export type SourceInput<Shape extends z.ZodRawShape> = z.input<z.ZodObject<Shape & SharedShape>>;

/** One audit API: called with options, the pages of its events; its facts are members. */
export interface Source<Input = never, T = unknown> {
	/** The pages, in the order of the API, from `start` on where one is given. */
	(options: Input, start?: Start): Observable<Page<T>>;
	readonly name: string;
	readonly docs: string;
	readonly reference: string;
	readonly endpoint: string | undefined;
	readonly auth: readonly AuthScheme[];
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	readonly ids: 'global' | 'tenant';
	readonly rate: Rate | undefined;
	readonly lagMs: number;
	/** The options, shared ones included. */
	readonly options: z.ZodObject;
	/** The names of those options that choose which events the API gives. */
	readonly filters: readonly string[];
	/** What else the API can do, by kebab-case name. */
	readonly operations: Operations;
}

/**
 * A source from its facts. Retries, rate limits, credentials, bounds, resuming and progress are the same for all and
 * come with it. Bad or unknown options throw a ConfigError when it is called, before any request.
 */
export function defineSource<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
): Source<SourceInput<Shape>, T> {
	const {name, docs, reference, endpoint, auth, order, ids, rate, lagMs} = definition;
	const connection = {
		endpoint: z
			.string()
			.min(1)
			.optional()
			.describe(`the API's address; a path prefix is kept; ${endpoint ? `default: ${endpoint}` : 'required'}`),
		...(auth.includes('bearer') ? tokenOption : {}),
		...(auth.includes('basic') ? basicOptions : {}),
		...httpOptions,
	};
	const shape = {...definition.options, ...connection, ...(order === 'none' ? {} : scanOptions)};
	const schema = z.object(shape) as unknown as z.ZodObject<Shape & SharedShape>;
	const source = (given: SourceInput<Shape>, start: Start = freshStart()): Observable<Page<T>> =>
		openSource(definition, parseOptions(name, schema, given) as SourceOptions<Shape>, start);
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
		operations: operationsOf(definition, definition.operations ?? {}, connection),
	});
}
