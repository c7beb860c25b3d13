import assert from 'node:assert/strict';
import {nearest} from '../../../lib/cli/flags/nearest.ts';

describe('nearest', () => {
	it('proposes what one or two slips lead to', () => {
		assert.equal(nearest('pul', ['pull', 'list']), ' (did you mean pull?)');
		assert.equal(nearest('ndsjon', ['ndjson']), ' (did you mean ndjson?)');
	});

	it('prefers the nearest one', () => {
		assert.equal(nearest('lisp', ['help', 'list']), ' (did you mean list?)');
	});

	it('is silent when nothing is near', () => {
		assert.equal(nearest('S3CR3T', ['pull', 'list']), '');
	});
});
