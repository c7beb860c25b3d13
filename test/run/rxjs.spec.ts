import assert from 'node:assert/strict';
import {
	audit,
	bufferCount,
	catchError,
	combineLatestWith,
	concat,
	concatMap,
	concatWith,
	count,
	debounceTime,
	delay,
	distinct,
	distinctUntilKeyChanged,
	elementAt,
	EMPTY,
	exhaustMap,
	filter,
	finalize,
	first,
	groupBy,
	ignoreElements,
	last,
	map,
	materialize,
	merge,
	mergeAll,
	mergeMap,
	mergeWith,
	observeOn,
	NEVER,
	type Observable,
	of,
	pairwise,
	queueScheduler,
	reduce,
	repeat,
	retry,
	sampleTime,
	scan,
	share,
	shareReplay,
	skip,
	skipWhile,
	Subject,
	switchMap,
	take,
	takeLast,
	takeWhile,
	tap,
	throttleTime,
	timeout,
	timer,
	toArray,
	zipWith,
} from 'rxjs';
import type {Page} from '../../lib/model/page.ts';
import {run} from '../../lib/run/run.ts';
import {memorySink} from '../../lib/testing/memory-sink.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {type PagedSourceOptions, pagedSource, someRecords} from '../support/paged-source.ts';
import {textOf} from '../support/tree.ts';

type Pages = Observable<Page>;

const ids = (count: number, from = 0) => Array.from({length: count - from}, (_, index) => `e${index + from}`);
const source = (count = 6, options: PagedSourceOptions = {}) => pagedSource(someRecords(count), options);
const other = (options: PagedSourceOptions = {}) => source(2, {...options, facts: {tenant: 'other'}});
const later = (page: Page) => timer(6 - page.sequence).pipe(map(() => page));

/** The events that reach a sink, in order, or the code of the error. */
async function outcome(through: (pages: Pages) => unknown, state = false): Promise<readonly string[] | string> {
	const sink = memorySink();
	try {
		await run(through(source()) as Pages, sink, {budget: {maxPages: 8}, ...(state ? {state: memoryStore()} : {})});
	} catch (error) {
		return (error as {code: string}).code;
	}
	return sink.lines.map(line => (JSON.parse(line) as {id: string}).id);
}

/** What the page of docs/ says of each operator, row by row. */
const rows: Readonly<Record<string, Readonly<Record<string, (pages: Pages) => unknown>>>> = {
	'every page, in order': {
		tap: pages => pages.pipe(tap(() => {})),
		finalize: pages => pages.pipe(finalize(() => {})),
		map: pages => pages.pipe(map(page => page.map(event => event))),
		concatMap: pages => pages.pipe(concatMap(later)),
		delay: pages => pages.pipe(delay(1)),
		observeOn: pages => pages.pipe(observeOn(queueScheduler)),
		timeout: pages => pages.pipe(timeout(60_000)),
	},
	'every page, in the order of the source again': {
		mergeMap: pages => pages.pipe(mergeMap(later)),
		groupBy: pages =>
			pages.pipe(
				groupBy(({sequence}) => sequence % 2),
				mergeAll(),
			),
	},
	'the pages until then': {
		take: pages => pages.pipe(take(2)),
		first: pages => pages.pipe(first()),
		takeWhile: pages => pages.pipe(takeWhile(({sequence}) => sequence < 2)),
	},
	E_UNSETTLED_PAGES: {
		filter: pages => pages.pipe(filter(({sequence}) => sequence !== 2)),
		skip: pages => pages.pipe(skip(1)),
		skipWhile: pages => pages.pipe(skipWhile(({sequence}) => sequence < 2)),
		takeLast: pages => pages.pipe(takeLast(1)),
		last: pages => pages.pipe(last()),
		elementAt: pages => pages.pipe(elementAt(2)),
		ignoreElements: pages => pages.pipe(ignoreElements()),
		distinct: pages => pages.pipe(distinct(({source}) => source.name)),
		distinctUntilKeyChanged: pages => pages.pipe(distinctUntilKeyChanged('source')),
		debounceTime: pages => pages.pipe(debounceTime(60_000)),
		throttleTime: pages => pages.pipe(throttleTime(60_000)),
		audit: pages => pages.pipe(audit(() => EMPTY)),
		sampleTime: pages => pages.pipe(sampleTime(60_000)),
		switchMap: pages => pages.pipe(switchMap(page => (page.sequence === 5 ? of(page) : NEVER))),
		exhaustMap(pages) {
			const ended = new Subject<void>();
			return pages.pipe(
				tap({complete: () => ended.next()}),
				exhaustMap(page =>
					ended.pipe(
						first(),
						map(() => page),
					),
				),
			);
		},
	},
	CONFIG: {
		toArray: pages => pages.pipe(toArray()),
		bufferCount: pages => pages.pipe(bufferCount(2)),
		pairwise: pages => pages.pipe(pairwise()),
		scan: pages => pages.pipe(scan(sum => sum + 1, 0)),
		reduce: pages => pages.pipe(reduce(sum => sum + 1, 0)),
		count: pages => pages.pipe(count()),
		materialize: pages => pages.pipe(materialize()),
		zipWith: pages => pages.pipe(zipWith(other())),
		combineLatestWith: pages => pages.pipe(combineLatestWith(other())),
		share: pages => (shared => merge(shared, shared))(pages.pipe(share())),
		shareReplay: pages => (shared => concat(shared, shared))(pages.pipe(shareReplay())),
	},
};

const expected: Readonly<Record<string, readonly string[] | string>> = {
	'every page, in order': ids(6),
	'every page, in the order of the source again': ids(6),
};

describe('what rxjs does to pages', () => {
	for (const [what, operators] of Object.entries(rows)) {
		for (const [name, through] of Object.entries(operators)) {
			it(`${name}: ${what}`, async () => {
				for (const state of [false, true]) {
					const got = await outcome(through, state);
					if (what === 'the pages until then') assert.deepEqual(got, ids(name === 'first' ? 1 : 2));
					else assert.deepEqual(got, expected[what] ?? what);
				}
			});
		}
	}

	it('merge, mergeWith: every page of each, also with a state', async () => {
		for (const state of [false, true]) {
			for (const both of [(pages: Pages) => merge(pages, other()), (pages: Pages) => pages.pipe(mergeWith(other()))]) {
				assert.deepEqual([...(await outcome(both, state))].toSorted(), [...ids(2), ...ids(6)].toSorted());
			}
		}
	});

	it('concat, concatWith: one behind the other; with a state only from a builder', async () => {
		for (const both of [(pages: Pages) => concat(pages, other()), (pages: Pages) => pages.pipe(concatWith(other()))]) {
			assert.deepEqual(await outcome(both), [...ids(6), ...ids(2)]);
			assert.equal(await outcome(both, true), 'CONFIG');
		}
		const sink = memorySink();
		await run(start => concat(source(6, {start}), other({start})), sink, {state: memoryStore()});
		assert.equal(sink.lines.length, 8);
	});

	it('repeat: all of it again; with a state only what is new', async () => {
		const twice = (pages: Pages) => pages.pipe(repeat(2));
		assert.deepEqual(await outcome(twice), [...ids(6), ...ids(6)]);
		assert.deepEqual(await outcome(twice, true), ids(6));
	});

	const failing = () => {
		let failures = 1;
		return source(6, {
			onRequest(at) {
				if (at === 3 && failures-- > 0) throw new Error('odd');
			},
		});
	};

	it('retry: on behind what was written, or from the beginning; with a state nothing comes twice', async () => {
		const again = () => failing().pipe(retry(1));
		assert.deepEqual([...new Set(await outcome(again))].toSorted(), ids(6));
		assert.deepEqual(await outcome(again, true), ids(6));
	});

	it('catchError: hides that the source failed; the next run goes on there', async () => {
		const state = memoryStore();
		const sink = memorySink();
		await run(failing().pipe(catchError(() => EMPTY)), sink, {state});
		assert.equal(sink.lines.length, 3);
		await run(source(), sink, {state});
		assert.equal(sink.lines.length, 6);
	});

	it('a page that is not wanted is acknowledged, or gives all of its events away', async () => {
		const acked = mergeMap((page: Page) => (page.sequence === 2 ? (page.ack(), EMPTY) : of(page)));
		const emptied = map((page: Page) => page.filter(() => page.sequence !== 2));
		for (const left of [acked, emptied]) {
			assert.deepEqual(await outcome(pages => pages.pipe(left)), ['e0', 'e1', 'e3', 'e4', 'e5']);
		}
	});

	it('is what docs/library.md says, of each operator', () => {
		const documented = [...textOf('docs/library.md').matchAll(/^\| (`\w+`[^|]*) \| ([^|]*) \|/gm)];
		for (const [what, operators] of Object.entries(rows)) {
			const texts = documented.filter(([, , text]) => text!.includes(what)).map(([, names]) => names!);
			const names = [...texts.join().matchAll(/`(\w+)`/g)].map(([, name]) => name!);
			assert.deepEqual(names.toSorted(), Object.keys(operators).toSorted(), what);
		}
	});
});
