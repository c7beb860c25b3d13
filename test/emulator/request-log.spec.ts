import assert from 'node:assert/strict';
import {createRequestLog} from '../../lib/emulator/server/request-log.ts';

const at = (atMs: number) => ({method: 'GET', url: '/', headers: {}, atMs});

describe('emulator/request-log', () => {
	it('counts all requests and keeps the last', () => {
		const log = createRequestLog(3);
		for (let index = 0; index < 10; index++) log.add(at(index));
		assert.equal(log.count, 10);
		assert.deepEqual(
			log.entries.map(({number}) => number),
			[8, 9, 10],
		);
	});

	it('knows the fullest window', () => {
		const log = createRequestLog(1);
		for (const atMs of [0, 10, 20, 100, 101, 102, 103, 200]) log.add(at(atMs));
		assert.equal(log.maxInWindow(4), 4);
		assert.equal(log.maxInWindow(3), 3);
		assert.equal(log.maxInWindow(100), 6);
		assert.equal(createRequestLog(1).maxInWindow(100), 0);
	});
});
