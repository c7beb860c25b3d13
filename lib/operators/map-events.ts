import {concatMap, from, isObservable, type Observable, of, type OperatorFunction} from 'rxjs';
import {ConfigError, reasonOf} from '../model/errors.ts';
import type {Entry, Page, Rejected, SourceFacts, SourceRecord} from '../model/page.ts';
import {pageFor} from './each-page.ts';

export interface EventsOptions {
	/** Of how many events of a page promises may be pending at once. Default: 16. */
	readonly concurrency?: number;
}

/** What an event may become: a stream is not awaited. */
type NoStream<R> = R extends Observable<unknown> ? never : R;

/**
 * Pages in which each event is what `project` made of it, in the same order; a promise is awaited, page by page. What
 * is written afterwards is the new event, never the record's own text, even where `project` gave the same object
 * back. An event for which it throws or rejects becomes a dead letter of its page, and the page goes on.
 *
 * ```ts
 * pages$.pipe(normalize(), mapEvents(({actor, ...event}) => event));
 * ```
 */
export function mapEvents<T, R>(
	project: (event: T, record: SourceRecord, source: SourceFacts) => NoStream<R>,
	options: EventsOptions = {},
): OperatorFunction<Page<T>, Page<Awaited<R>>> {
	return eachEvent<T, Awaited<R>, Awaited<R>>('mapEvents', project as never, options, (page, entries, rejected) =>
		page.with({entries: entries.map(({event, record}) => ({event, record})), rejected, verbatim: false}),
	);
}

/** What `each` gave for an event. */
type Made<T, V> = Entry<V> & {readonly of: Entry<T>};

/** What `each` gave for the events of every page, handed to `conclude`, with a dead letter for each that failed. */
export function eachEvent<T, V, R>(
	operator: string,
	each: (event: T, record: SourceRecord, source: SourceFacts) => V | Promise<V>,
	{concurrency = 16}: EventsOptions,
	conclude: (page: Page<T>, made: readonly Made<T, V>[], rejected: readonly Rejected[]) => Page<R>,
): OperatorFunction<Page<T>, Page<R>> {
	return concatMap((given): Observable<Page<R>> => {
		const page = pageFor(operator, given);
		const made: (Made<T, V> | undefined)[] = [];
		const rejected = [...page.rejected];
		const fail = ({record}: Entry<T>, error: unknown) => {
			rejected.push({id: record.id, text: record.text, reason: `an operator failed: ${reasonOf(error)}`});
		};
		const done = () => {
			const kept = made.filter(one => one !== undefined);
			return conclude(page, kept, rejected.length === page.rejected.length ? page.rejected : rejected);
		};
		let next = 0;
		/** Goes on until an event has to be waited for; false at the end. */
		const goOn = (): Promise<void> | undefined => {
			while (next < page.entries.length) {
				const place = next++;
				const entry = page.entries[place]!;
				const keep = (event: V) => void (made[place] = {event, record: entry.record, of: entry});
				try {
					const result = each(entry.event, entry.record, page.source);
					if (isObservable(result)) {
						throw new ConfigError(`${operator}: expected an event or a promise of one, got an Observable`);
					}
					if (isPromise(result)) return Promise.resolve(result).then(keep, (error: unknown) => fail(entry, error));
					keep(result);
				} catch (error) {
					if (error instanceof ConfigError) throw error;
					fail(entry, error);
				}
			}
			return undefined;
		};
		const first = goOn();
		if (!first) return of(done());
		const work = async (pending: Promise<void> | undefined) => {
			for (let waits = pending; waits; waits = goOn()) await waits;
		};
		const others = Array.from({length: Math.max(0, concurrency - 1)}, () => work(goOn()));
		return from(Promise.all([work(first), ...others]).then(done));
	});
}

/** A promise of another library counts, too: it must not be written as an object. */
function isPromise<V>(result: V | Promise<V>): result is Promise<V> {
	return typeof (result as {then?: unknown} | null | undefined)?.then === 'function';
}
