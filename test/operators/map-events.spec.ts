import assert from 'node:assert/strict';
import {runInNewContext} from 'node:vm';
import {EMPTY, from, NEVER, of, Subject, take, throwError} from 'rxjs';
import {mapEvents} from '../../lib/operators/map-events.ts';
import type {Page} from '../../lib/model/page.ts';
import {idsOf, listen, pageOf, settle} from '../support/pages.ts';

const reasons = (page: Page | undefined) => page!.rejected.map(({id, reason}) => [id, reason]);

describe('mapEvents', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const same = mapEvents(event => event);
		assert.equal(listen(NEVER.pipe(same)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(same)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(same)).error, boom);
	});

	it('makes each event anew, at once where nothing is promised', () => {
		const pages = [pageOf(['a', 'b']), pageOf([], {sequence: 1}), pageOf(['c'], {sequence: 2})];
		const heard = listen(from(pages).pipe(mapEvents((event, record) => `${(event as {id: string}).id}${record.id}!`)));
		assert.equal(heard.ended, 'complete');
		assert.deepEqual(
			heard.values.map(({events}) => events),
			[['aa!', 'bb!'], [], ['cc!']],
		);
		for (const [index, page] of heard.values.entries()) {
			const {records, sequence, position, ack, rejected} = page;
			assert.deepEqual(
				{records, sequence, position, ack, rejected},
				{
					records: pages[index]!.records,
					sequence: pages[index]!.sequence,
					position: pages[index]!.position,
					ack: pages[index]!.ack,
					rejected: [],
				},
			);
		}
	});

	it('says that the events are no longer the own text, even where the same object came back', () => {
		const [page] = listen(of(pageOf(['a'])).pipe(mapEvents(event => Object.assign(event as object, {x: 1})))).values;
		assert.equal(page!.verbatim, false);
	});

	it('awaits promises page by page, and keeps the order', async () => {
		const waiting = new Map<string, (value: string) => void>();
		const pages = from([pageOf(['a', 'b']), pageOf(['c'], {sequence: 1})]);
		const heard = listen(pages.pipe(mapEvents((_, {id}) => new Promise<string>(resolve => waiting.set(id, resolve)))));
		assert.deepEqual([...waiting.keys()], ['a', 'b'], 'the second page waits');
		waiting.get('b')!('B');
		await settle();
		assert.equal(heard.values.length, 0);
		waiting.get('a')!('A');
		await settle();
		assert.deepEqual(heard.values[0]!.events, ['A', 'B']);
		waiting.get('c')!('C');
		await heard.over;
		assert.deepEqual(heard.values[1]!.events, ['C']);
	});

	it('awaits promises of another kind too', async () => {
		const foreign = runInNewContext('Promise.resolve(7)') as Promise<number>;
		assert.ok(!(foreign instanceof Promise));
		const heard = listen(of(pageOf(['a'])).pipe(mapEvents(() => foreign)));
		await heard.over;
		assert.deepEqual(heard.values[0]!.events, [7]);
	});

	it('makes a dead letter of an event for which it throws, and goes on', () => {
		const before = [{text: Buffer.from('x'), reason: 'earlier'}];
		const page = pageOf(['a', 'b', 'c'], {rejected: before});
		const [out] = listen(
			of(page).pipe(
				mapEvents((_, {id}) => {
					if (id === 'b') throw new Error('odd');
					return id;
				}),
			),
		).values;
		assert.deepEqual(out!.events, ['a', 'c']);
		assert.deepEqual(idsOf(out!), ['a', 'c']);
		assert.deepEqual(reasons(out), [
			[undefined, 'earlier'],
			['b', 'an operator failed: odd'],
		]);
		assert.equal(out!.rejected[1]!.text, page.records[1]!.text);
	});

	it('makes a dead letter of an event for which it rejects, with or without an Error', async () => {
		const heard = listen(
			of(pageOf(['a', 'b', 'c'])).pipe(
				mapEvents(async (_, {id}) => {
					if (id === 'a') throw new Error('odd');
					if (id === 'c') throw 'odder';
					return id;
				}),
			),
		);
		await heard.over;
		assert.deepEqual(heard.values[0]!.events, ['b']);
		assert.deepEqual(reasons(heard.values[0]), [
			['a', 'an operator failed: odd'],
			['c', 'an operator failed: odder'],
		]);
	});

	it('takes no more of an endless stream than is wanted, and stops listening then', () => {
		const pages = new Subject<Page>();
		const heard = listen(
			pages.pipe(
				mapEvents(event => event),
				take(2),
			),
		);
		for (let sequence = 0; sequence < 5; sequence++) pages.next(pageOf(['a'], {sequence}));
		assert.equal(heard.values.length, 2);
		assert.equal(pages.observed, false);
	});

	it('gives no page when nobody listens any more', async () => {
		let resolve!: (value: string) => void;
		const heard = listen(of(pageOf(['a'])).pipe(mapEvents(() => new Promise<string>(done => (resolve = done)))));
		heard.unsubscribe();
		resolve('A');
		await settle();
		assert.deepEqual(heard.values, []);
	});
});
