import assert from 'node:assert/strict';
import {reportIdle} from '../lib/idle.ts';

describe('reportIdle', () => {
	const listeners = () => process.listeners('beforeExit');

	it('calls back when the process would end, and does not before', () => {
		const before = listeners();
		let calls = 0;
		const idle = reportIdle(() => calls++);
		const [added] = listeners().filter(listener => !before.includes(listener));
		assert.equal(calls, 0);
		added!(0);
		assert.equal(calls, 1);
		idle.stop();
		assert.deepEqual(listeners(), before);
	});

	it('can be stopped twice, and one does not stop another', () => {
		const before = listeners();
		const first = reportIdle(() => {});
		const second = reportIdle(() => {});
		first.stop();
		first.stop();
		assert.equal(listeners().length, before.length + 1);
		second.stop();
		assert.deepEqual(listeners(), before);
	});
});
