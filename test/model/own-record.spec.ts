import assert from 'node:assert/strict';
import {named, OwnRecord} from '../../lib/model/own-record.ts';
import {recordOf} from '../support/pages.ts';

const text = '{"id":"a","n":12345678901234567890,"é":"\\ud800"}';
const facts = {id: 'a', timeMs: 1, orderMs: 2, wholeSecond: true, text: Buffer.from(text)};

describe('OwnRecord', () => {
	it('has the value of its text, the same object each time', () => {
		const record = new OwnRecord(facts, undefined);
		assert.deepEqual(record.value, JSON.parse(text));
		assert.equal(record.value, record.value);
		assert.equal(record.raw, text);
	});

	it('holds neither value nor string before somebody asks, nor once they are forgotten', () => {
		let parsed = 0;
		const record = new OwnRecord(facts, value => ({...value, parsed: ++parsed}));
		assert.equal(parsed, 0);
		const {value} = record;
		record.forget();
		assert.equal(parsed, 1);
		assert.notEqual(record.value, value);
		assert.equal(parsed, 2);
	});

	it('is read from the bytes of its own part of an answer', () => {
		const body = Buffer.from(`[${text},{}]`);
		const record = new OwnRecord(
			{...facts, text: new Uint8Array(body.buffer, body.byteOffset + 1, facts.text.length)},
			undefined,
		);
		assert.equal(record.raw, text);
	});
});

describe('named', () => {
	it('gives the same record with other names, whose value is still there', () => {
		const other = named(new OwnRecord(facts, value => ({...value, more: 1})), {identity: 'b'});
		const {id, identity, timeMs, orderMs, wholeSecond, value} = other;
		assert.deepEqual({id, timeMs, orderMs, wholeSecond, text: other.text}, facts);
		assert.equal(identity, 'b');
		assert.deepEqual(value, {...(JSON.parse(text) as object), more: 1});
		assert.equal(named(other, {id: 'c'}).id, 'c');
		assert.equal(named(other, {id: 'c'}).identity, 'b');
	});

	it('takes a record of any kind', () => {
		const record = recordOf({id: 'a'});
		assert.deepEqual(named(record, {id: 'b'}), {...record, id: 'b'});
	});
});
