import assert from 'node:assert/strict';
import {auditCsv} from '../../lib/emulator/apis/data-center-csv.ts';
import {dataCenterLog} from '../../lib/emulator/apis/data-center-records.ts';
import {newSetting} from './new-setting.ts';

describe('emulator/data-center-csv', () => {
	it('writes a line for each row', () => {
		const log = dataCenterLog(newSetting({events: 1}), 'jira-data-center', 'jira');
		log.remove(() => true);
		const type = {category: 'c', action: 'say "a"'};
		log.insert([{timeMs: 0, text: JSON.stringify({timestamp: '1970-01-01T00:00:00Z', author: {name: 'n'}, type})}]);
		const {body, headers} = auditCsv(log, log.rows(), Date.UTC(2026, 0, 2, 3, 4, 5));
		assert.equal(body.toString(), 'Timestamp,Author,Category,Action\r\n"1970-01-01T00:00:00Z","n","c","say ""a"""\r\n');
		assert.equal(headers['content-disposition'], 'attachment; filename="Auditing Export 2026-01-02T03_04_05Z.csv"');
	});
});
