import assert from 'node:assert/strict';
import type {ApiName} from '../../lib/emulator/index.ts';
import {callJson, withEmulator} from './ask.ts';

const names: readonly ApiName[] = [
	'atlassian-org-events',
	'atlassian-org-events-stream',
	'atlassian-org-users',
	'bitbucket-data-center',
	'confluence-cloud',
	'confluence-data-center',
	'crowd-data-center',
	'jira-cloud',
	'jira-data-center',
];

describe('emulator/apis', () => {
	it('hold as many records as they are told to, the same for the same seed', async () => {
		const contents = async (seed: number) => {
			const texts = new Map<ApiName, string[]>();
			await withEmulator({events: 30, eventsOf: {'jira-cloud': 4}, seed}, async emulator => {
				for (const name of names)
					texts.set(
						name,
						Array.from(emulator.api(name).records(), ({text}) => text),
					);
			});
			return texts;
		};
		const [one, same, other] = [await contents(3), await contents(3), await contents(4)];
		assert.deepEqual(one, same);
		for (const name of names) {
			assert.equal(one.get(name)?.length, name === 'jira-cloud' ? 4 : 30, name);
			assert.notDeepEqual(one.get(name), other.get(name), name);
		}
	});

	it('can be changed, each by itself', () =>
		withEmulator({events: 10}, async emulator => {
			for (const name of names.filter(other => !other.endsWith('events'))) {
				const api = emulator.api(name);
				api.insert([{timeMs: 0}, {timeMs: 1}]);
				assert.equal(api.remove(({timeMs}) => timeMs === 0).length, 1, name);
				assert.equal(Array.from(api.records()).length, 11, name);
			}
		}));

	it('show a new name everywhere', () =>
		withEmulator({events: 600}, async emulator => {
			emulator.renameActor('Emma Richards', 'Emma Poor');
			for (const name of names) {
				const texts = Array.from(emulator.api(name).records(), ({text}) => text).join('\n');
				assert.ok(texts.includes('Emma Poor') && !texts.includes('Emma Richards'), name);
			}
		}));

	it('can change before a request is answered', () => {
		const changes: (() => void)[] = [];
		return withEmulator({events: 5, onRequest: ({number}) => number === 2 && changes[0]?.()}, async emulator => {
			changes.push(() => emulator.api('jira-cloud').remove(() => true));
			const size = async () =>
				(await callJson<{records: object[]}>(emulator, '/rest/api/3/auditing/record')).records.length;
			assert.deepEqual([await size(), await size()], [5, 0]);
		});
	});
});
