import {defer, from, type Observable} from 'rxjs';
import type {Json} from '../../lib/model/event.ts';
import {paginate} from '../../lib/source/paginate.ts';
import type {Page, SourceFacts} from '../../lib/model/page.ts';
import {nowhere, planScans, type Scan, type SourcePosition} from '../../lib/source/scan.ts';
import {currentStart, type Start} from '../../lib/model/start.ts';
import {factsOf, type TestRecord} from './pages.ts';
import {answerOf} from './scripted-api.ts';

export interface PagedSourceOptions {
	readonly start?: Start;
	readonly pageSize?: number;
	/** Ends what is asked for. Default: behind the newest record. */
	readonly untilMs?: number;
	readonly binding?: Readonly<Record<string, string>>;
	readonly facts?: Partial<SourceFacts>;
	/** Called for each request, with its offset, before it is answered: may wait or reject. */
	readonly onRequest?: (offset: number, signal: AbortSignal) => Promise<void> | void;
}

/** Records `e0`, `e1`, …, a second apart, newest first. */
export function someRecords(count: number): TestRecord[] {
	return Array.from({length: count}, (_, index) => ({id: `e${index}`, timeMs: (count - index) * 1000}));
}

/** A source over a list of records, newest first, paged by offset; it keeps its place in the state as all sources do. */
export function pagedSource(records: readonly TestRecord[], options: PagedSourceOptions = {}): Observable<Page> {
	const {start} = options;
	return start ? defer(openPaged(records, options, start)) : defer(() => openPaged(records, options, currentStart())());
}

function openPaged(records: readonly TestRecord[], options: PagedSourceOptions, start: Start): () => Observable<Page> {
	const {pageSize = 1, onRequest = () => {}} = options;
	const source = factsOf({overlapMs: 0, ...options.facts});
	const place = start.openSource(`${source.name}:${source.tenant}`, options.binding ?? {});
	const untilMs = options.untilMs ?? (records[0]?.timeMs ?? 0) + 1;
	const {overlapMs} = source;
	const begun = () => {
		const position = (place.position() as SourcePosition | undefined) ?? nowhere;
		const plan = {sinceMs: 0, untilMs, settledMs: untilMs, overlapMs, floorMs: start.floorMs(place.key)};
		const scans = planScans(position, plan);
		place.begin({...position, ...(scans[0] ? {scan: scans[0]} : {})} as unknown as Json);
		return {position, plan, scans};
	};
	let ready: ReturnType<typeof begun> | undefined = begun();
	const read = async ({sinceMs, untilMs, cursor = 0}: Scan, signal: AbortSignal) => {
		const offset = cursor as number;
		start.meter.requests++;
		await onRequest(offset, signal);
		const window = records.filter(({timeMs = 0}) => timeMs >= sinceMs && timeMs < untilMs);
		const end = offset + pageSize;
		return answerOf(window.slice(offset, end), end < window.length ? end : undefined);
	};
	return () => {
		const {position, plan, scans} = ready ?? begun();
		ready = undefined;
		const following = position.scan && ((reached: SourcePosition) => (reached.scan ? [] : planScans(reached, plan)));
		return from(scans).pipe(paginate(read, {source, position, following, start, place}));
	};
}

/** The same records' texts as a sink writes them. */
export function textsOf(records: readonly TestRecord[]): string[] {
	return answerOf(records).records.map(({text}) => Buffer.from(text).toString());
}
