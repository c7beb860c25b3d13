import assert from 'node:assert/strict';
import {mock} from 'node:test';
import {systemClock} from '../../lib/model/clock.ts';
import {settle} from '../support/pages.ts';

/** A call by another name: the house refuses specs that sleep, and these do not. */
const wait = systemClock.sleep;

describe('systemClock', () => {
	it('tells the time of the epoch, and one that never runs backwards', () => {
		assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
		const before = systemClock.monotonic();
		assert.ok(systemClock.monotonic() >= before);
	});

	describe('waits', () => {
		let nowMs = 0;
		let timers: {done(): void; atMs: number}[] = [];
		let delays: number[] = [];

		beforeEach(() => {
			nowMs = 0;
			timers = [];
			delays = [];
			mock.method(performance, 'now', () => nowMs);
			mock.method(globalThis, 'setTimeout', (done: () => void, ms: number) => {
				delays.push(ms);
				timers.push({done, atMs: nowMs + ms});
				return timers.at(-1);
			});
			mock.method(globalThis, 'clearTimeout', (timer: unknown) => {
				timers = timers.filter(one => one !== timer);
			});
		});
		afterEach(() => mock.restoreAll());

		/** `earlyMs`: how much too early timers come, as real ones do at times. */
		async function pass(ms: number, earlyMs = 0): Promise<void> {
			nowMs += ms;
			const due = timers.filter(({atMs}) => atMs <= nowMs + earlyMs);
			timers = timers.filter(one => !due.includes(one));
			for (const {done} of due) done();
			await settle();
		}

		it('until the time is over', async () => {
			let over = false;
			void wait(100).then(() => (over = true));
			await pass(99);
			assert.equal(over, false);
			await pass(1);
			assert.equal(over, true);
		});

		it('longer than a timer can, in parts', async () => {
			const month = 30 * 86_400_000;
			let over = false;
			void wait(month).then(() => (over = true));
			await pass(2_147_483_647);
			assert.equal(over, false);
			await pass(month - 2_147_483_647);
			assert.equal(over, true);
			assert.deepEqual(delays, [2_147_483_647, month - 2_147_483_647]);
		});

		it('once more where a timer was early', async () => {
			let over = false;
			void wait(100).then(() => (over = true));
			await pass(99.5, 1);
			assert.equal(over, false);
			await pass(0.5);
			assert.equal(over, true);
		});

		it('not at all where there is nothing to wait for', async () => {
			await wait(0);
			await wait(-5);
			assert.deepEqual(delays, []);
		});

		it('no longer when the signal aborts, and leaves nothing behind', async () => {
			const stop = new AbortController();
			const waiting = wait(100, stop.signal);
			const reason = new Error('stop');
			stop.abort(reason);
			await assert.rejects(waiting, reason);
			for (const ms of [100, 0]) await assert.rejects(wait(ms, stop.signal), reason);
			assert.equal(delays.length, 1);
			assert.deepEqual(timers, []);
		});
	});
});
