import assert from 'node:assert/strict';
import {below, memberTree} from '../../lib/operators/member-tree.ts';

describe('memberTree', () => {
	it('is the way to each member, and a whole one has all that is in it', () => {
		const tree = memberTree('x', ['actor.name', 'actor.email', 'targets', 'targets.id', 'a.b.c', 'a.b', '__proto__.x']);
		assert.deepEqual(
			tree,
			new Map<string, unknown>([
				[
					'actor',
					new Map([
						['name', 'whole'],
						['email', 'whole'],
					]),
				],
				['targets', 'whole'],
				['a', new Map([['b', 'whole']])],
				['__proto__', new Map([['x', 'whole']])],
			]),
		);
	});

	it('refuses a path with an empty name', () => {
		for (const member of ['', '.', 'a.', '.a', 'a..b']) {
			assert.throws(() => memberTree('x', ['ok', member]), {
				name: 'ConfigError',
				message: `x: option members: expected a member like actor.name, got ${JSON.stringify(member)}`,
			});
		}
	});
});

describe('below', () => {
	it('is the tree of a member, the whole of it in a whole one, nothing outside', () => {
		const tree = memberTree('x', ['a.b']);
		assert.equal(below(below(tree, 'a'), 'b'), 'whole');
		assert.equal(below('whole', 'x'), 'whole');
		assert.equal(below(tree, 'constructor'), undefined);
		assert.equal(below(undefined, 'a'), undefined);
	});
});
