import assert from 'node:assert/strict';
import fc from 'fast-check';
import {TimeSpan} from '../../lib/run/time-span.ts';

describe('TimeSpan', () => {
	it('is from the earliest to the latest record, however they come', () => {
		const times = fc.array(fc.array(fc.integer({min: 0, max: 4e12})), {minLength: 1});
		fc.assert(
			fc.property(times, batches => {
				const all = batches.flat();
				fc.pre(all.length > 0);
				const span = new TimeSpan();
				for (const batch of batches) span.add(batch.map(orderMs => ({orderMs})));
				const [from, to] = [Math.min(...all), Math.max(...all)].map(ms => new Date(ms).toISOString());
				assert.deepEqual(span.lack('why'), {from, to, events: all.length, reason: 'why'});
			}),
		);
	});

	it('is copied, not shared', () => {
		const span = new TimeSpan();
		span.add([{orderMs: 1000}]);
		const copy = span.copy();
		copy.add([{orderMs: 2000}]);
		assert.equal(span.lack('').to, '1970-01-01T00:00:01.000Z');
		assert.equal(copy.lack('').to, '1970-01-01T00:00:02.000Z');
		assert.equal(copy.events, 2);
	});
});
