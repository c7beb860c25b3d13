import assert from 'node:assert/strict';
import fc from 'fast-check';
import type {Json} from '../../lib/model/event.ts';
import {createProgressGuard, type Signs} from '../../lib/source/progress-guard.ts';

const page = (next: Json | undefined): Signs => ({isEmpty: false, next});
const empty = (next: Json | undefined): Signs => ({isEmpty: true, next});

describe('createProgressGuard', () => {
	it('notices the first cursor that comes back, and none before it', () => {
		fc.assert(
			fc.property(fc.array(fc.jsonValue(), {maxLength: 30}), fc.jsonValue(), (given, cursor) => {
				const {check} = createProgressGuard('some-source', {cursor: cursor as Json});
				const texts = [cursor, ...given].map(value => JSON.stringify(value));
				const repeated = texts.findIndex((text, at) => texts.indexOf(text) < at);
				const noticed = given.findIndex(next => check(page(next as Json)) !== undefined);
				assert.equal(noticed, Math.max(repeated - 1, -1));
			}),
		);
	});

	it('tells long cursors apart by all that they hold', () => {
		const {check} = createProgressGuard('some-source');
		const long = 'x'.repeat(10_000);
		for (const next of [`${long}1`, `${long}2`]) assert.equal(check(page(next)), undefined);
		assert.match(
			check(page(`${long}1`))!.message,
			/^some-source: paging makes no progress: .*a cursor that it had already/,
		);
	});

	it('counts empty pages in a row', () => {
		const {check} = createProgressGuard('some-source', {maxEmptyPages: 3});
		for (const progress of [empty(1), empty(2), page(3), empty(4), empty(5)]) assert.equal(check(progress), undefined);
		const stuck = check(empty(6))!;
		assert.equal(stuck.code, 'PAGING_NO_PROGRESS');
		assert.match(stuck.message, /got 3 empty pages in a row/);
	});

	it('takes the end for no standstill, however empty it is', () => {
		const {check} = createProgressGuard('some-source', {maxEmptyPages: 1});
		for (const progress of [empty(undefined), empty(undefined), page(undefined)]) {
			assert.equal(check(progress), undefined);
		}
	});

	it('forgets the oldest cursors, so that it stays small', () => {
		const {check} = createProgressGuard('some-source', {maxCursors: 2});
		for (const next of [1, 2, 3, 1]) assert.equal(check(page(next)), undefined);
		assert.notEqual(check(page(3)), undefined);
	});

	it('remembers the first records and the last ones, however many there are', () => {
		const {check} = createProgressGuard('some-source', {maxRecords: 100});
		const of = (from: number, next?: number) =>
			check({isEmpty: false, next, identities: Array.from({length: 10}, (_, at) => `${from + at}`)});
		for (let at = 0; at < 1000; at += 10) assert.equal(of(at, at), undefined);
		assert.equal(of(990, -1), undefined, 'one page may be known');
		assert.match(of(0)!.message, /only records that it had given before, and then an end/);
	});

	it('lets known records come again where the cursor was refused', () => {
		const {check, refused} = createProgressGuard('some-source');
		assert.equal(check({...page(1), identities: ['a', 'b']}), undefined);
		assert.equal(refused(2000), undefined);
		assert.equal(check({...page(undefined), identities: ['b']}), undefined);
	});

	it('takes a refusal at the same place again for a standstill', () => {
		for (const edgeMs of [undefined, 0, 1000]) {
			const {refused} = createProgressGuard('some-source');
			assert.equal(refused(edgeMs), undefined);
			assert.match(refused(edgeMs)!.message, /got a refusal of each cursor that it gave/);
		}
		const {check, refused} = createProgressGuard('some-source');
		assert.deepEqual([check(page(1)), refused(2000), check(page(1)), refused(1000)], Array(4).fill(undefined));
	});
});
