import assert from 'node:assert/strict';
import {concat, EMPTY, NEVER, of, throwError} from 'rxjs';
import {take} from 'rxjs/operators';
import {Budget} from '../../lib/model/budget.ts';
import {AuditError, SourceError} from '../../lib/model/errors.ts';
import {paginate, type PaginateOptions, type ReadPage} from '../../lib/source/paginate.ts';
import type {Page} from '../../lib/model/page.ts';
import type {Scan, SourcePosition} from '../../lib/source/scan.ts';
import {freshStart, type Start} from '../../lib/model/start.ts';
import {factsOf, idsOf, listen, settle} from '../support/pages.ts';
import {answerOf, scriptedApi} from '../support/scripted-api.ts';

const scan: Scan = {sinceMs: 0, untilMs: 10_000, coversToMs: 9_000};
const source = factsOf();
const refused = new SourceError('HTTP_STATUS', 'unknown cursor', {status: 400});
const refusesCursor = (error: unknown) => error === refused;

function ack(page: Page): void {
	page.ack();
}

function startWith(given: Partial<Start>): Start {
	return {...freshStart(), ...given};
}

/** The pages of one pass, each acknowledged at once. */
function pages(read: ReadPage<unknown>, options: Partial<PaginateOptions> = {}, scans: Scan[] = [scan]) {
	return listen(of(...scans).pipe(paginate(read, {source, refusesCursor, ...options})), ack);
}

/** Reads from a table of pages: cursor (none: '') to ids and next cursor. */
function tableOf(table: Record<string, [ids: string[], next?: string]>): ReadPage<unknown> & {asked: string[]} {
	const asked: string[] = [];
	const read: ReadPage<unknown> = async ({cursor = ''}) => {
		asked.push(cursor as string);
		const [ids, next] = table[cursor as string]!;
		return answerOf(ids, next);
	};
	return Object.assign(read, {asked});
}

function positionOf(page: Page | undefined): SourcePosition {
	return page!.position as unknown as SourcePosition;
}

describe('paginate', () => {
	describe('pages', () => {
		it('are the answers, in order, each with the position behind it', async () => {
			const api = scriptedApi();
			const heard = pages(api.read);
			await settle();
			assert.deepEqual(
				api.asked.map(({scan}) => scan),
				[scan],
			);
			api.last().answer(
				[
					{id: 'c', timeMs: 8000},
					{id: 'b', timeMs: 7000},
				],
				'C1',
				70,
			);
			await settle();
			api.last().answer([{id: 'a', timeMs: 6000}], {offset: 3});
			await settle();
			assert.deepEqual(api.last().scan.cursor, {offset: 3});
			api.last().answer([]);
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.deepEqual(heard.values.map(idsOf), [['c', 'b'], ['a'], []]);
			assert.deepEqual(
				heard.values.map(({sequence}) => sequence),
				[0, 1, 2],
			);
			assert.equal(heard.values[0]!.bytes, 70);
			assert.equal(heard.values[0]!.verbatim, true);
			assert.deepEqual(
				heard.values.map(({position}) => position),
				[
					{covered: [], watermarkMs: 8000, scan: {...scan, lastMs: 7000, pageMs: 8000, cursor: 'C1'}},
					{covered: [], watermarkMs: 8000, scan: {...scan, lastMs: 6000, pageMs: 6000, cursor: {offset: 3}}},
					{covered: [[0, 9000]], watermarkMs: 8000},
				],
			);
		});

		it('are one empty one where there is nothing, since its position counts', async () => {
			const heard = pages(tableOf({'': [[]]}));
			await heard.over;
			assert.deepEqual(heard.values.map(idsOf), [[]]);
			assert.deepEqual(positionOf(heard.values[0]), {covered: [], askedFromMs: 0});
		});

		it('cover nothing, with a warning, where nothing ever came', async () => {
			const start = freshStart();
			const heard = pages(tableOf({'': [[]]}), {start}, [scan, scan]);
			await heard.over;
			assert.deepEqual(positionOf(heard.values[1]), {covered: [], askedFromMs: 0});
			assert.equal(start.meter.warnings.length, 1);
			assert.match(start.meter.warnings[0]!, /nothing came from 1970-\S+ to 1970-\S+, .*check the rights/);
			const later = pages(tableOf({'': [[]]}), {start, position: {covered: [], watermarkMs: 5, askedFromMs: 0}});
			await later.over;
			assert.deepEqual(positionOf(later.values[0]), {covered: [[0, 9000]], watermarkMs: 5});
			assert.equal(start.meter.warnings.length, 1);
		});

		it('are empty ones where the API gives nothing but a next one, since their positions count, too', async () => {
			const heard = pages(tableOf({'': [['a'], '1'], '1': [[], '2'], '2': [[], '3'], '3': [['b']]}));
			await heard.over;
			assert.deepEqual(heard.values.map(idsOf), [['a'], [], [], ['b']]);
		});

		it('hold what was rejected, alone too', async () => {
			const rejected = [{text: Buffer.from('x'), reason: 'odd'}];
			const heard = pages(async () => ({...answerOf([]), rejected}));
			await heard.over;
			assert.deepEqual(heard.values[0]!.rejected, rejected);
		});

		it('hold only what is within the bounds; whole seconds that straddle one are within', async () => {
			const bounds: Scan = {sinceMs: 2500, untilMs: 5500, coversToMs: 5500};
			const records = [
				{id: 'later', timeMs: 5500},
				{id: 'last', timeMs: 5499},
				{id: 'straddles until', timeMs: 5000, wholeSecond: true},
				{id: 'first', timeMs: 2500},
				{id: 'earlier', timeMs: 2499},
				{id: 'straddles since', timeMs: 2000, wholeSecond: true},
				{id: 'whole, earlier', timeMs: 1000, wholeSecond: true},
			];
			const heard = pages(async () => answerOf(records), {}, [bounds]);
			await heard.over;
			const kept = ['last', 'straddles until', 'first', 'straddles since'];
			assert.deepEqual(idsOf(heard.values[0]!), kept);
			assert.deepEqual(
				heard.values[0]!.events.map(event => (event as {id: string}).id),
				kept,
			);
			assert.equal(positionOf(heard.values[0]).watermarkMs, 5499);
		});

		it('of several passes come one after the other', async () => {
			const second: Scan = {sinceMs: 20_000, untilMs: 30_000, coversToMs: 30_000};
			const third: Scan = {sinceMs: 40_000, untilMs: 50_000, coversToMs: 50_000};
			const seen: SourcePosition[] = [];
			const read: ReadPage<unknown> = async ({sinceMs, cursor}) =>
				answerOf([{id: `${sinceMs}${cursor === 'x' ? 'x' : ''}`, timeMs: sinceMs}], cursor ? undefined : 'x');
			const following = (position: SourcePosition) => (seen.push(position), [third]);
			const heard = pages(read, {following}, [scan, second]);
			await heard.over;
			assert.deepEqual(heard.values.flatMap(idsOf), ['0', '0x', '20000', '20000x', '40000', '40000x']);
			assert.deepEqual(
				heard.values.map(({sequence}) => sequence),
				[0, 1, 2, 3, 4, 5],
			);
			assert.deepEqual(
				seen.map(({covered}) => covered),
				[
					[
						[0, 9000],
						[20_000, 30_000],
					],
				],
				'asked for when the passes before are over',
			);
			assert.deepEqual(positionOf(heard.values.at(-1)).covered, [
				[0, 9000],
				[20_000, 30_000],
				[40_000, 50_000],
			]);
		});
	});

	describe('as a stream', () => {
		it('passes on what its passes say: nothing, an end, an error', async () => {
			const read = tableOf({'': [['a']]});
			assert.equal(listen(NEVER.pipe(paginate(read, {source}))).ended, undefined);
			assert.equal(listen(EMPTY.pipe(paginate(read, {source}))).ended, 'complete');
			const boom = new Error('boom');
			const heard = listen(
				concat(
					of(scan),
					throwError(() => boom),
				).pipe(paginate(read, {source})),
			);
			await heard.over;
			assert.equal(heard.error, boom);
		});

		it('asks for nothing before it is subscribed to', async () => {
			const read = tableOf({'': [['a']]});
			const stream = of(scan).pipe(paginate(read, {source}));
			await settle();
			assert.deepEqual(read.asked, []);
			for (let time = 0; time < 2; time++) {
				const heard = listen(stream, ack);
				await heard.over;
				assert.deepEqual(
					heard.values.map(({sequence}) => sequence),
					[0],
					'each subscription from the beginning',
				);
			}
		});

		it('emits the pages before a failed request, then its error', async () => {
			const boom = new Error('boom');
			const read: ReadPage<unknown> = async ({cursor = 0}) => {
				if (cursor === 3) throw boom;
				return answerOf([`${cursor as number}`], (cursor as number) + 1);
			};
			const start = freshStart();
			const heard = pages(read, {start});
			await heard.over;
			assert.equal(heard.error, boom);
			assert.deepEqual(heard.values.flatMap(idsOf), ['0', '1', '2']);
			assert.equal(start.budget.pages, 0);
		});

		it('makes an error of a request that throws, and gives its place back', async () => {
			const boom = new Error('boom');
			const start = freshStart();
			const heard = pages(
				() => {
					throw boom;
				},
				{start},
			);
			await heard.over;
			assert.equal(heard.error, boom);
			assert.equal(start.budget.pages, 0);
		});

		it('goes on for as long as there are pages, and no longer than somebody wants them', async () => {
			let asked = 0;
			const read: ReadPage<unknown> = async () => answerOf([`${++asked}`], asked);
			const start = freshStart();
			const heard = listen(of(scan).pipe(paginate(read, {source, start}), take(500)), ack);
			await heard.over;
			await settle();
			assert.equal(heard.values.length, 500);
			assert.ok(asked <= 502, `${asked} requests`);
			assert.equal(start.budget.pages, 0, 'what was read ahead gives its place back');
		});

		it('aborts the request when nobody listens any more', async () => {
			const start = freshStart();
			const api = scriptedApi();
			const heard = pages(api.read, {start});
			await settle();
			assert.equal(api.last().signal.aborted, false);
			heard.unsubscribe();
			assert.equal(api.last().signal.aborted, true);
			await settle();
			assert.equal(start.budget.pages, 0);
			assert.equal(heard.ended, undefined);
			assert.equal(start.interrupted, false);
		});

		it('lets go of a page that came when nobody listened any more', async () => {
			const start = freshStart();
			const read: ReadPage<unknown> = async ({cursor = 0}) => {
				// the page before this one has been read and not yet emitted
				if (cursor === 2) heard.unsubscribe();
				return answerOf(['x'], (cursor as number) + 1);
			};
			const heard = pages(read, {start});
			await settle();
			assert.equal(heard.values.length, 1);
			assert.equal(start.budget.pages, 0);
		});
	});

	describe('credit', () => {
		/** Endless pages; nobody settles them unless the test does. */
		async function unsettled(budget: Budget, bytes = 1) {
			let asked = 0;
			const read: ReadPage<unknown> = async () => answerOf([`${++asked}`], asked, bytes);
			const heard = listen(of(scan).pipe(paginate(read, {source, start: startWith({budget})})));
			await settle();
			return {heard, asked: () => asked};
		}

		it('lets four pages be requested and nothing more until one is taken', async () => {
			const {heard, asked} = await unsettled(new Budget());
			assert.equal(asked(), 4);
			await settle();
			assert.equal(asked(), 4);
			for (let index = 0; index < 20; index++) {
				heard.values[index]!.taken();
				await settle();
				assert.equal(asked(), 5 + index);
			}
			heard.unsubscribe();
		});

		it('lets no more be requested than its bytes, but for one page alone', async () => {
			const {heard, asked} = await unsettled(new Budget({maxPages: 100, maxBytes: 100}), 101);
			assert.equal(asked(), 1);
			heard.values[0]!.ack();
			await settle();
			// the second page's size is not known before it has come
			assert.ok(asked() <= 3, `${asked()} requests`);
			heard.unsubscribe();
		});

		it('is 4 pages or 16 MB by default', async () => {
			const {heard, asked} = await unsettled(new Budget(), 9 * 1024 * 1024);
			assert.equal(asked(), 2, '9 MB, 18 MB');
			heard.unsubscribe();
		});

		it('has the next request under way while a page is worked on, but not before the first page was seen', async () => {
			const requests: number[] = [];
			let asked = 0;
			const read: ReadPage<unknown> = async () => answerOf([`${++asked}`], asked);
			const heard = listen(of(scan).pipe(paginate(read, {source}), take(3)), page => {
				requests.push(asked);
				page.ack();
			});
			await heard.over;
			assert.deepEqual(requests, [1, 3, 4]);
		});
	});

	describe('no progress', () => {
		async function stuck(read: ReadPage<unknown>, options: Partial<PaginateOptions> = {}) {
			const start = freshStart();
			const heard = pages(read, {start, ...options});
			await heard.over;
			const {error} = heard;
			assert.ok(error instanceof AuditError, String(error));
			assert.equal(error.code, 'PAGING_NO_PROGRESS');
			assert.match(error.message, /^some-source: /);
			assert.equal(start.budget.pages, 0);
			return heard.values;
		}

		it('is a cursor that comes again; the last position is before the loop', async () => {
			const read = tableOf({'': [['a'], '1'], '1': [['b'], '1']});
			const values = await stuck(read);
			assert.deepEqual(values.map(idsOf), [['a'], ['b']]);
			assert.equal(positionOf(values.at(-1)).scan?.cursor, '1', 'the page that leads nowhere is asked for again');
			assert.deepEqual(positionOf(values.at(-1)).covered, []);
			assert.deepEqual(read.asked, ['', '1']);
		});

		it('is a cycle', async () => {
			const read = tableOf({'': [['a'], '1'], '1': [['b'], '2'], '2': [['c'], '1']});
			const values = await stuck(read);
			assert.deepEqual(values.flatMap(idsOf), ['a', 'b', 'c']);
			assert.equal(positionOf(values.at(-1)).scan?.cursor, '2');
		});

		it('is the cursor that the pass goes on from', async () => {
			const read = tableOf({'1': [['b'], '1']});
			const heard = pages(read, {}, [{...scan, cursor: '1'}]);
			await heard.over;
			assert.equal((heard.error as AuditError).code, 'PAGING_NO_PROGRESS');
		});

		it('is a thousand empty pages in a row, those before it kept', async () => {
			let asked = 0;
			const values = await stuck(async () => (asked++ === 0 ? answerOf(['a'], 'C') : answerOf([], asked)));
			assert.equal(asked, 1001);
			assert.deepEqual(values.flatMap(idsOf), ['a']);
			assert.equal(positionOf(values.at(-1)).scan?.cursor, 1000);
		});

		it('is not 999 of them, nor more with events in between', async () => {
			let asked = 0;
			const heard = pages(async () =>
				answerOf(++asked % 1000 === 0 ? [`${asked}`] : [], asked < 3000 ? asked : undefined),
			);
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.equal(heard.values.flatMap(idsOf).length, 3);
		});

		it('is not an empty page of rows that were known already', async () => {
			let asked = 0;
			const read: ReadPage<unknown> = async () => ({...answerOf([], ++asked < 300 ? asked : undefined), rows: 1});
			const heard = pages(read);
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.equal(asked, 300);
		});

		it('is a pass that begins again under new cursors, and ends', async () => {
			const values = await stuck(tableOf({'': [['a', 'b'], '1'], '1': [['c', 'd'], '2'], '2': [['a', 'b']]}));
			assert.deepEqual(positionOf(values.at(-1)).covered, []);
		});

		it('is a pass that turns in a circle under new cursors, after as many pages as hold what was seen', async () => {
			let asked = 0;
			await stuck(async () => answerOf([`${asked++ % 3}`], asked));
			assert.equal(asked, 3 + 3 + 1);
		});

		it('is the same record for ever, though equal ones may be several: a thousand pages of it', async () => {
			let asked = 0;
			await stuck(async () => {
				asked++;
				const answer = answerOf([`a-${asked}`], {at: asked});
				return {...answer, records: answer.records.map(one => ({...one, text: Buffer.from('a')})), nextKey: `${asked}`};
			});
			assert.equal(asked, 1002);
		});

		it('is not some pages of known records before new ones', async () => {
			const heard = pages(tableOf({'': [['a'], '1'], '1': [['a'], '2'], '2': [['b'], '3'], '3': [['c']]}));
			await heard.over;
			assert.equal(heard.ended, 'complete');
		});

		it('is a long cursor that comes again, not another one that differs in its last digit', async () => {
			const long = (end: number) => `${'x'.repeat(100)}${end}`;
			await stuck(tableOf({'': [['a'], long(1)], [long(1)]: [['b'], long(1)]}));
			const heard = pages(tableOf({'': [['a'], long(1)], [long(1)]: [['b'], long(2)], [long(2)]: [['c']]}));
			await heard.over;
			assert.equal(heard.ended, 'complete');
		});

		it('goes by what tells pages apart, where a cursor holds more than that', async () => {
			let asked = 0;
			await stuck(async () => ({...answerOf(['a'], {at: 'C', counted: ++asked}), nextKey: 'C'}));
			assert.equal(asked, 2);
		});

		it('is not the same cursor in another pass', async () => {
			const heard = pages(tableOf({'': [['a'], '1'], '1': [['b']]}), {}, [scan, scan]);
			await heard.over;
			assert.equal(heard.ended, 'complete');
		});
	});

	describe('a refused cursor', () => {
		async function readOn(last: {timeMs: number; wholeSecond: boolean}, order: 'newest-first' | 'oldest-first') {
			const start = freshStart();
			const asked: Scan[] = [];
			const read: ReadPage<unknown> = async pass => {
				asked.push(pass);
				if (pass.cursor === 'gone') throw refused;
				return asked.length === 1 ? answerOf([{id: 'a', ...last}], 'gone') : answerOf(['b']);
			};
			const heard = pages(read, {start, source: factsOf({order})});
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.deepEqual(heard.values.map(idsOf), [['a'], ['b']]);
			assert.equal(start.meter.warnings.length, 1);
			assert.match(start.meter.warnings[0]!, /^some-source: the cursor was refused; reading on from 1970-01-01T/);
			assert.deepEqual(positionOf(heard.values[1]).covered, [[0, 9000]]);
			return asked[2]!;
		}

		for (const order of ['newest-first', 'oldest-first'] as const) {
			it(`is replaced by the time of the last record (${order})`, async () => {
				const timeMs = 5321;
				const pass = await readOn({timeMs, wholeSecond: false}, order);
				assert.deepEqual(pass, {...scan, lastMs: timeMs, pageMs: timeMs, edgeMs: timeMs});
			});
		}

		it('is replaced by the end of its second where it had no fraction', async () => {
			assert.equal((await readOn({timeMs: 5000, wholeSecond: true}, 'newest-first')).edgeMs, 5999);
		});

		it('starts the pass again where nothing was read', async () => {
			const read: ReadPage<unknown> = async ({cursor}) => {
				if (cursor === 'gone') throw refused;
				return answerOf(['a']);
			};
			const start = freshStart();
			const heard = pages(read, {start}, [{...scan, cursor: 'gone'}]);
			await heard.over;
			assert.deepEqual(heard.values.map(idsOf), [['a']]);
			assert.match(start.meter.warnings[0]!, /the beginning of the pass/);
		});

		it('may be given again by the pages behind the edge', async () => {
			// one record a page: behind the edge comes the last record again, and with it the cursor that was refused
			let refusals = 1;
			const rows = [9, 8, 7, 6, 5];
			const read: ReadPage<unknown> = async ({cursor, edgeMs = Infinity}) => {
				if (cursor === 2 && refusals-- > 0) throw refused;
				const at = (cursor as number | undefined) ?? rows.findIndex(ms => ms <= edgeMs);
				const next = at + 1 < rows.length ? at + 1 : undefined;
				return answerOf([{id: `${rows[at]}`, timeMs: rows[at]!}], next);
			};
			const heard = pages(read);
			await heard.over;
			assert.equal(heard.ended, 'complete', String(heard.error));
			assert.deepEqual(heard.values.flatMap(idsOf), ['9', '8', '8', '7', '6', '5']);
		});

		it('is no progress when one is refused at the same place again', async () => {
			const start = freshStart();
			const read: ReadPage<unknown> = async ({cursor}) => {
				if (cursor !== undefined) throw refused;
				return answerOf([{id: 'a', timeMs: 5}], 'gone');
			};
			const heard = pages(read, {start});
			await heard.over;
			assert.equal((heard.error as AuditError).code, 'PAGING_NO_PROGRESS');
			assert.equal(start.budget.pages, 0);
			for (const page of heard.values) {
				assert.deepEqual(positionOf(page).covered, [], 'nothing counts as read that was not');
			}
		});

		it('never leads back, whatever the API gives behind the edge', async () => {
			const edges: unknown[] = [];
			// each cursor is refused; whole seconds and fractions take turns
			const read: ReadPage<unknown> = async ({cursor, edgeMs}) => {
				if (cursor !== undefined) throw refused;
				edges.push(edgeMs);
				const wholeSecond = edges.length % 2 === 0;
				return answerOf([{id: 'a', timeMs: wholeSecond ? 5000 : 5700, wholeSecond}], edges.length);
			};
			const heard = pages(read);
			await heard.over;
			assert.equal((heard.error as AuditError).code, 'PAGING_NO_PROGRESS');
			assert.deepEqual(edges, [undefined, 5700]);
		});

		it('is an error like any other where the source says so', async () => {
			const heard = pages(async ({cursor}) => {
				if (cursor === undefined) return answerOf(['a'], 'gone');
				throw new Error('503');
			});
			await heard.over;
			assert.equal((heard.error as Error).message, '503');
		});

		it('is an error where there was no cursor', async () => {
			const heard = pages(async () => {
				throw refused;
			});
			await heard.over;
			assert.equal(heard.error, refused);
		});
	});

	describe('a stop signal', () => {
		it('completes the stream and says that it was interrupted', async () => {
			const stop = new AbortController();
			const start = startWith({signal: stop.signal});
			const api = scriptedApi();
			const heard = pages(api.read, {start}, [scan, scan]);
			await settle();
			api.last().answer(['a'], 1);
			await settle();
			stop.abort(new Error('stop'));
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.equal(start.interrupted, true);
			assert.deepEqual(heard.values.flatMap(idsOf), ['a']);
			assert.equal(api.asked.length, 2, 'no new request');
			assert.equal(start.budget.pages, 0);
		});

		it('ends requests that do not heed it, too', async () => {
			const stop = new AbortController();
			const start = startWith({signal: stop.signal});
			let asked = 0;
			const heard = listen(
				of(scan).pipe(paginate(async () => answerOf([`${++asked}`], asked), {source, start})),
				page => {
					if (page.sequence === 3) stop.abort();
					if (asked > 50) heard.unsubscribe();
					page.ack();
				},
			);
			await heard.over;
			assert.equal(start.interrupted, true);
			assert.ok(asked <= 5, `${asked} requests`);
		});

		it('ends a source that waits for credit', async () => {
			const stop = new AbortController();
			const start = startWith({signal: stop.signal});
			let asked = 0;
			const heard = listen(of(scan).pipe(paginate(async () => answerOf([`${++asked}`], asked), {source, start})));
			await settle();
			stop.abort();
			await heard.over;
			assert.equal(heard.ended, 'complete');
			assert.equal(heard.values.length, 4, 'what was fetched is given');
		});

		it('is no interruption when the end had been reached', async () => {
			const stop = new AbortController();
			const start = startWith({signal: stop.signal});
			const heard = listen(of(scan).pipe(paginate(tableOf({'': [['a']]}), {source, start})), () => stop.abort());
			await heard.over;
			assert.equal(start.interrupted, false);
		});
	});

	describe('nack()', () => {
		it('ends the stream with its reason and aborts the request that is under way', async () => {
			const api = scriptedApi();
			const start = freshStart();
			const heard = listen(of(scan).pipe(paginate(api.read, {source, start})));
			await settle();
			api.last().answer(['a'], 1);
			await settle();
			const reason = new Error('disk full');
			heard.values[0]!.nack(reason);
			assert.equal(heard.error, reason);
			assert.equal(api.last().signal.aborted, true);
			await settle();
			assert.equal(start.budget.pages, 0);
			assert.equal(start.interrupted, false);
		});

		it('of the last page of a pass ends the passes after it', async () => {
			const api = scriptedApi();
			const heard = listen(of(scan, scan).pipe(paginate(api.read, {source})));
			await settle();
			api.last().answer(['a']);
			await settle();
			assert.equal(api.asked.length, 2);
			const reason = new Error('disk full');
			heard.values[0]!.nack(reason);
			assert.equal(heard.error, reason);
			assert.equal(api.last().signal.aborted, true);
		});
	});
});
