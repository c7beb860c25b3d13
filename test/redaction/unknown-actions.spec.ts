import assert from 'node:assert/strict';
import {actionsLeft} from '../../lib/redaction/unknown-actions.ts';

describe('actionsLeft', () => {
	it('counts each action as its event has it now', () => {
		const actions = new Map([
			['Ann did', 2],
			['Bob did', 1],
			['x', 1],
		]);
		const before = ['Ann did', 'x', 'known', 'Bob did', 'Ann did'].map(action => ({action}));
		const after = ['* did', 'x', 'known', '* did', '* did'].map(action => ({action}));
		assert.deepEqual(
			actionsLeft(actions, before, after),
			new Map([
				['* did', 3],
				['x', 1],
			]),
		);
	});

	it('gives no name to what is gone: a member, an event, all that an action was', () => {
		const actions = new Map([
			['a', 3],
			['b', 2],
		]);
		const before = [{action: 'a'}, {action: 'a'}, {action: 'a'}, undefined, 'a', {action: 7}];
		assert.deepEqual(
			actionsLeft(actions, before, [{}, undefined, {action: 'a'}]),
			new Map([
				['[redacted]', 4],
				['a', 1],
			]),
		);
		assert.deepEqual(actionsLeft(new Map(), [{action: 'a'}], [{action: 'a'}]), new Map());
	});
});
