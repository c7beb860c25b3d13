import assert from 'node:assert/strict';
import {OtherAnswer} from '../../../lib/http/unreadable.ts';
import {assertNoFailure, valuesIn} from '../../../sinks/_http/answer.ts';

const sent = Array.from({length: 5}, (_, at) => Buffer.from(`{"id":${at},"errors":["of the event"]}\n`));
const check = (value: unknown) => assertNoFailure(value, sent);

describe('assertNoFailure', () => {
	it('quotes the member that tells of a failure, wherever it stands', () => {
		for (const [value, words] of [
			[{took: 1, result: {record_errors: ['x']}}, '"record_errors": ["x"]'],
			[[{status: 200}, {status: 400}], '"status": 400'],
			[{isSuccess: false}, '"isSuccess": false'],
			[{numAccepted: 4}, '"numAccepted": 4, of 5 that were sent'],
			[{title: 'Forbidden'}, '"title": "Forbidden"'],
			['it failed', '"it failed"'],
		] as const) {
			const message = `it says that not all was taken: ${words}`;
			assert.throws(
				() => check(value),
				error => error instanceof OtherAnswer && error.message === message,
				message,
			);
		}
	});

	it('lets what tells of none pass', () => {
		for (const value of [
			null,
			1,
			'ok',
			true,
			[],
			{failed: '0', error: 'none'},
			{accepted: 5},
			{stored: 4, existing: 1},
		])
			check(value);
	});

	it('takes a repeated event for no answer, and what stands beside it for one', () => {
		const events = sent.map(text => JSON.parse(text.toString()) as object);
		check({body: events, headers: {}});
		check({json: {...events[0]}});
		assert.throws(() => check({body: events, failed: 1}), /"failed": 1/);
		assert.throws(() => check({body: [{id: 1, errors: ['of another']}]}), /of another/);
	});
});

describe('valuesIn', () => {
	it('finds the one value of an answer, or those of its lines, or none', () => {
		assert.deepEqual(valuesIn(Buffer.from('{"a":1}')), [{a: 1}]);
		assert.deepEqual(valuesIn(Buffer.from('[1]\n{"a":1}\n')), [[1], {a: 1}]);
		assert.deepEqual(valuesIn(Buffer.from('thanks')), []);
		assert.deepEqual(valuesIn(Buffer.from('')), []);
	});
});
