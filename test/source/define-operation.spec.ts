import assert from 'node:assert/strict';
import {defineOperation} from '../../lib/source/define-operation.ts';

describe('defineOperation', () => {
	it('gives the operation itself: the types are its work, and test/types has them', () => {
		const operation = {docs: 'The level.', options: {}, run: async () => ({text: '1', json: 1})};
		assert.equal(defineOperation(operation), operation);
	});
});
