import assert from 'node:assert/strict';
import fc from 'fast-check';
import {PageOrder} from '../../lib/run/page-order.ts';
import {factsOf, pageOf} from '../support/pages.ts';

const sources = [factsOf({tenant: 'a'}), factsOf({tenant: 'b'}), factsOf({name: 'other', tenant: 'a'})];

function pageAt([source, sequence]: readonly [source: number, sequence: number]) {
	return pageOf([], {source: sources[source]!, sequence});
}

describe('PageOrder', () => {
	const arrivals = fc
		.tuple(fc.nat(6), fc.nat(6), fc.nat(6))
		.map(counts => counts.flatMap((count, source) => Array.from({length: count}, (_, at) => [source, at] as const)))
		.chain(pages => fc.shuffledSubarray(pages, {minLength: pages.length}));

	it('gives each source’s pages in order, as early as that can be, in whatever order they come', () => {
		fc.assert(
			fc.property(arrivals, pages => {
				const order = new PageOrder();
				const given = sources.map((): number[] => []);
				const arrived = sources.map(() => new Set<number>());
				for (const page of pages) {
					arrived[page[0]]!.add(page[1]);
					for (const ready of order.next(pageAt(page))!) given[sources.indexOf(ready.source)]!.push(ready.sequence);
					for (const [source, sequences] of given.entries()) {
						let first = 0;
						while (arrived[source]!.has(first)) first++;
						assert.deepEqual(
							sequences,
							Array.from({length: first}, (_, index) => index),
						);
					}
				}
				assert.equal(order.missing([]), undefined);
			}),
		);
	});

	it('names the page that others have overtaken', () => {
		const order = new PageOrder();
		assert.equal(order.missing([]), undefined);
		order.next(pageAt([0, 0]));
		assert.deepEqual(order.next(pageAt([0, 2])), []);
		assert.equal(order.missing([]), 'page 1 never arrived, later ones did');
		assert.equal(order.next(pageAt([0, 1]))?.length, 2);
		assert.equal(order.missing([]), undefined);
	});

	it('never gives a page twice', () => {
		const order = new PageOrder();
		assert.equal(order.next(pageAt([0, 0]))?.length, 1);
		assert.equal(order.next(pageAt([0, 0])), undefined);
	});
});
