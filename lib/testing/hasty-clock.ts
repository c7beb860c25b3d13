import {setImmediate as turn} from 'node:timers/promises';
import {systemClock} from '../model/clock.ts';
import {beforeEach, afterEach} from './runner.ts';

/**
 * Makes the waits of each test of the suite that calls this pass at once: the clock is moved on instead. Time-outs
 * of HTTP are real all the same.
 */
export function hastyClock(): void {
	const {monotonic, sleep} = systemClock;
	let aheadMs = 0;
	beforeEach(() => {
		systemClock.monotonic = () => monotonic() + aheadMs;
		systemClock.sleep = async (ms, signal) => {
			await turn();
			signal?.throwIfAborted();
			aheadMs += ms;
		};
	});
	afterEach(() => {
		Object.assign(systemClock, {monotonic, sleep});
	});
}
