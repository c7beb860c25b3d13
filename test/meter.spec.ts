import assert from 'node:assert/strict';
import {Meter} from '../lib/meter.ts';

describe('Meter', () => {
	it('begins with nothing and leaves out what is not known', () => {
		assert.deepEqual(new Meter().snapshot(), {
			pages: 0,
			events: 0,
			requests: 0,
			retries: 0,
			waits: 0,
			waitedMs: 0,
			duplicates: 0,
			deadLetters: 0,
			warnings: [],
		});
	});

	it('gives the numbers as they are at that moment', () => {
		const meter = new Meter();
		meter.pages = 1;
		meter.positionMs = 5;
		meter.warn('one');
		const snapshot = meter.snapshot();
		meter.pages = 2;
		meter.warn('two');
		assert.deepEqual([snapshot.pages, snapshot.positionMs, snapshot.warnings], [1, 5, ['one']]);
		assert.deepEqual(meter.warnings, ['one', 'two']);
	});

	it('hands on notes, and keeps none', () => {
		const meter = new Meter();
		meter.note('nobody listens');
		const notes: string[] = [];
		meter.onNote = note => notes.push(note);
		meter.note('done');
		assert.deepEqual(notes, ['done']);
		assert.doesNotMatch(JSON.stringify(meter), /done|listens/);
	});

	it('tells of each change', () => {
		const meter = new Meter();
		meter.warn('nobody listens');
		let changes = 0;
		meter.onChange = () => changes++;
		meter.warn('x');
		meter.changed();
		assert.equal(changes, 2);
	});

	it('shows a wait while it goes on, and counts it', async () => {
		const meter = new Meter();
		const shown: (number | undefined)[] = [];
		meter.onChange = () => shown.push(meter.snapshot().waitingUntilMs);
		await meter.wait(1000, async () => {
			assert.equal(meter.waits, 1);
		});
		assert.deepEqual(shown, [1000, undefined]);
		assert.ok(meter.waitedMs >= 0);
		assert.equal('waitingUntilMs' in meter.snapshot(), false);
	});

	it('counts a wait that is broken off', async () => {
		const meter = new Meter();
		const stop = new Error('stop');
		await assert.rejects(
			meter.wait(1000, async () => {
				throw stop;
			}),
			stop,
		);
		assert.equal(meter.waits, 1);
		assert.equal(meter.snapshot().waitingUntilMs, undefined);
	});

	it('shows the longest of several waits', async () => {
		const meter = new Meter();
		await meter.wait(2000, () =>
			meter.wait(1000, async () => {
				assert.equal(meter.snapshot().waitingUntilMs, 2000);
			}),
		);
	});
});
