import assert from 'node:assert/strict';
import v8 from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import {ConfigError} from '../../lib/model/errors.ts';
import {addName, addValue, Redaction, type RedactOptions} from '../../lib/redaction/redaction.ts';
import {valueFinder} from '../../lib/redaction/value-finder.ts';
import {plantedMembers, planted, pseudonym} from '../support/planted.ts';

const key = 'k'.repeat(16);
const none = valueFinder([]);

function redactedText(text: string, options: RedactOptions, ...values: string[]): string {
	return new Redaction(options).text(text, valueFinder(values));
}

describe('Redaction', () => {
	it('marks a value with its pseudonym, the same every time, or with nothing of it', () => {
		const members = ['x'];
		const keyed = new Redaction({members, key});
		for (let time = 0; time < 2; time++) assert.equal(keyed.mark('Ann'), pseudonym(key, 'Ann'));
		assert.equal(new Redaction({members}).mark('Ann'), '[redacted]');
		const bytes = Buffer.from(key);
		const copied = new Redaction({members, key: bytes});
		bytes.fill(0);
		assert.equal(copied.mark('Bob'), pseudonym(key, 'Bob'), 'the key may be wiped');
	});

	it('remembers a bounded number of marks, and makes the same ones anew', () => {
		const redaction = new Redaction({members: ['x'], key});
		const first = redaction.mark('0');
		for (let index = 1; index <= 10_001; index++) redaction.mark(String(index));
		assert.equal(redaction.mark('0'), first);
	});

	it('keeps nothing in memory of what is long, nor of the text around what it remembers', () => {
		v8.setFlagsFromString('--expose-gc');
		const collectGarbage = vm.runInNewContext('gc') as () => void;
		const redaction = new Redaction({members: ['x'], key});
		const keep = (index: number) => {
			const text = `${index} is the name of number ${index}: ${'y'.repeat(1_000_000)}`;
			redaction.mark(text);
			redaction.mark(text.slice(0, 30));
			redaction.name(text.slice(0, 29), none);
		};
		keep(0);
		collectGarbage();
		const before = process.memoryUsage().heapUsed;
		for (let index = 1; index <= 50; index++) keep(index);
		collectGarbage();
		assert.ok(process.memoryUsage().heapUsed - before < 10_000_000);
	});

	it('reads values in JSON text, those in JSON within it too', () => {
		const json = '{"x":"Ann","y":{"z":[7.0,true,null,"{\\"q\\":\\"Bob\\"}"]},"x":"Cy","w":"Dee"}';
		const values = new Redaction({members: ['x', 'y']}).valuesIn(json);
		assert.ok(new Redaction({members: ['x']}).valuesIn('{"x":{"ann@x.io":1}}').has('ann@x.io'), 'a name that is data');
		assert.deepEqual(['Ann', '7', '7.0', 'Bob', 'Cy', 'Dee', 'true', 'null', 'q'].map(values.has), [
			true,
			true,
			true,
			true,
			true,
			false,
			false,
			false,
			false,
		]);
		assert.equal(new Redaction({patterns: ['ip']}).valuesIn(json).size, 0);
	});

	it('replaces where a match and a value overlap as one', () => {
		assert.equal(
			redactedText('mail ann.lee@x.io now', {patterns: ['email'], key}, 'ann'),
			`mail ${pseudonym(key, 'ann.lee@x.io')} now`,
		);
		assert.equal(redactedText('Ann 1234 5678', {patterns: [/\d{4}/]}, 'Ann 1234'), '[redacted] [redacted]');
		assert.equal(redactedText('Ann1234 Anna', {patterns: [/\d{4}/]}, 'Ann'), '[redacted][redacted] Anna');
	});

	it('does not take its own marks for values', () => {
		const values = valueFinder(['redacted', 'Ann']);
		for (const options of [{members: ['x']}, {members: ['x'], key}]) {
			const redaction = new Redaction(options);
			const json = redaction.json('{"a":"Ann redacted"}', values);
			assert.deepEqual(json?.value, {a: `${redaction.mark('Ann')} ${redaction.mark('redacted')}`});
		}
	});

	it('reads JSON within text as JSON, and otherwise as text', () => {
		assert.equal(redactedText('{"a":"\\u0041nn","n":1.0}', {members: ['x']}, 'Ann'), '{"a":"[redacted]","n":1.0}');
		assert.equal(redactedText('{"a":"\\u0041nn",', {members: ['x']}, 'Ann', 'a'), '{"[redacted]":"\\u0041nn",');
		assert.equal(redactedText('["x", "y"]', {members: ['z']}, '"x", "y"'), '[[redacted]]', 'across its tokens, too');
		assert.equal(redactedText('["x"]', {members: ['z']}, '["x"]'), '[redacted]');
	});

	it('gives no JSON text in which a value would be left', () => {
		const redaction = new Redaction({members: ['x']});
		const values = valueFinder(['Ann']);
		for (const text of ['Ann', '"Ann"', '{"a":"Ann', '{"a":"b"} Ann', '{"a":Ann}x', '']) {
			assert.equal(redaction.json(text, values), undefined);
		}
	});

	it('changes names where a value or an address stands in them, not where an expression matches', () => {
		const redaction = new Redaction({members: ['who.x'], patterns: ['email', /./]}, ['actor']);
		const values = valueFinder(['Ann', 'actor', 'who']);
		const names = ['Ann', 'by Ann', 'a@b.cc', 'actor', 'who', 'x', 'by actor'];
		for (let time = 0; time < 2; time++) {
			assert.deepEqual(
				names.map(name => redaction.name(name, values)),
				['[redacted]', 'by [redacted]', '[redacted]', 'actor', 'who', 'x', 'by [redacted]'],
			);
		}
	});

	it('changes a number that is a value, or that matches', () => {
		const redaction = new Redaction({patterns: [/^\d{10}$/, 'ip']});
		assert.deepEqual(
			['7', '70', '4915112345', '1.5'].map(digits => redaction.number(digits, valueFinder(['7', '1']))),
			['[redacted]', undefined, '[redacted]', undefined],
		);
	});

	it('rules out a text only where nothing in it would change', () => {
		fc.assert(
			fc.property(planted, ({text}) => {
				const redaction = new Redaction({patterns: ['email', 'ip']});
				if (!redaction.mayChange(text, none)) assert.equal(redaction.json(text, none)?.text, text);
			}),
		);
		assert.ok(!new Redaction({patterns: ['email', 'ip']}).mayChange('{"a":"b"}', none));
		assert.ok(new Redaction({patterns: ['ip']}).mayChange('{"a":"b"}', valueFinder(['b'])));
	});

	it('leaves nothing to do', () => {
		fc.assert(
			fc.property(planted, ({text}) => {
				const redaction = new Redaction({members: plantedMembers, key});
				const values = redaction.valuesIn(text);
				const once = redaction.json(text, values, redaction.tree)!.text;
				assert.equal(redaction.json(once, values)!.text, once);
			}),
		);
	});

	it('knows whether its members are among these', () => {
		const redaction = new Redaction({members: ['actor.name', 'targets']});
		assert.ok(redaction.isWithin(new Set(['actor.name', 'targets', 'x'])));
		assert.ok(!redaction.isWithin(new Set(['actor.name'])));
	});

	it('gives no text in which a member that was not mapped may hold another value', () => {
		const members = new Redaction({members: ['x']});
		const {tree} = members;
		for (const text of ['{"n":"Old","n":"Ann"}', '{"a":[{"n":1,"\\u006e":2}]}']) {
			assert.equal(members.json(text, valueFinder(['Ann'])), undefined);
			assert.equal(members.json(text, none), undefined);
			assert.ok(members.json(text, none, tree), 'its members are those of the text itself');
			assert.ok(new Redaction({patterns: ['ip']}).json(text, none), 'patterns reach all of them');
		}
		const alike = '{"a":{"n":"Ann"},"b":{"n":"Bob","__proto__":1,"7":2}}';
		assert.equal(members.json(alike, none)!.text, alike);
		const merged = members.json('{"Ann":1,"Bob":2}', valueFinder(['Ann', 'Bob']));
		assert.equal(merged!.text, '{"[redacted]":1,"[redacted]":2}');
	});

	it('refuses members and keys that cannot be', () => {
		assert.throws(() => new Redaction({}), ConfigError);
		assert.throws(() => new Redaction({members: ['x'], key: new Uint8Array(15)}), /at least 16 bytes, got 15/);
		assert.match(new Redaction({members: ['x', 'id']}).refusal!.message, /^redact: expected members other than/);
		assert.equal(new Redaction({members: ['x'], patterns: ['ip']}).refusal, undefined);
		assert.throws(() => new Redaction({members: ['a.0']}), /for all items of a list/);
	});

	it('takes time by the length of the text', () => {
		const redaction = new Redaction({members: ['x'], patterns: ['email', 'ip'], key});
		const deep = `${'[{"a":'.repeat(50)}"Ann"${'}]'.repeat(50)}`;
		const nested = Array.from({length: 12}).reduce<string>(inner => JSON.stringify([inner]), 'Ann');
		for (const text of [deep, nested, JSON.stringify(['Ann '.repeat(200_000)])]) {
			const started = process.cpuUsage();
			assert.ok(!redaction.json(text, valueFinder(['Ann']))!.text.includes('Ann'));
			assert.ok(process.cpuUsage(started).user < 5_000_000);
		}
	});

	it('takes little memory for a text that is nested very deep, and reads it as no JSON', () => {
		const redaction = new Redaction({members: ['x'], patterns: ['email']});
		const deep = `${'['.repeat(1_000_000)}"a@b.cc Ann"${']'.repeat(1_000_000)}`;
		const before = process.memoryUsage().rss;
		const json = redaction.json(JSON.stringify({deep}), valueFinder(['Ann']))!;
		assert.equal((json.value as {deep: string}).deep, deep.replace('a@b.cc Ann', '[redacted] [redacted]'));
		assert.equal(redaction.json(deep, none), undefined);
		assert.equal(redaction.valuesIn(deep).size, 0);
		assert.ok(process.memoryUsage().rss - before < 150_000_000);
	});
});

describe('addName', () => {
	it('adds a name that no API would give to a member', () => {
		const names = ['name', 'first_name', 'x-y', '', 'ann@x.io', 'Ann Lee', '712020', 'ann.lee', 'Zoë'];
		const added = names.reduce(addName, new Set<string>());
		assert.deepEqual([...added], ['ann@x.io', 'Ann Lee', '712020', 'ann.lee', 'Zoë']);
	});
});

describe('addValue', () => {
	it('adds a text, and what is in it where it is JSON', () => {
		assert.deepEqual([...addValue(new Set(), '{"a":["b",1,"",true]}')].sort(), ['1', 'b', '{"a":["b",1,"",true]}']);
		assert.deepEqual([...addValue(new Set(), '')], []);
	});
});
