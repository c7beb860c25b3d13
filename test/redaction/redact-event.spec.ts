import assert from 'node:assert/strict';
import {redactEvent, valuesOf} from '../../lib/redaction/redact-event.ts';
import {Redaction, type RedactOptions} from '../../lib/redaction/redaction.ts';

function redacted(event: unknown, options: RedactOptions, rawOf: (text: string) => string | undefined = text => text) {
	const redaction = new Redaction(options);
	return redactEvent(event, redaction, valuesOf(event, redaction), rawOf);
}

describe('valuesOf', () => {
	it('has the texts and numbers in the members, of each item of a list', () => {
		const event = {a: [{b: 'Ann', c: 'Bob'}, {b: [7, {d: 'Cy'}]}], e: '{"f":"Dee"}', g: new Date(0), h: true};
		const values = valuesOf(event, new Redaction({members: ['a.b', 'e', 'g', 'h', 'none.x']}));
		assert.deepEqual(['Ann', '7', 'Cy', 'Dee', '1970-01-01T00:00:00.000Z', 'Bob', 'true', 'f'].map(values.has), [
			true,
			true,
			true,
			true,
			true,
			false,
			false,
			false,
		]);
		assert.equal(valuesOf(event, new Redaction({patterns: ['ip']})).size, 0);
	});
});

describe('redactEvent', () => {
	it('takes members out, and their values wherever else they stand', () => {
		const event = {who: {name: 'Ann', age: 7}, list: [{who: 'Ann', n: 7}], text: 'by Ann, 7', Ann: true, no: null};
		assert.deepEqual(redacted(event, {members: ['who.name', 'who.age']}), {
			who: {},
			list: [{who: '[redacted]', n: '[redacted]'}],
			text: 'by [redacted], [redacted]',
			'[redacted]': true,
			no: null,
		});
	});

	it('puts pseudonyms in their place, whatever was there, and lets nothing stay nothing', () => {
		const redaction = new Redaction({members: ['who'], key: 'k'.repeat(16)});
		const event = {who: ['Ann', 7, true, null, '', {x: 'Ann'}]};
		const [ann, seven, yes] = ['Ann', '7', 'true'].map(value => redaction.mark(value));
		const out = redactEvent(event, redaction, valuesOf(event, redaction), () => undefined);
		assert.deepEqual(out, {who: [ann, seven, yes, null, '', {x: ann}]});
	});

	it('is the same object where nothing has changed', () => {
		const event = {a: {b: ['x', 1, null, {c: true}]}, raw: '{}'};
		assert.equal(redacted(event, {patterns: ['email', 'ip'], members: ['none']}), event);
	});

	it('asks for its raw text, and leaves alone what events are named by, on top only', () => {
		const event = {id: 'Ann', raw: 'r', a: {id: 'Ann', raw: 'Ann'}, who: 'Ann'};
		assert.deepEqual(
			redacted(event, {members: ['who']}, text => `${text}!`),
			{id: 'Ann', raw: 'r!', a: {id: '[redacted]', raw: '[redacted]'}},
		);
		assert.deepEqual(
			redacted(event, {members: ['who']}, () => undefined),
			{id: 'Ann', a: {id: '[redacted]', raw: '[redacted]'}},
		);
	});

	it('takes anything that JSON takes', () => {
		const options = {patterns: [/Ann/]};
		assert.equal(redacted('Ann', options), '[redacted]');
		assert.deepEqual(redacted(['Ann', 1, undefined], options), ['[redacted]', 1, undefined]);
		assert.equal(redacted(null, options), null);
		assert.equal(redacted({toJSON: () => 'Ann'}, options), '[redacted]');
		const hostile: unknown = JSON.parse('{"__proto__":{"x":"Ann"},"constructor":"Ann"}');
		assert.equal(
			JSON.stringify(redacted(hostile, options)),
			'{"__proto__":{"x":"[redacted]"},"constructor":"[redacted]"}',
		);
	});
});
