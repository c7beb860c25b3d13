import assert from 'node:assert/strict';
import {troubleOf, watchHealth} from '../../../lib/cli/monitor/health.ts';
import {Meter} from '../../../lib/model/meter.ts';

const nowMs = Date.UTC(2026, 0, 31);

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
