import assert from 'node:assert/strict';
import {hostileIdOf, uuidBytes} from '../../lib/emulator/data/event-ids.ts';

describe('emulator/event-ids', () => {
	it('makes unique lower-case version 4 UUIDs, those of inserted rows too', () => {
		const ids = Array.from({length: 50_000}, (_, index) => uuidBytes(1, index - 1000).toString());
		assert.equal(new Set(ids).size, ids.length);
		for (const part of [[0, 8], [24]]) assert.equal(new Set(ids.map(id => id.slice(...part))).size, ids.length);
		for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	});

	it('makes others for another seed', () => {
		assert.notEqual(uuidBytes(1, 5).toString(), uuidBytes(2, 5).toString());
	});

	it('makes hostile ids that are unique, but not when case is folded', () => {
		const ids = Array.from({length: 1000}, (_, index) => hostileIdOf(index));
		assert.equal(new Set(ids).size, ids.length);
		assert.ok(new Set(ids.map(id => id.toLowerCase())).size < ids.length);
		for (const id of ['.', '..', '../../escape-0', 'nul\0' + '0']) assert.ok(ids.includes(id), id);
	});
});
