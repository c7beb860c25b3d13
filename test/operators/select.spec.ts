import assert from 'node:assert/strict';
import {EMPTY, from, NEVER, of, Subject, throwError} from 'rxjs';
import {toBatch} from '../../lib/run/batch.ts';
import {select} from '../../lib/operators/select.ts';
import type {Page} from '../../lib/model/page.ts';
import {listen, pageOf} from '../support/pages.ts';

const event: unknown = JSON.parse(`{
	"time": "2026", "id": "a", "actor": {"name": "Ann", "email": null, "geo": {"x": 1}},
	"targets": [{"type": "user", "name": "Bob"}, {"type": "group"}, "odd", {"name": "Cy"}],
	"none": [], "more": [[{"id": 1}]],
	"__proto__": {"polluted": true}, "constructor": "c", "0": "zero"
}`);

/** What is written of the event. */
function selected(...members: string[]): string {
	const [page] = listen(of(pageOf([{id: 'a', value: event}])).pipe(select(members))).values;
	assert.equal(page!.verbatim, false);
	return Buffer.from(toBatch(page!).batch.lines).toString().trim();
}

describe('select', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		const ids = select(['id']);
		assert.equal(listen(NEVER.pipe(ids)).ended, undefined);
		assert.equal(listen(EMPTY.pipe(ids)).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(ids)).error, boom);
		const pages = new Subject<Page>();
		listen(pages.pipe(ids)).unsubscribe();
		assert.equal(pages.observed, false);
	});

	it('keeps every page, its records and its acknowledgement', () => {
		const pages = [pageOf(['a', 'b']), pageOf([], {sequence: 1})];
		const out = listen(from(pages).pipe(select(['id']))).values;
		assert.deepEqual(
			out.map(({events}) => events),
			[[{id: 'a'}, {id: 'b'}], []],
		);
		for (const [index, {records, ack, rejected, position}] of out.entries()) {
			const before = pages[index]!;
			assert.deepEqual(
				[records, ack, rejected, position],
				[before.records, before.ack, before.rejected, before.position],
			);
		}
	});

	for (const [members, expected] of [
		[['id', 'time'], '{"time":"2026","id":"a"}'],
		[['actor.name'], '{"actor":{"name":"Ann"}}'],
		[['actor.name', 'actor'], '{"actor":{"name":"Ann","email":null,"geo":{"x":1}}}'],
		[['actor.email', 'actor.geo'], '{"actor":{"email":null,"geo":{"x":1}}}'],
		[['targets.name', 'none'], '{"targets":[{"name":"Bob"},{"name":"Cy"}],"none":[]}'],
		[['targets.type', 'targets.name'], '{"targets":[{"type":"user","name":"Bob"},{"type":"group"},{"name":"Cy"}]}'],
		[['more.id'], '{"more":[[{"id":1}]]}'],
		[['time.x', 'missing', 'actor.missing', 'none.x', 'toString', 'targets.length'], '{}'],
		[['__proto__'], '{"__proto__":{"polluted":true}}'],
		[['__proto__.polluted', 'constructor'], '{"__proto__":{"polluted":true},"constructor":"c"}'],
		[['0'], '{"0":"zero"}'],
	] as const) {
		it(`keeps ${members.join(', ')}`, () => assert.equal(selected(...members), expected));
	}

	it('is an empty object where there is nothing of what is no object', () => {
		const page = pageOf(['a', 'b']).map((_, {id}) => (id === 'a' ? 'text' : null));
		assert.deepEqual(listen(of(page).pipe(select(['id']))).values[0]!.events, [{}, {}]);
	});

	it('refuses no members, and such as have no name', () => {
		assert.throws(() => select([]), {
			name: 'ConfigError',
			message: 'select: option members: expected members, got none',
		});
		for (const member of ['', 'a..b', '.'])
			assert.throws(() => select(['id', member]), /select: option members: expected a member like/);
	});
});
