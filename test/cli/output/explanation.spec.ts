import assert from 'node:assert/strict';
import {explanation} from '../../../lib/cli/output/explanation.ts';

const rowsOf = (event: object, origins: Readonly<Record<string, string>> = {}) =>
	[...explanation(event, origins).matchAll(/^ {2}(\S+) +(.*)\n +← (.*)\n/gm)].map(match => match.slice(1));

describe('explanation', () => {
	it('shows each member with its path, its value and what it is made from', () => {
		const origins = {
			id: 'the id',
			'actor.name': 'who',
			'targets.name': 'what',
			ips: 'the addresses',
			nested: 'as a whole',
		};
		const event = {
			id: 'a',
			actor: {name: 'Ann'},
			targets: [{name: 'x'}, {name: 'y', more: 1}],
			ips: ['1', '2'],
			nested: {a: [{b: 1}]},
		};
		assert.deepEqual(rowsOf(event, origins), [
			['id', '"a"', 'the id'],
			['actor.name', '"Ann"', 'who'],
			['targets[0].name', '"x"', 'what'],
			['targets[1].name', '"y"', 'what'],
			['targets[1].more', '1', 'the record'],
			['ips', '["1","2"]', 'the addresses'],
			['nested', '{"a":[{"b":1}]}', 'as a whole'],
		]);
	});

	it('takes no origin from the prototype', () => {
		assert.deepEqual(rowsOf({constructor: 1}), [['constructor', '1', 'the record']]);
	});

	it('cuts long values, and escapes what a terminal would obey', () => {
		const text = explanation({'a\u001b[2J': `\u009b2J${'x'.repeat(1000)}`}, {});
		assert.match(text, /^ {2}a\\u001b\[2J +"\\u009b2Jx{90,120}…\n/);
		assert.ok(!/[\u001b\u009b]/.test(text));
	});
});
