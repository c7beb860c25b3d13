import assert from 'node:assert/strict';
import jira from '../../sources/jira-data-center.ts';
import {itReadsItsLog} from '../support/data-center.ts';

describe('jira-data-center', () => {
	itReadsItsLog(jira, 'jira-data-center', '/jira');

	it('can do what the product can', () => {
		assert.equal(jira.name, 'jira-data-center');
		assert.deepEqual(Object.keys(jira.operations), [
			'coverage',
			'set-coverage',
			'retention',
			'set-retention',
			'retention-file',
			'set-retention-file',
		]);
	});
});
