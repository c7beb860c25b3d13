import assert from 'node:assert/strict';
import type {Scan, SourcePosition} from '../../lib/source/scan.ts';
import {beyondTail, fromTail, withTail} from '../../lib/source/tail.ts';

const plan = {untilMs: 2000, overlapMs: 600};
const position: SourcePosition = {covered: [[0, 1900]], tail: {cursor: 'T', readMs: 1800}};
const newest: Scan = {sinceMs: 1300, untilMs: 2000, coversToMs: 2000};
const older: Scan = {sinceMs: 10, untilMs: 20, coversToMs: 20, reason: 'a gap'};

describe('fromTail', () => {
	it('begins the newest pass at the tail', () => {
		const expected = [{...newest, cursor: 'T', tailMs: 1800}, older];
		assert.deepEqual(fromTail([newest, older], position, plan), expected);
	});

	for (const [why, scans, at] of [
		['there is no tail', [newest], {covered: position.covered}],
		['half of the overlap has passed since time was read', [newest], {...position, tail: {cursor: 'T', readMs: 1700}}],
		['the clock went back', [newest], {...position, tail: {cursor: 'T', readMs: 2001}}],
		['the pass begins where nothing was read', [{...newest, sinceMs: 1900}], position],
		[
			'the pass reads what lies before all that was read',
			[{...newest, sinceMs: 0}],
			{...position, covered: [[100, 1900]]},
		],
		['the newest pass is a gap', [older], position],
		['the newest pass goes on at a cursor of its own', [{...newest, cursor: 'C'}], position],
		['nothing is to be read', [], position],
	] as const) {
		it(`reads by time where ${why}`, () => {
			assert.equal(fromTail(scans, at, plan), scans);
		});
	}
});

describe('withTail', () => {
	const read: SourcePosition = {covered: [[0, 2000]]};

	it('leaves the cursor that the newest pass ended with', () => {
		const tail = {cursor: 'E', readMs: 2000};
		assert.deepEqual(withTail(read, {...newest, cursor: 'E'}), {...read, tail});
		assert.deepEqual(withTail({...read, tail: {cursor: 'T', readMs: 1}}, {...newest, cursor: 'E', lastMs: 1}), {
			...read,
			tail,
		});
	});

	it('keeps the time that was read by time as long as it goes on by cursor', () => {
		const {tail} = withTail(read, {...newest, cursor: 'E', tailMs: 1800, lastMs: 1950});
		assert.deepEqual(tail, {cursor: 'E', readMs: 1800});
	});

	it('leaves none where the next pass must ask by time', () => {
		for (const scan of [
			newest,
			{...newest, cursor: 'E', tailMs: 1800},
			{...newest, cursor: 'E', tailMs: beyondTail, lastMs: 1950},
		]) {
			assert.deepEqual(withTail({...read, tail: {cursor: 'T', readMs: 1800}}, scan), read);
		}
	});

	it('leaves alone what an older pass ends with', () => {
		const kept = {...read, tail: {cursor: 'T', readMs: 1800}};
		assert.equal(withTail(kept, {...older, cursor: 'E'}), kept);
	});
});
