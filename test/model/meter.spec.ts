import assert from 'node:assert/strict';
import {Meter} from '../../lib/model/meter.ts';
import type {SourceFacts} from '../../lib/model/page.ts';
import {deferred} from '../support/deferred.ts';
import {factsOf, pageOf} from '../support/pages.ts';

describe('Meter', () => {
	it('begins with nothing and leaves out what is not known', () => {
		assert.deepEqual(new Meter().snapshot(), {
			sources: [],
			rounds: 0,
			pages: 0,
			events: 0,
			requests: 0,
			answers: {},
			retries: 0,
			waits: 0,
			waitedMs: 0,
			duplicates: 0,
			deadLetters: 0,
			inFlightBytes: 0,
			unknownActions: {},
			warnings: [],
			gaps: [],
		});
	});

	it('counts requests by how they ended, and forgets a failure at the next one that is of use', () => {
		const meter = new Meter();
		meter.answered(200);
		meter.answered(503, 'status 503');
		meter.answered('timeout', 'timeout');
		assert.equal(meter.snapshot().failing, 'timeout');
		meter.answered(200);
		const {answers, ...rest} = meter.snapshot();
		assert.deepEqual(answers, {200: 2, 503: 1, timeout: 1});
		assert.equal('failing' in rest, false);
	});

	it('knows the newest event, at whichever end of a page, by what the API sorts by', () => {
		for (const [order, times, newestMs] of [
			['newest-first', [[7, 5], [4]], 7],
			['oldest-first', [[5, 7], [9], []], 9],
			['none', [[7, 5]], undefined],
		] as const) {
			const meter = new Meter();
			for (const ofPage of times) {
				const records = ofPage.map(orderMs => ({id: `${orderMs}`, timeMs: orderMs + 100, orderMs}));
				meter.written(pageOf(records, {source: factsOf({order})}), records.length, 0);
			}
			assert.equal(meter.snapshot().newestMs, newestMs, order);
		}
	});

	it('names the sources that take part, once', () => {
		const meter = new Meter();
		meter.addSource({name: 'some-source', tenant: 'a'});
		meter.written(pageOf([]), 0, 0);
		meter.written(pageOf([]), 0, 0);
		assert.deepEqual(meter.snapshot().sources, [
			{name: 'some-source', tenant: 'a'},
			{name: 'some-source', tenant: 'some-tenant'},
		]);
	});

	it('asks what is in flight when it is asked', () => {
		const meter = new Meter();
		let bytes = 1;
		meter.bytesInFlight = () => bytes;
		bytes = 2;
		assert.equal(meter.snapshot().inFlightBytes, 2);
	});

	it('says what goes on, the oldest first, until it is over', async () => {
		const meter = new Meter();
		const [one, other] = [deferred(), deferred()];
		const pending = [meter.during('one', () => one.promise), meter.during('other', () => other.promise)];
		assert.match(meter.pending()!, /^one \(since 0\.\d s\), other \(since 0\.\d s\)$/);
		one.reject(new Error('failed'));
		await assert.rejects(pending[0]!, /failed/);
		assert.match(meter.pending()!, /^other/);
		other.resolve();
		await pending[1];
		assert.equal(meter.pending(), undefined);
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

	it('counts a page that is written: what sinks took, what was left out, and how far it went', () => {
		const meter = new Meter();
		let changes = 0;
		meter.onChange = () => changes++;
		const records = [
			{id: 'a', timeMs: 7},
			{id: 'b', timeMs: 5},
		];
		const page = pageOf(records).with({duplicates: 3});
		meter.written(page, 2, 1);
		meter.written(pageOf([]).with({duplicates: 0}), 0, 0);
		const {pages, events, duplicates, deadLetters, positionMs, unknownActions} = meter.snapshot();
		assert.deepEqual([pages, events, duplicates, deadLetters, positionMs], [2, 2, 3, 1, 5]);
		assert.deepEqual(unknownActions, {});
		assert.equal(changes, 2);
	});

	it('adds up the actions that no rule knows, whatever they are called', () => {
		const meter = new Meter();
		const given: readonly (readonly [string, number])[] = [
			['x', 2],
			['__proto__', 1],
			['10', 1],
		];
		for (const unknownActions of [new Map(given), new Map([['x', 3]])]) {
			meter.written(pageOf([]).with({unknownActions}), 0, 0);
		}
		const counted = meter.snapshot().unknownActions;
		assert.deepEqual(new Map(Object.entries(counted)), new Map([...given, ['x', 5]]));
		assert.equal(Object.getPrototypeOf(counted), Object.prototype);
	});

	it('keeps a bounded number of names of bounded length, and the sum of the others', () => {
		const meter = new Meter();
		const page = (names: readonly string[]) => pageOf([]).with({unknownActions: new Map(names.map(name => [name, 1]))});
		const names = Array.from({length: 1500}, (_, index) => `action ${index}`);
		meter.written(page(['long'.repeat(1000), 'x'.repeat(200), 'x'.repeat(201)]), 0, 0);
		meter.written(page(names), 0, 0);
		meter.written(page(names.slice(0, 100)), 0, 0);
		const counted = meter.snapshot().unknownActions;
		assert.equal(
			Object.values(counted).reduce((sum, times) => sum + times, 0),
			1603,
		);
		const named = Object.keys(counted);
		assert.ok(named.length <= 1001 && named.length >= 1000, String(named.length));
		assert.ok(named.every(name => name.length <= 200));
		assert.equal(counted['action 0'], 2);
		assert.equal(counted['action 1499'], undefined);
		assert.ok(counted['…']! > 500);
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

	it('counts the time in which anybody waits once', async () => {
		const real = performance.now.bind(performance);
		try {
			let now = 0;
			performance.now = () => now;
			const meter = new Meter();
			const [one, other] = [deferred(), deferred()];
			const waits = [meter.wait(1, () => one.promise), meter.wait(1, () => other.promise)];
			now = 300;
			one.resolve();
			await waits[0];
			assert.equal(meter.snapshot().waitingUntilMs, 1, 'the other one still waits');
			now = 400;
			other.resolve();
			await waits[1];
			assert.deepEqual([meter.waits, meter.waitedMs, meter.snapshot().waitingUntilMs], [2, 400, undefined]);
		} finally {
			performance.now = real;
		}
	});

	it('says what a quota leaves to each request, by the minute where nobody says', () => {
		const meter = new Meter();
		assert.equal(meter.snapshot().quotaMs, undefined);
		meter.quota = {limit: 120, left: 3, perMs: undefined};
		assert.equal(meter.snapshot().quotaMs, 500);
		meter.quota = {limit: 120, left: 3, perMs: 3_600_000};
		assert.equal(meter.snapshot().quotaMs, 30_000);
	});

	it('knows how much of the time is read, of all sources together, in whatever order their logs are', () => {
		const meter = new Meter();
		const [falling, rising] = [factsOf({name: 'falling'}), factsOf({name: 'rising', order: 'oldest-first'})];
		const at = (source: SourceFacts, timeMs: number) => meter.written(pageOf([{id: 'e', timeMs}], {source}), 1, 0);
		meter.addSource(falling);
		assert.equal(meter.share, undefined);
		meter.setWay(falling, 3000, 1000);
		assert.equal(meter.share, 0);
		at(falling, 2000);
		assert.equal(meter.snapshot().share, 0.5);
		meter.addSource(rising);
		assert.equal(meter.share, undefined, 'nobody knows where the other one is');
		meter.setWay(rising, 0, 6000);
		at(rising, 1000);
		assert.equal(meter.share, 0.25);
		meter.beginRound();
		assert.equal(meter.share, undefined, 'a follow has no end');
	});
});
