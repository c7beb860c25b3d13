import assert from 'node:assert/strict';
import {EMPTY, firstValueFrom, from, NEVER, of, Subject, take, throwError} from 'rxjs';
import {AuditError} from '../../lib/model/errors.ts';
import {mapEvents} from '../../lib/operators/map-events.ts';
import {paginate} from '../../lib/source/paginate.ts';
import {toEvents} from '../../lib/operators/to-events.ts';
import type {Page} from '../../lib/model/page.ts';
import {freshStart} from '../../lib/model/start.ts';
import {factsOf, listen, pageOf, settledLog} from '../support/pages.ts';
import {answerOf} from '../support/scripted-api.ts';

const poison = {id: 'b', text: Buffer.from('{}'), reason: 'odd'};
const scan = {sinceMs: 0, untilMs: 10, coversToMs: 10};

describe('toEvents', () => {
	it('passes on what the stream says: nothing, an end, an error', () => {
		assert.equal(listen(NEVER.pipe(toEvents())).ended, undefined);
		assert.equal(listen(EMPTY.pipe(toEvents())).ended, 'complete');
		const boom = new Error('boom');
		assert.equal(listen(throwError(() => boom).pipe(toEvents())).error, boom);
	});

	it('gives the events one by one and acknowledges each page behind its last one', () => {
		const settled = settledLog();
		const pages = from([pageOf(['a', 'b'], {settled}), pageOf([], {sequence: 1, settled})]);
		const ackedAt: number[] = [];
		const heard = listen(pages.pipe(toEvents()), () => void ackedAt.push(settled.acked.length));
		assert.deepEqual(heard.values, [
			{id: 'a', timeMs: 0},
			{id: 'b', timeMs: 0},
		]);
		assert.deepEqual(ackedAt, [0, 0]);
		assert.deepEqual(settled.acked, [0, 1], 'an empty page too');
		assert.equal(heard.ended, 'complete');
	});

	it('makes an error of a dead letter, behind the events of its page', () => {
		const settled = settledLog();
		const pages = new Subject<Page>();
		const heard = listen(pages.pipe(toEvents()));
		pages.next(pageOf(['a'], {rejected: [poison], settled}));
		assert.equal(heard.values.length, 1);
		assert.ok(heard.error instanceof AuditError);
		assert.equal(heard.error.code, 'POISON_EVENT');
		assert.match(heard.error.message, /^some-source: event b: odd$/);
		assert.deepEqual(settled.nacked, [heard.error]);
		assert.deepEqual(settled.acked, []);
		assert.equal(pages.observed, false);
	});

	it('does so for the last page of a source that is over, too', async () => {
		const read = async () => answerOf(['a', 'b']);
		const failing = mapEvents(async (_, {id}) => {
			if (id === 'b') throw new Error('odd');
			return id;
		});
		const heard = listen(of(scan).pipe(paginate(read, {source: factsOf()}), failing, toEvents()));
		await heard.over;
		assert.equal((heard.error as AuditError | undefined)?.code, 'POISON_EVENT');
	});

	it('stops in the middle of a page and lets go of it, unacknowledged', () => {
		const settled = settledLog();
		const pages = new Subject<Page>();
		const heard = listen(pages.pipe(toEvents(), take(2)));
		pages.next(pageOf(['a', 'b', 'c'], {settled}));
		assert.equal(heard.values.length, 2);
		assert.equal(pages.observed, false);
		assert.deepEqual([settled.taken, settled.acked, settled.nacked], [[0], [], []]);
	});

	it('can be asked for a first event again and again', async () => {
		let asked = 0;
		const read = async () => answerOf(['a', 'b'], ++asked);
		const start = freshStart();
		const events = of(scan).pipe(paginate(read, {source: factsOf(), start}), toEvents());
		for (let time = 0; time < 10; time++) await firstValueFrom(events);
		assert.equal(start.budget.pages, 0);
	});
});
