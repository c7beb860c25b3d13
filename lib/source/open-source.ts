import {getHeapStatistics} from 'node:v8';
import {finalize, from, map, type Observable} from 'rxjs';
import type {z} from 'zod';
import {systemClock} from '../model/clock.ts';
import {defaultBudget} from '../model/budget.ts';
import {connect, type ConnectOptions, parsed} from '../http/connect.ts';
import {ConfigError, reasonOf, SourceError} from '../model/errors.ts';
import type {Json} from '../model/event.ts';
import type {Client} from '../http/client.ts';
import {mappingFacts} from './common-record.ts';
import type {Mapped} from './mapping.ts';
import {paginate, type ReadPage} from './paginate.ts';
import type {AskedFacts, Page, SourceFacts} from '../model/page.ts';
import {concernsPage} from './page-failure.ts';
import {createSizedReader} from './page-size.ts';
import {readOldestFirst} from './oldest-first.ts';
import {mostHeld, ReadAhead} from './read-ahead.ts';
import type {Rate} from '../http/limiter.ts';
import {createReader} from './reader.ts';
import {clientRequest} from './request.ts';
import {begin, gapsIn, nowhere, planScans, resume, type Scan, type ScanPlan, type SourcePosition} from './scan.ts';
import type {SourceDefinition, SourceOptions} from './definition.ts';
import type {Start} from '../model/start.ts';
import {fromTail} from './tail.ts';
import {parseSpan, parseTime} from '../options/time.ts';

type Time = string | number | Date | undefined;
type ScanOptions = ConnectOptions & {
	since?: Time;
	until?: Time;
	overlap?: string | number;
	pageSize?: number;
	concurrency?: number | undefined;
	order?: 'newest' | 'oldest' | undefined;
	maxEventBytes: number;
};

/**
 * Opens a source in a run, and gives what subscribes to it: each time from where its pages were written. The bounds are
 * fixed at subscription; those of the first one now, so that they are durable before the first request.
 */
export function openSource<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T> & Mapped,
	options: SourceOptions<Shape>,
	start: Start,
): () => Observable<Page<T>> {
	const {name, ids, unorderedLists, leavesOut} = definition;
	const shared = options as unknown as ScanOptions;
	const {endpoint, client, limiter, rate} = connect(definition, shared, start.meter);
	const tenant = tenantOf(name, () => definition.tenant(options, endpoint));
	const overlapMs = parsed(name, 'overlap', () => parseSpan(String(shared.overlap ?? 0)));
	const isTurned = turnsRound(definition, options);
	const order = isTurned ? 'oldest-first' : definition.order;
	const source: SourceFacts = {
		name,
		tenant,
		ids,
		order,
		unorderedLists,
		overlapMs,
		maxEventBytes: shared.maxEventBytes,
		asked: askedFacts(definition, options, endpoint),
		...mappingFacts(definition),
		limit: (requests, perMs) => limiter.limit(name, {requests, perMs}),
	};
	const asGiven = readerFor(definition, client, options, overlapMs);
	const read = isTurned ? readOldestFirst(name, asGiven) : asGiven;
	const concurrency = takesBounds(definition, options) ? (shared.concurrency ?? defaultConcurrency(rate)) : 1;
	const filters = filtersOf(definition, options);
	const binding = {endpoint: source.asked!.endpoint, ...(isTurned ? {order: 'oldest'} : {}), ...filters};
	const place = start.openSource(`${name}:${tenant}`, binding);

	const begun = () => {
		const position = resume((place.position() as SourcePosition | undefined) ?? nowhere);
		const plan = planOf(definition, shared, overlapMs, start.floorMs(place.key));
		const scans = fromTail(planScans(position, plan), position, plan);
		const [first] = scans;
		place.begin((first ? {...begin(position, first), scan: first} : position) as unknown as Json);
		return {position, plan, scans};
	};
	let ready: ReturnType<typeof begun> | undefined = begun();

	return () => {
		const {position, plan, scans} = ready ?? begun();
		ready = undefined;
		sayWay(position, scans);
		const windows = concurrency > 1 && order !== 'none' ? readAhead(order) : undefined;
		const pages = from(scans).pipe(
			paginate<T>(windows?.read ?? read, {
				windows,
				source,
				position,
				following: following(position, plan),
				start,
				place,
				byOffset: !definition.next && !isTurned,
				goesOnByCursor: definition.goesOnByCursor,
				refusesCursor: error => refusesCursor(definition, error),
				concernsPage,
			}),
			finalize(() => windows?.close()),
		);
		return leavesOut ? pages.pipe(map(page => page.filter(event => !leftOut(leavesOut(event, options))))) : pages;
	};

	/** Says through what time it is read; nothing where nobody knows when the log begins. */
	function sayWay({rest}: SourcePosition, scans: readonly Scan[]): void {
		const passes = [...scans.filter(({reason}) => reason === undefined), ...(rest ? [rest] : [])];
		const oldestMs = Math.max(
			systemClock.now() - (source.asked?.keptMs ?? Infinity),
			Math.min(...passes.map(({sinceMs}) => sinceMs)),
		);
		const newestMs = Math.max(...passes.map(({untilMs}) => untilMs));
		if (order === 'none' || !(oldestMs > 0 && oldestMs < newestMs)) return;
		if (order === 'newest-first') start.meter.setWay(source, newestMs, oldestMs);
		else start.meter.setWay(source, oldestMs, newestMs);
	}

	function readAhead(order: 'newest-first' | 'oldest-first') {
		const {budget, signal} = start;
		// what waits for its turn beside what is being written
		budget.widen({
			maxPages: defaultBudget.maxPages + concurrency * mostHeld,
			maxBytes: 2 * defaultBudget.maxBytes,
		});
		return new ReadAhead<T>(read, {name, order, concurrency, budget, signal});
	}

	/** What is read when a pass that was interrupted is over. */
	function following(position: SourcePosition, plan: ScanPlan) {
		const {scan: interrupted} = position;
		const isOld = ({sinceMs, untilMs}: Scan) =>
			gapsIn(position).some(gap => gap.sinceMs === sinceMs && gap.untilMs === untilMs);
		return (reached: SourcePosition): readonly Scan[] => {
			if (!interrupted || reached.scan) return [];
			// a gap that this run left is for the next one
			if (order !== 'none') return planScans(reached, plan).filter(scan => scan.reason === undefined || isOld(scan));
			// listed anew by the same run, everybody would come twice
			const begun = iso(interrupted.untilMs);
			start.meter.warn(`${name}: this run finished the listing that was begun at ${begun}; run again for a new one`);
			return [];
		};
	}
}

/** Options that it cannot do without say whose log it is, the others leave events out. */
function askedFacts<Shape extends z.ZodRawShape, T>(
	{options: shape, retention, lagMs}: Pick<SourceDefinition<Shape, T>, 'options' | 'retention' | 'lagMs'>,
	options: object,
	endpoint: URL,
): AskedFacts {
	const isFilter = (option: string) => (shape[option] as z.ZodType).safeParse(undefined).success;
	return {
		endpoint: endpoint.origin + endpoint.pathname,
		filters: Object.fromEntries(
			Object.entries(filtersOf({options: shape}, options)).filter(([name]) => isFilter(name)),
		),
		lagMs,
		...(retention && 'days' in retention ? {keptMs: retention.days * 86_400_000} : {}),
	};
}

/** Whether it is read in the other order than its API gives. */
function turnsRound<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	options: SourceOptions<Shape>,
): boolean {
	const {name, order} = definition;
	const {order: wanted} = options as unknown as ScanOptions;
	if (wanted === undefined || order === 'none' || `${wanted}-first` === order) return false;
	if (wanted === 'oldest' && takesBounds(definition, options)) return true;
	throw new ConfigError(spell => `${name}: ${spell('order')}: its API gives ${order} only; leave it out`);
}

/** What one reader makes, about. */
const oneReader: Rate = {requests: 1, perMs: 250};

/** What is read ahead does not fit into less beside what is worked on. */
const leastHeapBytes = 128 * 1024 * 1024;

/** How many windows are read side by side: one where the limit allows fewer requests than one reader makes. */
export function defaultConcurrency(rate: Rate | undefined, heapBytes = getHeapStatistics().heap_size_limit): number {
	if (heapBytes < leastHeapBytes) return 1;
	return rate && rate.requests / rate.perMs < oneReader.requests / oneReader.perMs ? 1 : 4;
}

/** Whether requests say both bounds: windows of a log that is read from one end only would be all the same. */
function takesBounds<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	options: SourceOptions<Shape>,
): boolean {
	const asked = (fromMs: number, toMs: number) =>
		JSON.stringify(clientRequest(definition.name, () => definition.request(options, {fromMs, toMs, start: 0})));
	const [some, later, shorter] = [asked(1e12, 1.5e12), asked(1.2e12, 1.5e12), asked(1e12, 1.3e12)];
	return some !== later && some !== shorter;
}

/** Whose log it is: nothing would be said of nobody. */
function tenantOf(name: string, tell: () => string): string {
	let tenant: unknown;
	try {
		tenant = tell();
	} catch (error) {
		throw new ConfigError(`${name}: tenant() failed: ${reasonOf(error)}`, {cause: error});
	}
	if (typeof tenant === 'string') return tenant;
	throw new ConfigError(`${name}: tenant(): expected a text, got ${typeof tenant}`);
}

/** A promise is true, whatever becomes of it. */
function leftOut(said: unknown): boolean {
	if (typeof said === 'object' && said !== null)
		throw new TypeError('leavesOut(): expected true or false, got an object');
	return Boolean(said);
}

/** Reads pages of the size that is asked for, or smaller ones where requests say how large a page is to be. */
function readerFor<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	client: Client,
	options: SourceOptions<Shape>,
	overlapMs: number,
): ReadPage<T> {
	const {pageSize, maxAttempts} = options as unknown as ScanOptions;
	const requestFor = (size: number) =>
		JSON.stringify(
			clientRequest(definition.name, () =>
				definition.request({...options, pageSize: size}, {fromMs: 0, toMs: 0, start: 0}),
			),
		);
	return createSizedReader(
		(size, attempts) => {
			const patient: Client = (request, signal) => client({...request, maxAttempts: attempts}, signal);
			return createReader(definition, patient, {...options, pageSize: size}, overlapMs);
		},
		{pageSize, largestPage: definition.largestPage, maxAttempts, inRequest: requestFor(1) !== requestFor(2)},
	);
}

function refusesCursor<Shape extends z.ZodRawShape, T>(
	definition: SourceDefinition<Shape, T>,
	error: unknown,
): boolean {
	if (!(error instanceof SourceError) || !definition.next) return false;
	const {status} = error;
	return definition.refusesCursor?.(error) ?? (status === 400 || status === 404 || status === 410);
}

/** The source's own options, as the state is bound to them. */
function filtersOf(definition: {readonly options: z.ZodRawShape}, options: object): Record<string, string> {
	const given = options as Readonly<Record<string, unknown>>;
	return Object.fromEntries(
		Object.keys(definition.options)
			.filter(filter => given[filter] !== undefined)
			.map(filter => [filter, JSON.stringify(given[filter])]),
	);
}

function planOf<Shape extends z.ZodRawShape, T>(
	{name, lagMs, order}: SourceDefinition<Shape, T>,
	options: ScanOptions,
	overlapMs: number,
	floorMs: number | undefined,
): ScanPlan {
	const nowMs = systemClock.now();
	// a listing is never covered: each run reads all of it
	if (order === 'none') return {untilMs: nowMs, settledMs: 0, overlapMs: 0};
	const settledMs = nowMs - lagMs;
	const sinceMs = parsed(name, 'since', () => timeOf(options.since, nowMs));
	const untilMs = parsed(name, 'until', () => timeOf(options.until, nowMs)) ?? settledMs;
	if (sinceMs !== undefined && sinceMs >= untilMs) {
		const until =
			options.until === undefined ? `${iso(untilMs)} (now minus the lag of ${lagMs / 1000} s)` : iso(untilMs);
		throw new ConfigError(`${name}: expected since before until, got since ${iso(sinceMs)} and until ${until}`);
	}
	return {sinceMs, untilMs, settledMs, overlapMs, floorMs};
}

/** A time that a user gave, in epoch milliseconds. */
export function timeOf(value: Time, nowMs: number): number | undefined {
	return value === undefined ? undefined : value instanceof Date ? value.getTime() : parseTime(String(value), nowMs);
}

function iso(ms: number): string {
	return new Date(ms).toISOString();
}
