import assert from 'node:assert/strict';
import {startEmulator} from '../../lib/emulator/index.ts';
import {jsonAnswer} from '../../lib/emulator/server/answer.ts';
import {people} from '../../lib/emulator/data/people.ts';
import {apiSources} from '../support/api-sources.ts';
import {callJson, textsOf, withEmulator} from './ask.ts';

const names = apiSources.map(({name}) => name);

const olds = people.filter(({type}) => type === 'atlassian').map(({name}) => name);
const news = olds.map((_, index) => `New <${index}>`);

function withOldNames(text: string): string {
	return text.replace(/New <(\d+)>/g, (_, index: string) => JSON.stringify(olds[Number(index)]).slice(1, -1));
}

/** Those that never show a person without an id. */
const idsBeside: readonly string[] = ['atlassian-org-users', 'jira-cloud'];

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
			const texts = new Map<string, string[]>();
			await withEmulator({events: 30, eventsOf: {'jira-cloud': 4}, seed}, async emulator => {
				for (const name of names) texts.set(name, textsOf(emulator, name));
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
			const before = new Map(names.map(name => [name, textsOf(emulator, name)]));
			for (const [index, name] of olds.entries()) emulator.renameActor(name, news[index]!);
			for (const name of names) {
				const texts = textsOf(emulator, name);
				assert.deepEqual(texts.map(withOldNames), before.get(name), 'nothing else has changed');
				const shown = texts.flatMap(text => namesIn(JSON.parse(text) as object));
				const count = (those: readonly string[], id: boolean) =>
					shown.filter(({text, hasId}) => hasId === id && those.includes(text)).length;
				assert.equal(count(olds, true) + count(news, false), 0, name);
				assert.ok(count(news, true) > 0, name);
				if (Object.hasOwn(parts, name)) assert.equal(count(olds, false) > 0, !idsBeside.includes(name), name);
			}
		}));

	/** What records have, and what none of them has. */
	const parts: Readonly<Record<string, readonly [some: readonly string[], none?: readonly string[]]>> = {
		'atlassian-org-events': [
			[
				'"email":"Atlassian app"',
				'"context":[]',
				'\\ud800"',
				'\\u',
				'🦊',
				'\\"',
				'\\\\',
				'\\/',
				'"format":"text/plain"',
				'"onBehalfOf"',
			],
			['__proto__', '"processedAt"'],
		],
		'atlassian-org-events-stream': [['"processedAt":"2026-']],
		'atlassian-org-users': [['"product_access":[]', '"email":', '"account_status":"closed"']],
		'confluence-cloud': [
			[
				'"accountType":""',
				'"affectedObject":{"name":"","objectType":""}',
				'"operations":{}',
				'"objectType":"Group"}',
				':4375f4c3-',
				'"hiddenOldValue":""',
				'"externalCollaborator":true,"isExternalCollaborator":true',
				'"remoteAddress":""',
				'"author":{"type":"user","displayName":"System","operations":null,"isExternalCollaborator":false}',
			],
			['"id":'],
		],
		'jira-cloud': [['"authorKey":', '"associatedItems":[{', '+0000"'], [':null']],
		'crowd-data-center': [
			['"source":null', '"ipAddress":null', '"authorType":null', '"oldValue":null', '"id":null', '"primary":true'],
		],
		'jira-data-center': [
			[
				'"name":"Anonymous","type":"user","id":"-2"',
				'"source":"127.0.0.1,192.168.22.33"',
				'Load balancer/proxy IP address',
				'"actionI18nKey":"Board created"',
				'"id":"JIRAUSER100',
				'/secure/ViewProfile.jspa?name=user3"',
				'"name":"Token name","nameI18nKey":"auditing.extra.token.name","value":"nightly export"',
				'"action":"User login failed"},"affectedObjects":[],',
			],
			[':null'],
		],
		'confluence-data-center': [
			['"id":"8a7f80858', '"type":"user"', '"i18nKey":"auditing.changed.type","to":"VIEWSPACE"', '/display/~user3"'],
			[':null'],
		],
		'bitbucket-data-center': [['"node":"node-', '"from":"old name","to":"new name"', '/users/user3"'], [':null']],
	};
	it('have records like real ones', () =>
		withEmulator({events: 2000}, async emulator => {
			for (const [name, [some, none = []]] of Object.entries(parts)) {
				const texts = textsOf(emulator, name);
				for (const part of some)
					assert.ok(
						texts.some(text => text.includes(part)),
						`${name}: ${part}`,
					);
				for (const part of none) assert.ok(!texts.some(text => text.includes(part)), `${name}: ${part}`);
			}
		}));

	it('end two minutes ago, unless a time is given', async () => {
		const emulator = await startEmulator({events: 2, now: () => 1e12});
		await emulator.close();
		for (const name of names.filter(other => !/users|stream/.test(other))) {
			const [newest] = emulator.api(name).records();
			assert.equal(newest?.timeMs, 1e12 - 120_000, name);
		}
		const processed = Array.from(
			emulator.api('atlassian-org-events-stream').records(),
			({processedMs}) => processedMs!,
		);
		assert.ok(
			processed.every(timeMs => timeMs <= 1e12 - 120_000),
			'nothing is processed later',
		);
	});

	it('may come from outside, beside those of the package', async () => {
		const held = {records: () => [], insert: () => [], remove: () => []};
		const answer = () => jsonAnswer(200, {hello: 'world'});
		const create = () => ({
			routes: [{method: 'GET' as const, path: /^\/mine$/, answer}],
			auth: ['basic' as const],
			errorOf: () => jsonAnswer(400, {}),
			held,
		});
		await withEmulator({apis: {mine: {create}}}, async emulator => {
			assert.deepEqual(await callJson(emulator, '/mine'), {hello: 'world'});
			assert.throws(() => emulator.api('yours'), {name: 'ConfigError', message: /no API "yours", but mine, /});
		});
	});

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
