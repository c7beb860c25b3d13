import assert from 'node:assert/strict';
import {jiraCloudLog} from '../../lib/emulator/apis/jira-cloud-records.ts';
import {newSetting} from './new-setting.ts';

describe('emulator/jira-cloud-records', () => {
	it('have a number as id and an offset without a colon', () => {
		const records = Array.from(jiraCloudLog(newSetting({events: 200})).records());
		for (const {id, timeMs, text} of records) {
			const record = JSON.parse(text) as {id: number; created: string};
			assert.equal(record.id, Number(id));
			assert.equal(record.created, new Date(timeMs).toISOString().replace('Z', '+0000'));
		}
		assert.ok(records.some(({text}) => !text.includes('authorKey')));
		assert.ok(records.some(({text}) => text.includes('"associatedItems":[{')));
	});
});
