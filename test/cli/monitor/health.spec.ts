import assert from 'node:assert/strict';
import {isAhead, readUpToOf, silenceOf, troubleOf, watchHealth} from '../../../lib/cli/monitor/health.ts';
import {Meter} from '../../../lib/model/meter.ts';

const nowMs = Date.UTC(2026, 0, 31);

describe('isAhead', () => {
	it('is what two clocks do not differ by', () => {
		assert.deepEqual([isAhead(nowMs + 60_000, nowMs), isAhead(nowMs + 60_001, nowMs)], [false, true]);
	});
});

describe('readUpToOf', () => {
	it('takes the last success where more is claimed than this clock has seen, and keeps a claim that nothing mends', () => {
		const [agoMs, aheadMs] = [nowMs - 5000, nowMs + 86_400_000];
		const readUpTo = (readUpToMs?: number, succeededMs?: number) => readUpToOf({readUpToMs, succeededMs}, nowMs);
		assert.equal(readUpTo(undefined, agoMs), undefined);
		assert.equal(readUpTo(agoMs - 1, agoMs), agoMs - 1);
		assert.equal(readUpTo(agoMs, agoMs - 1), agoMs);
		assert.equal(readUpTo(aheadMs, agoMs), agoMs);
		assert.equal(readUpTo(aheadMs, aheadMs + 1), aheadMs);
		assert.equal(readUpTo(aheadMs), aheadMs);
	});
});

describe('silenceOf', () => {
	it('hears nothing from an event that is further ahead than a silence may be long', () => {
		assert.equal(silenceOf(nowMs + 1000, nowMs, 1000), undefined);
		assert.match(
			silenceOf(nowMs + 1001, nowMs, 1000)!,
			/got an event of 2026-01-31T00:00:01\.001Z, ahead of this clock/,
		);
	});
});

describe('troubleOf', () => {
	it('is why the last round failed, else a silence that is too long once something was read', () => {
		const meter = Object.assign(new Meter(), {newestMs: nowMs - 1001});
		const trouble = (alertMs?: number) => troubleOf(meter.snapshot(), nowMs, alertMs);
		assert.equal(trouble(1000), undefined, 'what a state says may be old');
		meter.rounds++;
		assert.equal(trouble(1000), 'expected something new, got nothing since 2026-01-30T23:59:58.999Z');
		assert.equal(trouble(1001), undefined);
		assert.equal(trouble(), undefined);
		meter.endRound('nobody answers');
		assert.equal(trouble(1000), 'the last round failed, and is tried again: nobody answers');
		meter.endRound();
		delete (meter as {newestMs?: number}).newestMs;
		assert.equal(trouble(1000), undefined, 'who never spoke is not silent');
	});
});

describe('watchHealth', () => {
	it('says each round that is well, each reason once, and that it is well again', () => {
		const said: string[] = [];
		const meter = new Meter();
		const hear = watchHealth(({trouble}) => trouble, {
			well: isAgain => said.push(isAgain ? 'well again' : 'well'),
			unwell: reason => said.push(reason),
		});
		meter.onChange = () => hear(meter.snapshot());
		const wellRound = () => {
			meter.rounds++;
			meter.endRound();
		};
		meter.changed();
		wellRound();
		meter.changed();
		wellRound();
		meter.endRound('no answer for 5 s');
		meter.endRound('no answer for 7 s');
		meter.endRound('refused');
		wellRound();
		wellRound();
		assert.deepEqual(said, ['well', 'well', 'no answer for 5 s', 'refused', 'well again', 'well']);
	});
});
