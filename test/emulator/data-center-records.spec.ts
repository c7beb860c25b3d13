import assert from 'node:assert/strict';
import {auditRecord, dataCenterLog} from '../../lib/emulator/apis/data-center-records.ts';
import {newSetting} from './new-setting.ts';

describe('emulator/data-center-records', () => {
	const textsOf = (name: 'jira' | 'confluence' | 'bitbucket') =>
		Array.from(dataCenterLog(newSetting({events: 600}), `${name}-data-center`, name).records(), ({text}) => text);

	it('have what real ones have', () => {
		const texts = textsOf('jira');
		for (const part of [
			'"name":"Anonymous","type":"user","id":"-2"',
			'"avatarUri":""',
			'"source":"127.0.0.1,192.168.22.33"',
			'Load balancer/proxy IP address',
			'"actionI18nKey":"Board created"',
			'"id":"JIRAUSER100',
		]) {
			assert.ok(
				texts.some(text => text.includes(part)),
				part,
			);
		}
	});

	it('leave out what has no value', () => {
		const texts = textsOf('confluence');
		assert.ok(!texts.some(text => text.includes(':null')));
		for (const missing of ['source', 'node', 'from', 'uri']) {
			assert.ok(
				texts.some(text => !text.includes(`"${missing}":`)),
				missing,
			);
		}
	});

	it('differ by product', () => {
		assert.ok(textsOf('bitbucket').every(text => text.includes('"node":"node-')));
		assert.ok(textsOf('confluence').some(text => text.includes('"id":"8a7f80858')));
	});

	it('put key and text of a type where they belong', () => {
		const type = {category: ['ck', 'ct'], action: ['ak', 'at'], objects: []} as const;
		const parts = {author: {}, affectedObjects: [], changedValues: [], extraAttributes: []};
		const record = auditRecord({...parts, type, source: undefined, node: undefined}) as {type: object};
		assert.deepEqual(record.type, {categoryI18nKey: 'ck', category: 'ct', actionI18nKey: 'ak', action: 'at'});
	});
});
