import assert from 'node:assert/strict';
import fc from 'fast-check';
import {EMPTY, from, NEVER, Subject, throwError} from 'rxjs';
import type {Json} from '../../lib/model/event.ts';
import {entryBytes} from '../../lib/model/identity-set.ts';
import {dedupe, type DedupeOptions, keepNeeded} from '../../lib/operators/dedupe.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import type {Page} from '../../lib/model/page.ts';
import {freshStart, type Start} from '../../lib/model/start.ts';
import {inStart, factsOf, idsOf, listen, pageOf, type TestRecord} from '../support/pages.ts';

const hourMs = 3_600_000;
const source = factsOf({overlapMs: hourMs});

/** What a state remembers of `dedupe` between runs, kept as the committer does. */
class Memory {
	snapshots: Record<string, Json> = {};
	identities: Uint8Array = new Uint8Array();

	/** The start of a new run. */
	start(): Start {
		const {snapshots, identities} = this;
		return {...freshStart(), snapshots, identities};
	}

	commit(page: Page): void {
		this.snapshots = {...this.snapshots, ...page.snapshots};
		this.identities = Buffer.concat([this.identities, page.identities ?? new Uint8Array()]);
	}

	compact(): void {
		this.identities = keepNeeded(this.identities, this.snapshots);
	}
}

function through(pages: readonly Page[], start: Start = freshStart(), options?: DedupeOptions): Page[] {
	return listen(from(pages.map(page => inStart(page, start))).pipe(dedupe(options))).values;
}

function idsThrough(pages: readonly Page[], start?: Start, options?: DedupeOptions): string[] {
	return through(pages, start, options).flatMap(idsOf);
}

function numbered(first: number, count: number, timeMsOf: (index: number) => number): TestRecord[] {
	return Array.from({length: count}, (_, index) => ({
		id: `${first + index}`,
		timeMs: timeMsOf(index),
		text: Buffer.of(),
		value: first + index,
	}));
}

function paged(records: readonly TestRecord[], size: number): Page[] {
	const pages = [];
	for (let at = 0; at < records.length; at += size) {
		pages.push(pageOf(records.slice(at, at + size), {sequence: pages.length, source}));
	}
	return pages;
}

describe('dedupe', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		assert.equal(listen(NEVER.pipe(dedupe())).ended, undefined);
		assert.equal(listen(EMPTY.pipe(dedupe())).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(dedupe())).error, boom);
	});

	it('stops listening when nobody listens to it', () => {
		const pages = new Subject<Page>();
		const heard = listen(pages.pipe(dedupe()));
		pages.next(pageOf(['a']));
		heard.unsubscribe();
		assert.equal(pages.observed, false);
		assert.equal(heard.values.length, 1);
	});

	it('leaves out what came before, and keeps the page whole', () => {
		const pages = [pageOf(['a', 'b', 'a']), pageOf(['b', 'c'], {sequence: 1}), pageOf(['a'], {sequence: 2})];
		const out = through(pages);
		assert.deepEqual(out.map(idsOf), [['a', 'b'], ['c'], []]);
		assert.deepEqual(
			out.map(({duplicates}) => duplicates),
			[1, 1, 1],
		);
		for (const [index, page] of out.entries()) {
			assert.deepEqual(
				page.events,
				page.records.map(({value}) => value),
				'events and records stay together',
			);
			assert.equal(page.position, pages[index]!.position);
			assert.equal(page.sequence, index);
			assert.equal(page.ack, pages[index]!.ack);
			assert.equal(page.verbatim, true);
			assert.equal(page.identities!.length, idsOf(page).length * entryBytes);
		}
	});

	it('adds to the duplicates and snapshots that others have counted', () => {
		const [page] = through([pageOf([{id: 'a', timeMs: 5}, 'a']).with({duplicates: 3, snapshots: {other: 1}})]);
		assert.equal(page!.duplicates, 4);
		assert.deepEqual(Object.keys(page!.snapshots), ['other', `dedupe:${source.name}:${source.tenant}`]);
	});

	it('begins anew with each subscription', () => {
		const stream = from([pageOf(['a'])]).pipe(dedupe());
		assert.deepEqual([...listen(stream).values, ...listen(stream).values].map(idsOf), [['a'], ['a']]);
	});

	it('tells apart the same id of two sources and of two tenants', () => {
		const pages = [{}, {name: 'other'}, {tenant: 'other'}].map(facts => pageOf(['1'], {source: factsOf(facts)}));
		assert.deepEqual(through(pages).map(idsOf), [['1'], ['1'], ['1']]);
	});

	it('tells apart ids that differ in anything', () => {
		const ids = [
			'a',
			'A',
			'a ',
			'',
			'\0',
			'a\0',
			'é',
			'e\u0301',
			'\ud800',
			'\ud801',
			'x\udfff',
			'\ufffd',
			'"\\ud800"',
			'1',
			'01',
		];
		assert.deepEqual(idsThrough([pageOf(ids)]), ids);
		assert.deepEqual(idsThrough([pageOf(ids), pageOf(ids)]), ids);
	});

	const runs = fc.array(
		fc.record({
			pages: fc.array(fc.array(fc.record({id: fc.nat(30).map(String), timeMs: fc.nat(9)}), {maxLength: 8}), {
				maxLength: 6,
			}),
			/** So many pages are committed before the run is killed. */
			committed: fc.nat(6),
			compacted: fc.boolean(),
		}),
		{minLength: 1, maxLength: 5},
	);

	it('gives each record once, in any pages, over kills and restarts', () => {
		fc.assert(
			fc.property(runs, nights => {
				const memory = new Memory();
				const known = new Set<string>();
				for (const {pages, committed, compacted} of nights) {
					const now = new Set(known);
					const expected = pages.map(page =>
						page.map(({id}) => id).filter(id => (now.has(id) ? false : (now.add(id), true))),
					);
					const out = through(
						pages.map((records, sequence) => pageOf(records, {sequence, source})),
						memory.start(),
					);
					assert.deepEqual(out.map(idsOf), expected);
					for (const page of out.slice(0, committed)) {
						memory.commit(page);
						for (const id of idsOf(page)) known.add(id);
					}
					if (compacted) memory.compact();
				}
			}),
			{numRuns: 500},
		);
	});

	it('gives the same records in whatever order the pages come', () => {
		const shuffled = fc
			.array(fc.array(fc.nat(20).map(String), {maxLength: 6}), {maxLength: 6})
			.chain(pages => fc.tuple(fc.constant(pages), fc.shuffledSubarray(pages, {minLength: pages.length})));
		fc.assert(
			fc.property(shuffled, ([one, other]) => {
				const idsFrom = (pages: string[][]) => idsThrough(pages.map(ids => pageOf(ids))).sort();
				assert.deepEqual(idsFrom(one), idsFrom(other));
			}),
		);
	});

	it('tells a late row from its neighbours in the same millisecond, night after night', () => {
		const memory = new Memory();
		const atMs = 1_000 * hourMs;
		const night = (...ids: string[]) => {
			const [page] = through(
				[
					pageOf(
						ids.map(id => ({id, timeMs: atMs})),
						{source},
					),
				],
				memory.start(),
			);
			memory.commit(page!);
			memory.compact();
			return idsOf(page!);
		};
		assert.deepEqual(night('a', 'b'), ['a', 'b']);
		assert.deepEqual(night('a', 'late', 'b'), ['late']);
		assert.deepEqual(night('a', 'late', 'b'), []);
	});

	it('drops a record that was rejected before, by its text', () => {
		const rejected = [{text: Buffer.from('{"id":1}'), reason: 'no time'}];
		const start = freshStart();
		const pages = [0, 1].map(sequence => pageOf([{id: `e${sequence}`}], {sequence, source, rejected}));
		const out = through(pages, start);
		assert.deepEqual(
			out.map(page => [page.events.length, page.rejected.length, page.duplicates]),
			[
				[1, 1, 0],
				[1, 0, 1],
			],
		);
		assert.deepEqual(
			out.map(page => page.identities!.length / entryBytes),
			[2, 1],
		);
	});

	it('remembers for each source by itself', () => {
		const other = factsOf({name: 'other', overlapMs: hourMs});
		const late = [{id: 'late', timeMs: 10 * hourMs}];
		const out = through([
			pageOf([{id: 'a', timeMs: 1000 * hourMs}], {source}),
			pageOf(late, {source: other}),
			pageOf(late, {source: other, sequence: 1}),
			pageOf(late, {source, sequence: 1}),
		]);
		assert.deepEqual(
			out.map(page => page.events.length),
			[1, 1, 0, 1],
		);
		const {snapshots} = out[1]!;
		assert.deepEqual(Object.keys(snapshots), [`dedupe:other:${other.tenant}`]);
		assert.equal((Object.values(snapshots)[0] as {floorMs: number}).floorMs, 9 * hourMs);
	});

	it('says from when on it remembers everything, as of each page', () => {
		const pages = [
			pageOf([], {source}),
			pageOf([{id: 'a', timeMs: 3 * hourMs}], {sequence: 1, source}),
			pageOf([{id: 'b', timeMs: 2 * hourMs + 500}], {sequence: 2, source}),
			pageOf([], {sequence: 3, source}),
		];
		const said = through(pages).map(({snapshots}) => {
			const {floorMs, edgeSecond} = (snapshots[`dedupe:${source.name}:${source.tenant}`] ?? {}) as {
				floorMs?: number;
				edgeSecond?: number;
			};
			return [floorMs, edgeSecond];
		});
		const floorMs = 2 * hourMs;
		assert.deepEqual(said, [
			[undefined, undefined],
			[floorMs, 3 * 3600],
			[floorMs, 2 * 3600],
			[floorMs, 2 * 3600],
		]);
	});

	it('says the same after a restart until there is something new', () => {
		const memory = new Memory();
		memory.commit(through([pageOf([{id: 'a', timeMs: 3 * hourMs}], {source})], memory.start())[0]!);
		const [page] = through([pageOf([], {source})], memory.start());
		assert.deepEqual(page!.snapshots, memory.snapshots);
		assert.deepEqual(JSON.parse(JSON.stringify(memory.snapshots)), memory.snapshots, 'plain JSON');
	});

	it('reads identities from wherever they lie in memory', () => {
		const [page] = through([pageOf(['a', 'b'])]);
		for (let shift = 0; shift < 4; shift++) {
			const bytes = Buffer.alloc(shift + page!.identities!.length);
			bytes.set(page!.identities!, shift);
			const start = {...freshStart(), identities: bytes.subarray(shift)};
			assert.deepEqual(idsThrough([pageOf(['a', 'b', 'c'])], start), ['c']);
		}
	});

	it('sees through what was filtered before it', () => {
		const pages = from([pageOf(['a', 'b']), pageOf(['b', 'c'])]);
		const out = listen(
			pages.pipe(
				filterEvents((_, {id}) => id !== 'a'),
				dedupe(),
			),
		).values;
		assert.deepEqual(out.map(idsOf), [['b'], ['c']]);
		assert.deepEqual(idsThrough([pageOf(['a', 'b']).filter((_, {id}) => id === 'b'), pageOf(['a', 'b'])]), ['b', 'a']);
	});

	describe('with more than it remembers', () => {
		const newestMs = 10_000 * hourMs;
		const count = 150_000;
		/** Newest first, one a second: the overlap is the first 3,600. */
		const log = numbered(0, count, index => newestMs - index * 1000);

		it('keeps the overlap, the last pages and the second of the edge; what is older passes again', () => {
			const memory = new Memory();
			const start = memory.start();
			const pages = [
				...paged(log, 5000),
				pageOf(log.slice(0, 3600), {sequence: 100, source}),
				pageOf(log.slice(-40_000), {sequence: 101, source}),
				pageOf(log.slice(20_000, 20_010), {sequence: 102, source}),
			];
			const out = through(pages, start);
			assert.equal(out.slice(0, 30).flatMap(idsOf).length, count, 'nothing new is dropped');
			assert.deepEqual(
				out.slice(30).map(page => idsOf(page).length),
				[0, 0, 10],
			);
			assert.deepEqual(start.meter.warnings, []);

			for (const page of out) memory.commit(page);
			memory.compact();
			const entries = memory.identities.length / entryBytes;
			assert.ok(entries >= 43_000 && entries < 45_000, `${entries} entries`);
			assert.deepEqual(idsThrough([pageOf(log.slice(0, 3600), {source})], memory.start()), [], 'the next night');
		});

		it('knows the overlap behind the night before when it comes to it, at the end of a long pass', () => {
			const memory = new Memory();
			const before = numbered(count, 3000, index => newestMs - count * 1000 - index * 1000);
			for (const page of through(paged(before, 1000), memory.start())) memory.commit(page);
			memory.compact();
			const pages = paged([...log, ...before], 5000);
			assert.equal(idsThrough(pages, memory.start()).length, count, 'once each');

			// and after a kill in the middle
			for (const page of through(pages.slice(0, 20), memory.start())) memory.commit(page);
			memory.compact();
			assert.equal(idsThrough(pages.slice(20), memory.start()).length, count - 100_000);
		});

		it('keeps what is to be read again, while it waits and while it is read, in memory and in the journal', () => {
			const memory = new Memory();
			const old = log.slice(100_000, 101_000);
			for (const page of through(paged([log[0]!, ...old], 500))) memory.commit(page);
			const span = {sinceMs: old.at(-1)!.timeMs!, untilMs: old[0]!.timeMs! + 1, reason: 'reset', again: true};
			const fresh = (first: number) => numbered(first, 70_000, index => newestMs + hourMs + index);
			const waiting = {position: {covered: [], gaps: [{...span, cursor: 'c'}]}, source};
			const reading = {position: {covered: [], scan: {...span, cursor: 'c'}}, source};
			for (const [state, first] of [
				[waiting, 200_000],
				[reading, 400_000],
			] as const) {
				const pages = [pageOf(fresh(first), state), pageOf(old, {...reading, sequence: 1})];
				const out = through(pages, memory.start());
				assert.deepEqual(
					out.map(page => idsOf(page).length),
					[70_000, 0],
					'in memory',
				);
				for (const page of out) memory.commit(page.with({snapshots: out[0]!.snapshots}));
				memory.compact();
				assert.deepEqual(idsThrough([pageOf(old, reading)], memory.start()), [], 'in the journal');
			}
			// and no longer than that
			const over = {position: {covered: []}, source};
			for (const page of through([pageOf(fresh(3_000_000), over)], memory.start())) memory.commit(page);
			memory.compact();
			assert.equal(idsThrough([pageOf(old, over)], memory.start()).length, 1000);
		});

		it('shrinks the overlap, with a warning, where it does not fit', () => {
			const memory = new Memory();
			const start = memory.start();
			const dense = numbered(0, 140_000, index => newestMs - Math.floor(index / 40) * 1000);
			const maxBytes = 60_000 * entryBytes;
			const out = through(paged(dense, 5000), start, {maxBytes});
			assert.equal(out.flatMap(idsOf).length, dense.length, 'nothing new is dropped');
			assert.match(
				start.meter.warnings[0]!,
				/^dedupe: more than 60000 identities within the overlap; it shrinks to \d+ % of what was asked for$/,
			);
			const {floorMs} = out.at(-1)!.snapshots[`dedupe:${source.name}:${source.tenant}`] as {floorMs: number};
			assert.ok(floorMs > newestMs - hourMs && floorMs < newestMs, `${newestMs - floorMs} ms behind the newest`);

			// everything from the floor on is still known, in this run and in the next one
			const known = dense.filter(({timeMs}) => timeMs! >= floorMs);
			assert.ok(known.length > 1000 && known.length < 70_000);
			for (const page of out) memory.commit(page);
			memory.compact();
			assert.deepEqual(idsThrough([pageOf(known, {source})], memory.start(), {maxBytes}), []);
		});
	});
});
