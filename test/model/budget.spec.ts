import assert from 'node:assert/strict';
import fc from 'fast-check';
import {Budget, type BudgetPlace, defaultBudget} from '../../lib/model/budget.ts';
import {settle} from '../support/pages.ts';

const never = new AbortController().signal;

describe('Budget', () => {
	it('is 4 pages or 16 MB', () => {
		assert.deepEqual(defaultBudget, {maxPages: 4, maxBytes: 16_777_216});
	});

	it('gives places until either limit is reached, and the next when one is given back', async () => {
		const budget = new Budget({maxPages: 2, maxBytes: 100});
		const first = await budget.acquire(never);
		const second = await budget.acquire(never);
		const waiting: BudgetPlace[] = [];
		void budget.acquire(never).then(place => waiting.push(place));
		await settle();
		assert.deepEqual([budget.hasRoom, budget.pages, waiting.length], [false, 2, 0]);
		first.release();
		await settle();
		assert.deepEqual([budget.pages, waiting.length], [2, 1]);

		second.hold(100);
		waiting[0]!.release();
		assert.equal(budget.hasRoom, false, 'by its bytes');
		second.release();
		assert.deepEqual([budget.hasRoom, budget.pages], [true, 0]);
	});

	it('lets a page that is larger than all of it pass alone', async () => {
		const budget = new Budget({maxPages: 4, maxBytes: 100});
		const place = await budget.acquire(never);
		place.hold(1000);
		assert.equal(budget.hasRoom, false);
		place.release();
		assert.equal(budget.hasRoom, true);
	});

	it('counts a place once, whatever it says it holds and however often it is released', () => {
		const budget = new Budget({maxPages: 4, maxBytes: 100});
		const place = budget.take();
		place.hold(60);
		place.hold(99);
		assert.equal(budget.hasRoom, true);
		assert.equal(budget.bytes, 99);
		place.release();
		place.release();
		place.hold(1000);
		assert.deepEqual([budget.hasRoom, budget.pages, budget.bytes], [true, 0, 0]);
	});

	it('rejects with the signal’s reason, at once and while waiting, and takes no place then', async () => {
		const budget = new Budget({maxPages: 1, maxBytes: 100});
		const reason = new Error('stop');
		await assert.rejects(budget.acquire(AbortSignal.abort(reason)), reason);
		assert.equal(budget.pages, 0);

		const place = budget.take();
		await assert.rejects(budget.acquire(AbortSignal.abort(reason)), reason);
		const stop = new AbortController();
		const waiting = budget.acquire(stop.signal);
		stop.abort(reason);
		await assert.rejects(waiting, reason);
		place.release();
		assert.equal(budget.pages, 0);
	});

	it('never goes over its limits and never forgets one who waits', async () => {
		const steps = fc.array(
			fc.oneof(fc.record({bytes: fc.nat(60)}), fc.record({release: fc.nat(5)}), fc.record({abort: fc.nat(5)})),
			{maxLength: 40},
		);
		await fc.assert(
			fc.asyncProperty(steps, async given => {
				const budget = new Budget({maxPages: 3, maxBytes: 100});
				const held: BudgetPlace[] = [];
				const stops: AbortController[] = [];
				let waiting = 0;
				for (const step of given) {
					if ('bytes' in step) {
						const stop = new AbortController();
						stops.push(stop);
						waiting++;
						void budget
							.acquire(stop.signal)
							.then(
								place => {
									assert.ok(held.length < 3);
									place.hold(step.bytes);
									held.push(place);
								},
								() => {},
							)
							.finally(() => waiting--);
					} else if ('release' in step) held.splice(step.release, 1)[0]?.release();
					else stops[step.abort]?.abort();
					await Promise.resolve();
				}
				for (let round = 0; waiting > 0 || held.length > 0; round++) {
					assert.ok(round < 100, 'one waits for ever');
					held.shift()?.release();
					await settle();
				}
				assert.equal(budget.pages, 0);
				assert.equal(budget.hasRoom, true);
			}),
			{numRuns: 100},
		);
	});
});
