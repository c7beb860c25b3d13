import assert from 'node:assert/strict';
import {beginOf, beginsWith, groupAtEnd, lastAnchor, markOf, type Row} from '../../lib/source/anchors.ts';

const row = (id: string, orderMs: number): Row => {
	return {id, orderMs, timeMs: orderMs, wholeSecond: false, text: Buffer.from(id), value: id};
};
const [a, b, c, d] = [row('a', 4), row('b', 3), row('c', 3), row('d', 2)] as [Row, Row, Row, Row];
const marks = (...rows: Row[]) => rows.map(markOf);

describe('anchors', () => {
	it('tell rows apart by id and time, and by their text where that cannot be read', () => {
		assert.equal(new Set(marks(a, b, row('a', 3), 'a', 'b')).size, 5);
		assert.equal(markOf(a), markOf(row('a', 4)));
	});

	it('are where a page should begin, in whatever order', () => {
		assert.ok(beginsWith([c, b, d], marks(a, b, c), {overlap: 2, twins: false}));
		assert.ok(!beginsWith([a, b, c], marks(a, b, c), {overlap: 2, twins: false}));
		assert.ok(!beginsWith([c, b, d], marks(a, b, c), {overlap: 2, twins: true}), 'another order may be a slip');
		assert.ok(!beginsWith([b], marks(b, c), {overlap: 2, twins: false}));
		assert.ok(!beginsWith([a], marks(), {overlap: 0, twins: false}));
	});

	it('are found by the latest one that is left, of rows that look alike by their neighbours', () => {
		assert.equal(lastAnchor([row('new', 9), a, b, d], marks(a, b, c)), 2);
		assert.equal(lastAnchor([b, d, a, b, c], marks(a, b)), 3);
		assert.equal(lastAnchor([d], marks(a, b, c)), undefined);
	});

	it('show where a time begins, unless that may be in front of the page', () => {
		assert.equal(beginOf(3, [a, b, c], false), 1);
		assert.equal(beginOf(3, [b, c], false), undefined);
		assert.equal(beginOf(3, [b, c], true), 0);
		assert.equal(beginOf(1, [a, b], true), undefined);
	});

	it('count the rows of one time at the end of a page', () => {
		assert.deepEqual([[], [a], [a, b, c], [b, c]].map(groupAtEnd), [0, 1, 2, 2]);
	});
});
