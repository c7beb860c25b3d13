import assert from 'node:assert/strict';
import fc from 'fast-check';
import {applyEdits, maskSpans, mergeSpans} from '../../lib/redaction/spans.ts';

const spans = fc.array(
	fc
		.record({start: fc.nat(30), length: fc.integer({min: 1, max: 10})})
		.map(({start, length}) => ({start, end: start + length, value: `${start}+${length}`})),
);
const covered = (list: readonly {start: number; end: number}[]) =>
	Array.from({length: 45}, (_, at) => list.some(({start, end}) => at >= start && at < end));

describe('spans', () => {
	it('cover the same when they are merged, in order and without overlap', () => {
		fc.assert(
			fc.property(spans, list => {
				const merged = mergeSpans(list);
				assert.deepEqual(covered(merged), covered(list));
				assert.ok(merged.every(({start}, index) => index === 0 || start >= merged[index - 1]!.end));
			}),
		);
	});

	it('have the value of the longest of those that were merged', () => {
		const merged = mergeSpans([
			{start: 2, end: 5, value: 'short'},
			{start: 4, end: 12, value: 'long'},
			{start: 11, end: 13, value: 'last'},
			{start: 13, end: 14, value: 'next'},
		]);
		assert.deepEqual(merged, [
			{start: 2, end: 13, value: 'long'},
			{start: 13, end: 14, value: 'next'},
		]);
	});

	it('are masked so that the offsets stay', () => {
		const text = 'one two three';
		assert.equal(maskSpans(text, [{start: 4, end: 7}]), 'one \0\0\0 three');
		assert.equal(applyEdits(text, []), text);
		assert.equal(
			applyEdits(text, [
				{start: 0, end: 3, text: '1'},
				{start: 8, end: 13, text: ''},
			]),
			'1 two ',
		);
	});
});
