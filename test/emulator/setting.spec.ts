import assert from 'node:assert/strict';
import {newSetting} from './new-setting.ts';

const particulars = {
	recordOf: () => ({author: 'a'}),
	factsOf: () => undefined,
	timeJson: (timeMs: number) => Buffer.from(String(timeMs)),
};

describe('emulator/setting', () => {
	it('counts records for all APIs, or for one of them', () => {
		const setting = newSetting({events: 7, eventsOf: {'jira-cloud': 3}});
		assert.deepEqual([setting.countOf('jira-cloud'), setting.countOf('confluence-cloud')], [3, 7]);
		assert.equal(newSetting().countOf('jira-cloud'), 1000);
	});

	it('gives each API times of its own, all up to the newest', () => {
		const setting = newSetting({newestMs: 1e12});
		const times = (['jira-cloud', 'confluence-cloud'] as const).map(name =>
			Array.from(setting.logOf(name, () => particulars).records(), ({timeMs}) => timeMs),
		);
		assert.deepEqual([times[0]?.[0], times[1]?.[0]], [1e12, 1e12]);
		assert.notDeepEqual(times[0], times[1]);
	});

	it('makes records anew for a new name', () => {
		const setting = newSetting({events: 1});
		const log = setting.logOf('jira-cloud', () => ({
			...particulars,
			recordOf: () => ({author: setting.nameOf('old')}),
		}));
		assert.match(Array.from(log.records())[0]!.text, /old/);
		setting.rename('old', 'new');
		assert.match(Array.from(log.records())[0]!.text, /new/);
	});

	it('puts the origin of links where it is told to', () => {
		assert.equal(newSetting().linkBase(), 'http://127.0.0.1:1');
		assert.equal(newSetting({switches: {linkOrigin: 'https://x.test'}}).linkBase(), 'https://x.test');
	});
});
