import assert from 'node:assert/strict';
import {freshStart} from '../../lib/model/start.ts';

describe('freshStart', () => {
	it('has nothing saved and never stops', () => {
		const start = freshStart();
		assert.equal(start.signal.aborted, false);
		assert.deepEqual(start.snapshots, {});
		assert.equal(start.floorMs('a:1'), undefined);
		assert.equal(start.identities.length, 0);
		assert.equal(start.interrupted, false);
		const place = start.openSource('source:tenant', {filter: 'x'});
		assert.deepEqual([place.key, place.position()], ['source:tenant', undefined]);
		place.begin({});
		assert.notEqual(place.stream(), place.stream());
	});

	it('shares nothing with another', () => {
		const one = freshStart();
		const other = freshStart();
		one.budget.take();
		one.meter.warn('x');
		assert.equal(other.budget.pages, 0);
		assert.deepEqual(other.meter.warnings, []);
	});
});
