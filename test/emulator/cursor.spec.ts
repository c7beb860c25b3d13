import assert from 'node:assert/strict';
import fc from 'fast-check';
import {formatCursor, parseCursor} from '../../lib/emulator/data/cursor.ts';

const cursor = {timeMs: 1_769_904_000_000, row: -3, issuedMs: 5, request: 6};

describe('emulator/cursor', () => {
	it('comes back as it was', () => {
		const start = {timeMs: 8.64e15, row: -Infinity, issuedMs: 0, request: 0};
		for (const one of [cursor, start]) assert.deepEqual(parseCursor(formatCursor(one, 1), 1), one);
	});

	it('is safe in a URL and does not show what it holds', () => {
		assert.match(formatCursor(cursor, 1), /^[\w-]+$/);
		assert.ok(!formatCursor(cursor, 1).includes('1769904000000'));
	});

	it('is refused when it was cut, changed, made up or made by another seed', () => {
		const text = formatCursor(cursor, 1);
		assert.equal(parseCursor(text, 2), undefined);
		assert.equal(parseCursor(text.slice(0, -2), 1), undefined);
		assert.equal(parseCursor(`${text}!`, 1), undefined);
		fc.assert(fc.property(fc.string(), made => parseCursor(made, 1) === undefined));
	});
});
