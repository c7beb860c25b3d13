import {defer, type Observable} from 'rxjs';
import {z} from 'zod';
import type {OperationTable} from './define-operation.ts';
import {endpointOf} from '../http/connect.ts';
import type {AuthScheme} from '../http/credentials.ts';
import type {Rate} from '../http/limiter.ts';
import type {Deprecation} from './deprecation.ts';
import {compileMapping, type Mapped} from './mapping.ts';
import {checkDefinition} from './check-definition.ts';
import {openSource} from './open-source.ts';
import {type BoundOperations, operationsOf} from './operations.ts';
import {basicOptions, connectionOptions, httpOptions, scanOptions, tokenOption} from '../options/options.ts';
import type {Page} from '../model/page.ts';
import {parseOptions} from '../options/parse-options.ts';
import type {RecordFacts} from './records.ts';
import type {
	Catalogue,
	EnrichedBy,
	Retention,
	SharedShape,
	SourceDefinition,
	SourceInput,
	SourceOptions,
} from './definition.ts';
import {currentStart, freshStart, type Start} from '../model/start.ts';

export type {PageAnswer, SourceDefinition, Window} from './definition.ts';
export type {SourceRequest} from './request.ts';

/** One audit API: called with options, the pages of its events; its facts are members. */
export interface Source<Input = never, T = unknown, Operations extends OperationTable = OperationTable> {
	/** The pages, in the order of the API, as of the run that subscribes to them, or that `start` is of. */
	(options: Input, start?: Start): Observable<Page<T>>;
	readonly name: string;
	/** The sources that its events come under: itself, or those whose records it reads from elsewhere. */
	readonly comesAs: readonly string[];
	/** What it reads: an API, or files, which have no endpoint, credentials, rate or operations. */
	readonly reads: 'api' | 'files';
	readonly docs: string;
	readonly reference: string;
	readonly endpoint: string | undefined;
	readonly auth: readonly AuthScheme[];
	readonly order: 'newest-first' | 'oldest-first' | 'none';
	readonly ids: 'global' | 'tenant';
	readonly rate: Rate | undefined;
	/** What one request asks for where the user does not say. */
	readonly largestPage?: number | undefined;
	readonly lagMs: number;
	/** For how long the API keeps a record, where that is known, or the operation that asks for it. */
	readonly retention?: Retention | undefined;
	/** How a state names an address, and the tenant where that, or these options, say which. Throws a ConfigError. */
	addressOf?(endpoint: string, options?: Readonly<Record<string, unknown>>): SourceAddress;
	/** The options, shared ones included. */
	readonly options: z.ZodObject;
	/** The names of those options that choose which events the API gives. */
	readonly filters: readonly string[];
	/** What else the API can do, by kebab-case name. */
	readonly operations: BoundOperations<Operations>;
	/** What of it ends; an operation says so itself. */
	readonly deprecations: readonly Deprecation[];
	/** The sources that know what its records leave out. */
	readonly enrichedBy?: EnrichedBy | undefined;
	/** The operation that lists its actions. */
	readonly catalogue?: Catalogue | undefined;
	/** What its records are, for those that are read from elsewhere than the API: dead letters. */
	readonly records: Pick<SourceDefinition<{}, T>, RecordMember> & Mapped;
}

/** Where a source is read. */
export interface SourceAddress {
	readonly endpoint: string;
	readonly tenant: string | undefined;
}

type RecordMember = keyof RecordFacts<unknown> | 'next' | 'unorderedLists' | 'product' | 'actions' | 'actionWords';

/**
 * A source from its facts. Retries, rate limits, credentials, bounds, resuming and progress are the same for all and
 * come with it. What is wrong with the definition throws a TypeError at once; bad or unknown options throw a ConfigError
 * when it is called, before any request.
 */
export function defineSource<Shape extends z.ZodRawShape, T, Operations extends OperationTable = {}>(
	definition: SourceDefinition<Shape, T, Operations>,
): Source<SourceInput<Shape>, T, Operations> {
	checkDefinition(definition);
	const {name, docs, reference, endpoint, auth, order, ids, rate, lagMs} = definition;
	const access = {
		endpoint: z
			.string()
			.min(1)
			.optional()
			.describe(`the API's address; a path prefix is kept; ${endpoint ? `default: ${endpoint}` : 'required'}`),
		...(auth.includes('bearer') ? tokenOption : {}),
		...(auth.includes('basic') ? basicOptions : {}),
	};
	const shape = {...definition.options, ...access, ...httpOptions, ...(order === 'none' ? {} : scanOptions)};
	const schema = z.object(shape) as unknown as z.ZodObject<Shape & SharedShape>;
	const records = {...definition, ...compileMapping(definition.mapping, definition.unorderedLists)};
	const source = callable<SourceInput<Shape>, SourceOptions<Shape>, T>(name, schema, (options, start) =>
		openSource(records, options, start),
	);
	return Object.assign(source, {
		comesAs: [name],
		reads: 'api' as const,
		docs,
		reference,
		endpoint,
		auth,
		order,
		ids,
		rate,
		largestPage: definition.largestPage,
		lagMs,
		retention: definition.retention,
		addressOf: (text: string, given: object = {}) => addressOf(definition, text, given),
		options: schema as unknown as z.ZodObject,
		filters: Object.keys(definition.options),
		records,
		deprecations: definition.deprecations ?? [],
		enrichedBy: definition.enrichedBy,
		catalogue: definition.catalogue,
		operations: operationsOf(definition, definition.operations ?? ({} as Operations), {
			...access,
			...connectionOptions,
		}),
	});
}

function addressOf<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	text: string,
	given: object,
): SourceAddress {
	const url = endpointOf(definition, text);
	const address = {endpoint: url.origin + url.pathname, tenant: undefined};
	try {
		const tenant: unknown = definition.tenant(given as SourceOptions<Shape>, url);
		return typeof tenant === 'string' ? {...address, tenant} : address;
	} catch {
		// it is one of the options that says whose log it is
		return address;
	}
}

/**
 * What a source is called as: what is wrong with its options is said now, and whoever subscribes without a start gets
 * that of the run that is under way.
 */
export function callable<Input, Options, T>(
	name: string,
	schema: z.ZodObject,
	open: (options: Options, start: Start) => () => Observable<Page<T>>,
): (given: Input, start?: Start) => Observable<Page<T>> {
	const source = (given: Input, start?: Start): Observable<Page<T>> => {
		const options = parseOptions(name, schema, given) as Options;
		if (start) return defer(open(options, start));
		open(options, freshStart());
		return defer(() => open(options, currentStart())());
	};
	return Object.defineProperty(source, 'name', {value: name});
}
