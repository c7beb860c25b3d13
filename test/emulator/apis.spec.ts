import assert from 'node:assert/strict';
import type {ApiName} from '../../lib/emulator/index.ts';
import {people} from '../../lib/emulator/data/catalogue.ts';
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

const olds = people.filter(({type}) => type === 'atlassian').map(({name}) => name);
const news = olds.map((_, index) => `New <${index}>`);

function withOldNames(text: string): string {
	return text.replace(/New <(\d+)>/g, (_, index: string) => JSON.stringify(olds[Number(index)]).slice(1, -1));
}

/** Those that never show a person without an id. */
const idsBeside: readonly ApiName[] = ['atlassian-org-users', 'jira-cloud'];

/** All texts of a record, and whether an id stands beside each; attributes belong to the object that has them. */
function namesIn(object: object, inherited = false): {text: string; hasId: boolean}[] {
	const {id, account_id, accountId} = object as Readonly<Record<string, unknown>>;
	const hasId = inherited || (id ?? account_id ?? accountId ?? undefined) !== undefined;
	return Object.entries(object).flatMap(([key, member]: [string, unknown]) => {
		if (typeof member === 'string') return [{text: member, hasId}];
		return namesIn(Object(member) as object, hasId && key === 'attributes');
	});
}

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

	it('show a new name where an id stands beside it, and nowhere else', () =>
		withEmulator({events: 600}, async emulator => {
			const textsOf = (name: ApiName) => Array.from(emulator.api(name).records(), ({text}) => text);
			const before = new Map(names.map(name => [name, textsOf(name)]));
			for (const [index, name] of olds.entries()) emulator.renameActor(name, news[index]!);
			for (const name of names) {
				const texts = textsOf(name);
				assert.deepEqual(texts.map(withOldNames), before.get(name), 'nothing else has changed');
				const shown = texts.flatMap(text => namesIn(JSON.parse(text) as object));
				const count = (those: readonly string[], id: boolean) =>
					shown.filter(({text, hasId}) => hasId === id && those.includes(text)).length;
				assert.equal(count(olds, true) + count(news, false), 0, name);
				assert.ok(count(news, true) > 0, name);
				assert.equal(count(olds, false) > 0, !idsBeside.includes(name), name);
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
