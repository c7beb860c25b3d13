import assert from 'node:assert/strict';
import bitbucket from '../../sources/bitbucket-data-center.ts';
import {itReadsItsLog} from '../support/data-center.ts';

describe('bitbucket-data-center', () => {
	itReadsItsLog(bitbucket, 'bitbucket-data-center', '/bitbucket');

	it('can do what the product can', () => {
		assert.equal(bitbucket.name, 'bitbucket-data-center');
		assert.deepEqual(Object.keys(bitbucket.operations), ['coverage', 'set-coverage', 'retention', 'set-retention']);
	});
});
