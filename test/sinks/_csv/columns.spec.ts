import assert from 'node:assert/strict';
import {ConfigError} from '../../../lib/model/errors.ts';
import {formatColumns, memberAt, parseColumns} from '../../../sinks/_csv/rows.ts';

describe('columns of CSV', () => {
	it('are members, by their own name or another', () => {
		assert.deepEqual(parseColumns('id, who = actor.name,=1+1=x'), [
			{header: 'id', path: ['id']},
			{header: 'who', path: ['actor', 'name']},
			{header: '=1+1', path: ['x']},
		]);
	});

	for (const text of ['', ' ', 'id,', 'a..b', '.a', '=id', 'id=', 'id,time=id,time']) {
		it(`are not ${JSON.stringify(text)}`, () => assert.throws(() => parseColumns(text), ConfigError));
	}

	it('have one spelling', () => {
		assert.equal(formatColumns(parseColumns(' id=id , who=actor.name,id.x')), 'id,who=actor.name,id.x');
	});

	it('look into objects and through lists, at own members only', () => {
		const event = {a: {b: 'c'}, list: [{n: 1}, {n: null}, {}, null, {n: [2, 3]}], __proto__: {inherited: 'no'}};
		const found = ['a.b', 'a', 'list.n', 'list.0.n', 'list.9.n', 'a.b.c', 'inherited', 'toString', 'a.constructor'];
		assert.deepEqual(
			found.map(member => memberAt(event, member.split('.'))),
			['c', {b: 'c'}, [1, 2, 3], 1, [], undefined, undefined, undefined, undefined],
		);
		for (const nothing of [undefined, null, 'text', 1]) assert.equal(memberAt(nothing, ['length']), undefined);
	});
});
