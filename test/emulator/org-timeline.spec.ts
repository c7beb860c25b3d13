import assert from 'node:assert/strict';
import fc from 'fast-check';
import {createTimeline, firstIndex} from '../../lib/emulator/data/timeline.ts';

const plain = {events: 1000, seed: 1, newestMs: Date.UTC(2026, 0, 31), spacingMs: 60_000, bursts: {}};

describe('emulator/org-timeline', () => {
	it('never rises, begins at the newest and keeps the mean distance', () => {
		fc.assert(
			fc.property(
				fc.nat(1000),
				fc.constantFrom(0, 0.5, 1, 3, 1000, 60_000),
				fc.record({perThousand: fc.nat(100), longSize: fc.nat(50), longEvery: fc.nat(500)}),
				(seed, spacingMs, bursts) => {
					const {timeMsOf} = createTimeline({...plain, seed, spacingMs, bursts});
					assert.equal(timeMsOf(0), plain.newestMs);
					for (let index = 1; index < 1000; index++) assert.ok(timeMsOf(index) <= timeMsOf(index - 1), String(index));
					assert.ok(plain.newestMs - timeMsOf(999) <= 1000 * spacingMs + 1);
					assert.ok(plain.newestMs - timeMsOf(999) >= 850 * spacingMs - 2);
				},
			),
			{numRuns: 50},
		);
	});

	it('has short bursts, and long ones that are larger than a page', () => {
		const {timeMsOf} = createTimeline({...plain, events: 20_000});
		const sizes = new Map<number, number>();
		for (let index = 0; index < 20_000; index++) {
			sizes.set(timeMsOf(index), (sizes.get(timeMsOf(index)) ?? 0) + 1);
		}
		const bursts = [...sizes.values()].filter(size => size > 1);
		assert.deepEqual(
			bursts.filter(size => size > 5),
			[250, 250],
		);
		assert.ok(bursts.length > 60 && bursts.length < 90, String(bursts.length));
	});

	it('can do without bursts', () => {
		const {timeMsOf} = createTimeline({...plain, events: 10_000, bursts: {perThousand: 0, longSize: 0}});
		assert.equal(new Set(Array.from({length: 10_000}, (_, index) => timeMsOf(index))).size, 10_000);
	});

	it('has times without milliseconds', () => {
		const {timeMsOf} = createTimeline(plain);
		const whole = Array.from({length: 1000}, (_, index) => timeMsOf(index)).filter(timeMs => timeMs % 1000 === 0);
		assert.ok(whole.length > 50 && whole.length < 200, String(whole.length));
	});

	it('finds the first index at or before a time', () => {
		const {timeMsOf, firstAtOrBefore} = createTimeline({...plain, spacingMs: 10});
		for (const index of [0, 1, 500, 999]) {
			const found = firstAtOrBefore(timeMsOf(index));
			assert.equal(timeMsOf(found), timeMsOf(index));
			assert.ok(found === 0 || timeMsOf(found - 1) > timeMsOf(index));
		}
		assert.equal(firstAtOrBefore(0), 1000);
		assert.equal(firstAtOrBefore(Infinity), 0);
	});

	it('searches by halves', () => {
		fc.assert(
			fc.property(fc.nat(50), fc.nat(60), (length, edge) => {
				assert.equal(
					firstIndex(length, index => index >= edge),
					Math.min(length, edge),
				);
			}),
		);
	});
});
