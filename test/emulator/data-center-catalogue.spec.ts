import assert from 'node:assert/strict';
import {auditedActions, authorTypes} from '../../lib/emulator/apis/data-center-catalogue.ts';

describe('emulator/data-center-catalogue', () => {
	it('has actions for each product', () => {
		assert.deepEqual(Object.keys(auditedActions), Object.keys(authorTypes));
		for (const actions of Object.values(auditedActions)) {
			assert.ok(actions.length > 5);
			assert.ok(actions.every(({category, action}) => [...category, ...action].every(Boolean)));
		}
	});
});
