import assert from 'node:assert/strict';
import type {Scan} from '../../lib/source/scan.ts';
import {cutScan, dropWindow, isElsewhere, isOf, newWindow} from '../../lib/source/window.ts';
import {answerOf} from '../support/scripted-api.ts';

const pass: Scan = {sinceMs: 0, untilMs: 100_000, coversToMs: 95_500};

describe('windows', () => {
	it('are cut off a pass at whole seconds, from its newest end or its oldest', () => {
		assert.deepEqual(cutScan(pass, 20_300, true), [
			{sinceMs: 79_000, untilMs: 100_000, coversToMs: 95_500},
			{sinceMs: 0, untilMs: 79_000, coversToMs: 79_000},
		]);
		assert.deepEqual(cutScan(pass, 20_300, false), [
			{sinceMs: 0, untilMs: 20_000, coversToMs: 20_000},
			{sinceMs: 20_000, untilMs: 100_000, coversToMs: 95_500},
		]);
	});

	it('hold what does not count as read beside what does, and are a second long at least', () => {
		assert.equal(cutScan(pass, 1000, true)[0].sinceMs, 94_000);
		assert.equal(cutScan(pass, 10, false)[0].untilMs, 1000);
	});

	it('are the whole pass where it is not longer', () => {
		for (const isNewest of [true, false]) assert.deepEqual(cutScan(pass, 100_000, isNewest), [pass]);
		assert.deepEqual(cutScan(pass, 96_000, false), [pass]);
	});

	it('know their passes by the bounds', () => {
		const window = newWindow(pass);
		assert.ok(isOf({...pass, cursor: 3, coversToMs: 1}, window));
		assert.ok(!isOf({...pass, edgeMs: 3}, window));
		assert.ok(!isOf({...pass, untilMs: 3}, window));
	});

	it('are not what a server gave when nothing of it is of their time, or close to it', () => {
		const at = (timeMs: number) => answerOf([{id: 'e', timeMs}]);
		assert.deepEqual(
			[-60_001, -60_000, 159_999, 160_000].map(timeMs => isElsewhere(at(timeMs), pass)),
			[true, false, false, true],
		);
		assert.equal(isElsewhere(answerOf([]), pass), false);
	});

	it('give back all places when nobody needs them', () => {
		const window = newWindow<unknown>(pass);
		let released = 0;
		const place = {hold: () => {}, release: () => void released++};
		for (const key of ['1', '2']) window.answers.set(key, {answer: Promise.resolve(answerOf([])), place});
		dropWindow(window);
		assert.deepEqual([released, window.answers.size, window.unwanted.signal.aborted], [2, 0, true]);
	});
});
