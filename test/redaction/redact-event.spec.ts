import assert from 'node:assert/strict';
import {redactEvent, valuesOf} from '../../lib/redaction/redact-event.ts';
import {Redaction, type RedactOptions} from '../../lib/redaction/redaction.ts';

const noText = {before: '{}', after: '{}'};

function redacted(event: unknown, options: RedactOptions, {isCommon = false, own = noText} = {}) {
	const redaction = new Redaction(options);
	return redactEvent(event, redaction, valuesOf(event, redaction, isCommon), own, isCommon);
}

/** What would be written. */
const shown = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('valuesOf', () => {
	it('has the texts and numbers in the members, of each item of a list', () => {
		const event = {a: [{b: 'Ann', c: 'Bob'}, {b: [7, {d: 'Cy'}]}], e: '{"f":"Dee"}', g: new Date(0), h: true};
		const values = valuesOf(event, new Redaction({members: ['a.b', 'e', 'g', 'h', 'none.x']}), false);
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
		assert.equal(valuesOf(event, new Redaction({patterns: ['ip']}), false).size, 0);
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
		const out = redactEvent(event, redaction, valuesOf(event, redaction, false), noText, false);
		assert.deepEqual(out, {who: [ann, seven, yes, null, '', {x: ann}]});
	});

	it('is the same object where nothing has changed', () => {
		const event = {a: {b: ['x', 1, null, {c: true}]}, raw: '{}'};
		assert.equal(redacted(event, {patterns: ['email', 'ip'], members: ['none']}), event);
	});

	it('puts in place of the text of its record what is left of that, wherever it stands', () => {
		const event = {raw: 'own', deep: {original: 'own', list: ['own']}, who: 'Ann'};
		for (const isCommon of [true, false]) {
			assert.deepEqual(redacted(event, {members: ['who']}, {isCommon, own: {before: 'own', after: 'left'}}), {
				raw: 'left',
				deep: {original: 'left', list: ['left']},
			});
			const none = {before: 'own', after: undefined} as unknown as typeof noText;
			assert.deepEqual(shown(redacted(event, {members: ['who']}, {isCommon, own: none})), {deep: {list: [null]}});
		}
	});

	it('leaves alone what a common record is named by, on top only, and a raw that is no JSON out', () => {
		const event = {id: 'Ann', raw: 'Ann', a: {id: 'Ann', raw: 'Ann'}, actor: {name: 'Ann'}};
		const options = {members: ['actor.name']};
		const a = {id: '[redacted]', raw: '[redacted]'};
		assert.deepEqual(redacted(event, options, {isCommon: true}), {id: 'Ann', a, actor: {}});
		assert.deepEqual(redacted(event, options), {id: '[redacted]', raw: '[redacted]', a, actor: {}});
	});

	it('leaves the words of a common record alone, and takes none of them for a value', () => {
		const event = {
			activity: 'user-login',
			outcome: 'failure',
			actor: {type: 'user', name: 'failure'},
			targets: [{type: 'user', name: 'login', id: 'user'}],
		};
		const patterns = [/user|login|failure/];
		assert.deepEqual(redacted(event, {members: ['actor.name', 'targets.name'], patterns}, {isCommon: true}), {
			activity: 'user-login',
			outcome: 'failure',
			actor: {type: 'user'},
			targets: [{type: 'user', id: '[redacted]'}],
		});
		const key = 'k'.repeat(16);
		const whole = redacted(event, {members: ['actor'], key}, {isCommon: true}) as typeof event;
		assert.equal(whole.actor.type, 'user');
		assert.match(whole.actor.name, /^redacted:/);
		assert.equal(whole.targets[0]!.id, 'user', 'no value of the actor');
		const named = redacted(event, {members: ['actor.type'], key}, {isCommon: true}) as typeof event;
		assert.match(named.actor.type, /^redacted:/);
		assert.deepEqual(named.targets, event.targets);
		assert.deepEqual(redacted(event, {members: ['actor.type']}, {isCommon: true}), {
			...event,
			actor: {name: 'failure'},
		});
	});

	it('takes the names in a member for values where they are data', () => {
		const event = {
			to: {'ann@x.io': 'admin', setting_name: 1},
			s: 'ann@x.io, setting_name',
			json: '{"Ann Lee":{}}',
			t: 'Ann Lee',
		};
		assert.deepEqual(redacted(event, {members: ['to', 'json']}), {s: '[redacted], setting_name', t: '[redacted]'});
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
