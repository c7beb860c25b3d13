import assert from 'node:assert/strict';
import {EMPTY, from, NEVER, of, Subject, throwError} from 'rxjs';
import {filterEvents} from '../../lib/operators/filter-events.ts';
import type {Page} from '../../lib/model/page.ts';
import {idsOf, listen, pageOf, settle} from '../support/pages.ts';

describe('filterEvents', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const all = filterEvents(() => true);
		assert.equal(listen(NEVER.pipe(all)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(all)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(all)).error, boom);
	});

	it('keeps the events for which it holds, and every page', () => {
		const pages = [pageOf(['a', 'b']), pageOf(['b'], {sequence: 1}), pageOf([], {sequence: 2})];
		const out = listen(from(pages).pipe(filterEvents((event, {id}) => id === 'a' && event !== null))).values;
		assert.deepEqual(out.map(idsOf), [['a'], [], []]);
		assert.deepEqual(
			out.map(({events}) => events.length),
			[1, 0, 0],
		);
		assert.deepEqual(
			out.map(({ack}) => ack),
			pages.map(({ack}) => ack),
		);
		assert.ok(
			out.every(({verbatim}) => verbatim),
			'what is left is the own text still',
		);
	});

	it('gives the very page back where nothing goes', () => {
		const page = pageOf(['a', 'b']);
		assert.equal(listen(of(page).pipe(filterEvents(() => true))).values[0], page);
	});

	it('awaits promises', async () => {
		const heard = listen(of(pageOf(['a', 'b', 'c'])).pipe(filterEvents(async (_, {id}) => id !== 'b')));
		await heard.over;
		assert.deepEqual(heard.values.map(idsOf), [['a', 'c']]);
	});

	it('makes a dead letter of an event for which it throws or rejects, never a dropped one', async () => {
		const fail = (id: string) => {
			if (id === 'b') throw new Error('odd');
			return true;
		};
		const page = pageOf(['a', 'b', 'c']);
		const [thrown] = listen(of(page).pipe(filterEvents((_, {id}) => fail(id)))).values;
		const heard = listen(of(page).pipe(filterEvents(async (_, {id}) => fail(id))));
		await heard.over;
		for (const out of [thrown!, heard.values[0]!]) {
			assert.deepEqual(idsOf(out), ['a', 'c']);
			assert.deepEqual(out.rejected, [{id: 'b', text: page.records[1]!.text, reason: 'an operator failed: odd'}]);
		}
	});

	it('stops listening when nobody listens to it', async () => {
		const pages = new Subject<Page>();
		const heard = listen(pages.pipe(filterEvents(async () => true)));
		pages.next(pageOf(['a']));
		heard.unsubscribe();
		await settle();
		assert.equal(pages.observed, false);
		assert.deepEqual(heard.values, []);
	});
});
