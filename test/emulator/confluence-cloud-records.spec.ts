import assert from 'node:assert/strict';
import {confluenceCloudLog, systemAuthor} from '../../lib/emulator/apis/confluence-cloud-records.ts';
import {newSetting} from './new-setting.ts';

describe('emulator/confluence-cloud-records', () => {
	const texts = Array.from(confluenceCloudLog(newSetting({events: 600})).records(), ({text}) => text);

	it('have what real ones have', () => {
		for (const part of [
			'"accountType":""',
			'"affectedObject":{"name":"","objectType":""}',
			'"operations":{}',
			'"operations":null',
			'"objectType":"Group"}',
			':4375f4c3-',
			'"hiddenOldValue":""',
			'"externalCollaborator":true,"isExternalCollaborator":true',
			'"remoteAddress":""',
		]) {
			assert.ok(
				texts.some(text => text.includes(part)),
				part,
			);
		}
	});

	it('know a system author by its lack of ids', () => {
		assert.ok(!('accountId' in systemAuthor()));
		assert.ok(texts.some(text => text.includes(`"author":${JSON.stringify(systemAuthor())}`)));
	});
});
