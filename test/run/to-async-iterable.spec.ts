import assert from 'node:assert/strict';
import {filter, type Observable} from 'rxjs';
import type {Page} from '../../lib/model/page.ts';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {type PullOptions, toAsyncIterable} from '../../lib/run/to-async-iterable.ts';
import {memoryStore} from '../../lib/testing/memory-store.ts';
import {deferred} from '../support/deferred.ts';
import {idsOf} from '../support/pages.ts';
import {type PagedSourceOptions, pagedSource, someRecords} from '../support/paged-source.ts';

const ids = (count: number, from = 0) => Array.from({length: count - from}, (_, index) => `e${index + from}`);
const source = (count = 6, options: PagedSourceOptions = {}) => pagedSource(someRecords(count), options);
const turn = () => new Promise(resolve => setImmediate(resolve));

async function rest(pages: Observable<Page>, options: PullOptions = {}): Promise<string[]> {
	const given = [];
	for await (const page of toAsyncIterable(pages, options)) given.push(...idsOf(page));
	return given;
}

describe('toAsyncIterable', () => {
	it('gives the pages in order, in each loop anew, and asks for nothing before', async () => {
		let requests = 0;
		const pages = toAsyncIterable(source(6, {pageSize: 2, onRequest: () => void requests++}));
		await turn();
		assert.equal(requests, 0);
		for (const _ of [1, 2]) {
			const given: unknown[] = [];
			for await (const {events, records, lines, source} of pages) {
				given.push(events.map(event => (event as {id: string}).id));
				assert.equal(String(lines).split('\n').length, records.length + 1);
				assert.equal(source.name, 'some-source');
			}
			assert.deepEqual(given, [ids(2), ids(4, 2), ids(6, 4)]);
		}
		assert.equal(requests, 6);
	});

	it('acknowledges a page when the next one is asked for', async () => {
		const state = memoryStore();
		const loop = toAsyncIterable(source(), {state})[Symbol.asyncIterator]();
		await loop.next();
		await turn();
		const {length} = state.history;
		assert.deepEqual(state.history.at(-1), state.history[0], 'nothing is committed while the loop has it');
		await loop.next();
		assert.equal(state.history.length, length + 1, 'and it is before the next one is given');
		await loop.return!();
	});

	const leavings: Record<string, () => void> = {
		break: () => {},
		'an error': () => {
			throw new Error('mine');
		},
	};
	for (const [what, leave] of Object.entries(leavings)) {
		it(`gives a page whose body was left by ${what} again with the same state`, async () => {
			const steps: string[] = [];
			const state = memoryStore({step: step => void steps.push(step)});
			const given: string[] = [];
			const loop = async () => {
				for await (const page of toAsyncIterable(source(), {state})) {
					if (given.push(...idsOf(page)) < 3) continue;
					leave();
					break;
				}
			};
			await loop().catch((error: Error) => assert.equal(error.message, 'mine'));
			assert.equal(steps.at(-1), 'close state');
			assert.deepEqual(given, ids(3));
			assert.deepEqual(await rest(source(), {state}), ids(6, 2));
			assert.deepEqual(await rest(source(), {state}), []);
		});
	}

	it('does not give it again when it was committed', async () => {
		const state = memoryStore();
		for await (const page of toAsyncIterable(source(), {state})) {
			const {length} = state.history;
			await page.commit();
			assert.equal(state.history.length, length + 1, 'durable when it resolves');
			if (idsOf(page).includes('e2')) break;
		}
		assert.deepEqual(await rest(source(), {state}), ids(6, 3));
	});

	it('rejects a commit that failed, and then the loop, each with the reason', async () => {
		let commits = 0;
		const full = new Error('full');
		const state = memoryStore({
			step(name) {
				if (name === 'commit' && ++commits === 3) throw full;
			},
		});
		const given: string[] = [];
		await assert.rejects(async () => {
			for await (const page of toAsyncIterable(source(), {state})) {
				given.push(...idsOf(page));
				if (given.length === 2) await assert.rejects(page.commit(), full);
			}
		}, full);
		assert.deepEqual(given, ids(2));
	});

	it('rejects with the error of the source behind the pages before it, which are committed', async () => {
		const state = memoryStore();
		const own = new Error('odd');
		const failing = source(6, {
			onRequest(at) {
				if (at === 3) throw own;
			},
		});
		const given: string[] = [];
		await assert.rejects(async () => {
			for await (const page of toAsyncIterable(failing, {state})) given.push(...idsOf(page));
		}, own);
		assert.deepEqual(given, ids(3));
		assert.deepEqual(await rest(source(), {state}), ids(6, 3));
	});

	it('is over behind an error', async () => {
		const loop = toAsyncIterable(source(1).pipe(mapEvents(() => assert.fail('odd'))))[Symbol.asyncIterator]();
		await assert.rejects(loop.next(), {code: 'POISON_EVENT'});
		assert.deepEqual(await loop.next(), {done: true, value: undefined});
	});

	it('requests no more than the budget while the loop has a page', async () => {
		let requests = 0;
		const loop = toAsyncIterable(source(50, {onRequest: () => void requests++}))[Symbol.asyncIterator]();
		await loop.next();
		for (let turns = 0; turns < 50; turns++) await turn();
		assert.equal(requests, 4);
		await loop.return!();
		assert.equal(requests, 4);
	});

	it('is left at once while it waits, and ends the request', async () => {
		const asked = deferred<AbortSignal>();
		const onRequest = (_: number, signal: AbortSignal) => (asked.resolve(signal), new Promise<void>(() => {}));
		const loop = toAsyncIterable(source(2, {onRequest}))[Symbol.asyncIterator]();
		const next = loop.next();
		const signal = await asked.promise;
		await loop.return!();
		assert.ok(signal.aborted);
		assert.deepEqual(await next, {done: true, value: undefined});
		assert.deepEqual(await loop.next(), {done: true, value: undefined});
	});

	it('that is left before its beginning asks for nothing', async () => {
		const loop = toAsyncIterable(source(2, {onRequest: () => assert.fail('asked')}))[Symbol.asyncIterator]();
		await loop.return!();
		assert.deepEqual(await loop.next(), {done: true, value: undefined});
	});

	it('ends behind what was fetched when its signal aborts, and with an error when it is forced', async () => {
		const stop = new AbortController();
		const given: string[] = [];
		for await (const page of toAsyncIterable(source(50), {signal: stop.signal})) {
			given.push(...idsOf(page));
			stop.abort();
		}
		assert.deepEqual(given, ids(given.length));
		assert.ok(given.length < 6);
		await assert.rejects(
			async () => {
				const force = new AbortController();
				for await (const _ of toAsyncIterable(source(50), {forceSignal: force.signal})) force.abort();
			},
			{code: 'ABORTED'},
		);
	});

	it('answers whoever asks several times at once, in order', async () => {
		const loop = toAsyncIterable(source(2))[Symbol.asyncIterator]();
		const results = await Promise.all([loop.next(), loop.next(), loop.next(), loop.next()]);
		assert.deepEqual(
			results.map(({done, value}) => [done, value && idsOf(value)]),
			[
				[false, ['e0']],
				[false, ['e1']],
				[true, undefined],
				[true, undefined],
			],
		);
	});

	it('gives no page without events, and acknowledges it', async () => {
		const state = memoryStore();
		const some = filterEvents((_, {id}) => id !== 'e3');
		const given: number[] = [];
		for await (const {events} of toAsyncIterable(source().pipe(some), {state})) given.push(events.length);
		assert.deepEqual(given, [1, 1, 1, 1, 1]);
		assert.deepEqual(await rest(source(), {state}), []);
	});

	it('goes on with a follow until it is left', async () => {
		const given: string[] = [];
		let rounds = 0;
		const growing = () => pagedSource([{id: `new${rounds}`, timeMs: 9000 + rounds++}, ...someRecords(2)]);
		for await (const page of toAsyncIterable(growing, {follow: {everyMs: 1}})) {
			given.push(...idsOf(page));
			if (rounds === 3) break;
		}
		assert.deepEqual(given, ['new0', 'e0', 'e1', 'new1', 'new2']);
	});

	it('notices a page that was lost', () =>
		assert.rejects(rest(source().pipe(filter(({sequence}) => sequence !== 3))), {code: 'E_UNSETTLED_PAGES'}));

	it('refuses what is no stream of pages, when it is called', () => {
		assert.throws(() => toAsyncIterable([] as never), {code: 'CONFIG', message: /expected an Observable of pages/});
		assert.throws(() => toAsyncIterable(source(), {stat: 1} as never), {code: 'CONFIG', message: /unknown option/});
	});
});
