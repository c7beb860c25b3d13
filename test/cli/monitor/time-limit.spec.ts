import assert from 'node:assert/strict';
import {limitTime} from '../../../lib/cli/monitor/time-limit.ts';
import {AuditError} from '../../../lib/model/errors.ts';
import {settle} from '../../support/pages.ts';
import {VirtualClock} from '../../support/virtual-clock.ts';

const thirtyDays = 30 * 86_400_000;

describe('limitTime', () => {
	it('aborts when the time is over, says so once, and no earlier: also after more than a timer can count', async () => {
		const clock = new VirtualClock();
		let times = 0;
		const {signal} = limitTime(thirtyDays, new AbortController().signal, () => times++, clock);
		clock.advance(thirtyDays - 1);
		await settle();
		assert.deepEqual([signal.aborted, times], [false, 0]);
		clock.advance(1);
		await settle();
		assert.deepEqual([signal.aborted, times], [true, 1]);
		assert.ok(signal.reason instanceof AuditError);
		assert.match(
			signal.reason.spelled(option => `--${option}`),
			/^--maxDuration and --grace are over; /,
		);
	});

	it('aborts when it is told to, for that reason, and then the time ends nothing', async () => {
		const clock = new VirtualClock();
		const stop = new AbortController();
		let times = 0;
		const {signal} = limitTime(1000, stop.signal, () => times++, clock);
		stop.abort('told');
		clock.advance(1000);
		await settle();
		assert.deepEqual([signal.aborted, signal.reason, times], [true, 'told', 0]);
		assert.equal(limitTime(1000, stop.signal, () => {}, clock).signal.reason, 'told');
	});

	it('leaves nothing behind', async () => {
		const clock = new VirtualClock();
		const stop = new AbortController();
		const limit = limitTime(1000, stop.signal, () => assert.fail(), clock);
		limit.release();
		assert.equal(clock.asleep, 0);
		stop.abort();
		clock.advance(1000);
		await settle();
		assert.equal(limit.signal.aborted, false);
	});

	it('has no end where none is given', () => {
		const clock = new VirtualClock();
		limitTime(undefined, new AbortController().signal, () => {}, clock);
		assert.equal(clock.asleep, 0);
	});
});
