import assert from 'node:assert/strict';
import confluence from '../../sources/confluence-data-center.ts';
import {itReadsItsLog} from '../support/data-center.ts';

describe('confluence-data-center', () => {
	itReadsItsLog(confluence, 'confluence-data-center', '/confluence');

	it('can do what the product can', () => {
		assert.equal(confluence.name, 'confluence-data-center');
		assert.deepEqual(Object.keys(confluence.operations), ['coverage', 'set-coverage', 'retention', 'set-retention']);
	});
});
