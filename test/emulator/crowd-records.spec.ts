import assert from 'node:assert/strict';
import {changeset, crowdLog, crowdObject} from '../../lib/emulator/apis/crowd-records.ts';
import {createZoneTime} from '../../lib/emulator/data/zone-time.ts';
import {newSetting} from './new-setting.ts';

interface Changeset {
	readonly id: number;
	readonly timestamp: string;
	readonly entities: readonly {readonly type: string; readonly primary: boolean}[];
}

const hourThatCameTwiceMs = Date.UTC(2025, 9, 26, 1);

describe('emulator/crowd-records', () => {
	const log = crowdLog(
		newSetting({events: 600, newestMs: hourThatCameTwiceMs + 5 * 3_600_000}),
		createZoneTime('Europe/Helsinki'),
	);
	const records = Array.from(log.records());
	const changesets = records.map(({text}) => JSON.parse(text) as Changeset);

	it('have every member of the document, null where there is no value', () => {
		for (const one of changesets) assert.deepEqual(Object.keys(one), Object.keys(changeset({})));
		for (const part of ['"source":null', '"ipAddress":null', '"authorType":null', '"oldValue":null', '"id":null']) {
			assert.ok(
				records.some(({text}) => text.includes(part)),
				part,
			);
		}
		assert.ok(changesets.every(({entities}) => entities.filter(({primary}) => primary).length === 1));
	});

	it('lie on both sides of the hour that came twice', () => {
		const stamps = changesets.map(({timestamp}) => timestamp);
		const repeated = stamps.filter(stamp => stamp.startsWith('2025-10-26T03:'));
		for (const offset of ['+0200', '+0300']) assert.ok(repeated.filter(stamp => stamp.endsWith(offset)).length > 20);
		assert.equal(stamps[0], '2025-10-26T08:00:00.000+0200');
		assert.ok(records.every(({timeMs}, index) => index === 0 || records[index - 1]!.timeMs >= timeMs));
	});

	it('say what restrictions ask for', () => {
		const row = log.add(0, changeset({eventType: 'OTHER', author: crowdObject('SYSTEM', null, 'x')}));
		const {facts} = row.shape();
		assert.deepEqual([facts.eventType, facts.source, facts.author.name, facts.entities], ['OTHER', null, 'x', []]);
	});
});
