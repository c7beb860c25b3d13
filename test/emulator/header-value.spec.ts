import assert from 'node:assert/strict';
import {headerValue, isoMinute} from '../../lib/emulator/server/header-value.ts';

const nowMs = Date.UTC(2026, 10, 21, 20, 40, 30);

describe('emulator/header-value', () => {
	it('fills dates in', () => {
		assert.equal(headerValue('date+5', nowMs), 'Sat, 21 Nov 2026 20:40:35 GMT');
		assert.equal(headerValue('date-60', nowMs), 'Sat, 21 Nov 2026 20:39:30 GMT');
		assert.equal(headerValue('epoch+1', nowMs), String(nowMs / 1000 + 1));
		assert.equal(headerValue('minute+0', nowMs), '2026-11-21T20:41Z');
	});

	it('leaves other values alone', () => {
		for (const value of ['2', '1.5', '1000000000', 'date', 'minute5']) assert.equal(headerValue(value, nowMs), value);
	});

	it('rounds minutes up, whole ones not', () => {
		assert.equal(isoMinute(nowMs + 30_000), '2026-11-21T20:41Z');
		assert.equal(isoMinute(nowMs + 30_001), '2026-11-21T20:42Z');
	});
});
