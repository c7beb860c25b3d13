import assert from 'node:assert/strict';
import fc from 'fast-check';
import {contentId} from '../../lib/source/content-id.ts';
import {normalize as toEvents} from '../../lib/operators/normalize.ts';
import {type DataCenterEvent, identityOf} from '../../sources/_data-center-event.ts';
import jira from '../../sources/jira-data-center.ts';
import {collect, held, jiraPages, withEmulator} from '../support/data-center.ts';

const event = {
	timestamp: '2026-01-01T00:00:00.123Z',
	author: {id: '10000', name: 'Ann', type: 'ApplicationUser', uri: 'https://jira/ann'},
	type: {
		categoryI18nKey: 'jira.auditing.category.projects',
		category: 'projects',
		actionI18nKey: 'jira.auditing.project.created',
		action: 'Project created',
	},
	affectedObjects: [
		{id: '7', name: 'Atlas', type: 'PROJECT', uri: 'https://jira/7'},
		{name: 'Anonymous', type: 'USER'},
	],
	changedValues: [
		{key: 'Lead', i18nKey: 'admin.lead', from: 'Bob', to: 'Ann'},
		{key: 'Name', i18nKey: 'admin.name', to: 'Atlas'},
	],
	source: '203.0.113.5, 192.168.22.33',
	system: 'https://jira.example.com',
	node: 'node-1',
	method: 'Browser',
	extraAttributes: [{name: 'Query', nameI18nKey: 'audit.query', value: 'x'}],
} satisfies DataCenterEvent;

const idOf = (one: object) => contentId(identityOf(one as DataCenterEvent));
const {normalize: normalized} = jira.records;

describe('Data Center events', () => {
	describe('identity', () => {
		it('is that of the same event in other words', () => {
			const other = {
				...event,
				author: {type: 'ApplicationUser', id: '10000', name: 'Ann Smith', uri: 'https://new/ann'},
				type: {...event.type, category: 'Projekte', action: 'Projekt erstellt'},
				affectedObjects: [
					{...event.affectedObjects[0]!, name: 'Atlas 2', uri: 'https://new/7'},
					{...event.affectedObjects[1]!, id: null, uri: ''},
				],
				changedValues: event.changedValues.map(change => ({...change, key: 'Übersetzt', from: change.from ?? null})),
				extraAttributes: [{...event.extraAttributes[0]!, name: 'Abfrage'}],
				system: 'https://new.example.com',
				method: 'Browser (de)',
			};
			assert.equal(idOf(other), idOf(event));
		});

		it('does not depend on the order of members', () => {
			const reversed = (value: unknown): unknown =>
				Array.isArray(value)
					? value.map(reversed)
					: typeof value === 'object' && value !== null
						? Object.fromEntries(
								Object.entries(value)
									.reverse()
									.map(([key, member]) => [key, reversed(member)]),
							)
						: value;
			assert.equal(idOf(reversed(event) as object), idOf(event));
		});

		it('differs where an id, a key or a value does', () => {
			const [project, anonymous] = event.affectedObjects;
			const [lead, name] = event.changedValues;
			const others: object[] = [
				event,
				{...event, timestamp: '2026-01-01T00:00:00.124Z'},
				{...event, author: {...event.author, id: '10001'}},
				{...event, author: {...event.author, id: undefined}},
				{...event, author: {...event.author, id: undefined, name: '10000'}},
				{...event, author: {...event.author, type: 'system'}},
				{...event, author: null},
				{...event, type: {...event.type, actionI18nKey: 'other'}},
				{...event, type: {...event.type, categoryI18nKey: 'other'}},
				{...event, type: {...event.type, actionI18nKey: undefined}},
				{...event, affectedObjects: [anonymous, project]},
				{...event, affectedObjects: [project]},
				{...event, affectedObjects: [{...project, id: '8'}, anonymous]},
				{...event, affectedObjects: [project, {...anonymous, name: 'Bob'}]},
				{...event, changedValues: [lead]},
				{...event, changedValues: [{...lead, from: 'Eve'}, name]},
				{...event, changedValues: [{...lead, to: undefined}, name]},
				{...event, changedValues: [{...lead, i18nKey: 'other'}, name]},
				{...event, extraAttributes: []},
				{...event, extraAttributes: [{...event.extraAttributes[0], value: 'y'}]},
				{...event, source: '203.0.113.6'},
			];
			assert.equal(new Set(others.map(idOf)).size, others.length);
		});

		it('is the same whichever node tells of it, and however it spells the time', () => {
			const {timestamp} = event;
			assert.equal(idOf({...event, node: 'node-2', timestamp: timestamp.replace('Z', '+00:00')}), idOf(event));
		});

		it('is there whatever the members are', () => {
			const member = fc.oneof(fc.constantFrom(null, undefined, '', 'x', 1), fc.constant([]), fc.constant({}));
			fc.assert(
				fc.property(
					fc.record({author: member, type: member, affectedObjects: member, changedValues: member, source: member}),
					members => /^[0-9a-f]{32}$/.test(idOf({...event, ...members})),
				),
				{numRuns: 200},
			);
		});
	});

	describe('normalize', () => {
		it('maps each member', () => {
			assert.deepEqual(normalized(event), {
				outcome: 'success',
				action: 'jira.auditing.project.created',
				category: 'jira.auditing.category.projects',
				message: 'Project created',
				actor: {id: '10000', name: 'Ann', type: 'user'},
				origin: {ip: '203.0.113.5', ips: ['203.0.113.5', '192.168.22.33']},
				service: {address: 'https://jira.example.com', node: 'node-1'},
				targets: [
					{type: 'project', id: '7', name: 'Atlas'},
					{type: 'anonymous', name: 'Anonymous'},
					{type: 'query', name: 'x'},
				],
				method: 'Browser',
				changes: [
					{field: 'Lead', from: 'Bob', to: 'Ann'},
					{field: 'Name', to: 'Atlas'},
				],
				attributes: [{name: 'Query', key: 'audit.query', value: 'x'}],
			});
		});

		it('takes a text where there is no key', () => {
			assert.deepEqual(normalized({type: {category: 'boards', action: 'Board created'}}), {
				outcome: 'success',
				action: 'Board created',
				category: 'boards',
				message: 'Board created',
			});
			assert.deepEqual(normalized({changedValues: [{i18nKey: 'k', to: 'x'}]}).changes, [{field: 'k', to: 'x'}]);
		});

		it('leaves out what is missing, null or empty', () => {
			for (const none of [undefined, null, '']) {
				for (const nothing of [none, {}, [], [{}], [{id: none, name: none, type: none, key: none, from: none}]]) {
					const given = {author: none, type: none, affectedObjects: nothing, changedValues: nothing, source: none};
					assert.deepEqual(normalized(given), {outcome: 'success'});
				}
				assert.deepEqual(normalized({author: {id: none, name: 'Ann', type: none}, source: ' , '}), {
					outcome: 'success',
					actor: {name: 'Ann'},
				});
			}
		});

		it('knows who is a person, in each product, and who is nobody', () => {
			const cases: [author: object, type: string | undefined][] = [
				[{id: '10000', type: 'ApplicationUser'}, 'user'],
				[{id: '8a7f', type: 'user'}, 'user'],
				[{id: '7', type: 'NORMAL'}, 'user'],
				[{id: '7', type: 'SERVICE'}, 'SERVICE'],
				[{id: '-1', type: 'user'}, 'system'],
				[{id: '-2', type: 'user'}, 'anonymous'],
				[{name: 'Ann', type: 'ApplicationUser'}, 'user'],
				[{id: '__proto__'}, undefined],
				[{id: 'constructor', type: 'user'}, 'user'],
				[{type: 'user'}, undefined],
				[{id: '7'}, undefined],
			];
			for (const [author, type] of cases) assert.equal(normalized({author}).actor?.type, type);
		});

		it('has the login of a page about somebody, and the name for people beside it', () => {
			for (const [uri, login] of [
				['https://jira.example.com/secure/ViewProfile.jspa?name=ann', 'ann'],
				['https://wiki.example.com/admin/users/viewuser.action?username=ann%40example.com', 'ann@example.com'],
				['https://git.example.com/users/ann', 'ann'],
				['/display/~ann+b', 'ann b'],
			] as const) {
				const ann = {name: login, fullName: 'Ann Example'};
				const given = {id: '10', name: 'Ann Example', type: 'user', uri};
				assert.deepEqual(normalized({author: given}).actor, {id: '10', ...ann, type: 'user'});
				assert.deepEqual(normalized({affectedObjects: [given]}).targets, [{type: 'user', id: '10', ...ann}]);
			}
			for (const uri of ['https://jira.example.com/browse/ATLAS', '/users/', '/users/%', undefined]) {
				assert.deepEqual(normalized({author: {name: 'ann', uri}}).actor, {name: 'ann'});
			}
		});

		it('knows whose login failed, where no object says it, and nobody by the name of nobody', () => {
			const failure = 'bitbucket.service.user.audit.action.authenticationfailure';
			const failed = (extraAttributes: object[], actionI18nKey = failure) =>
				normalized({type: {actionI18nKey}, author: {id: '-2', name: 'Anonymous'}, extraAttributes});
			const key = 'bitbucket.attribute.username';
			const {outcome, actor, targets} = failed([{name: 'Username', nameI18nKey: key, value: 'eve'}]);
			assert.deepEqual([outcome, actor?.type, targets], ['failure', 'anonymous', [{type: 'user', name: 'eve'}]]);
			assert.equal(failed([{name: 'Username', value: 'eve'}], 'some.other').targets, undefined);
			const nobody = [
				{id: '-2', type: 'user'},
				{name: 'Anonymous', type: 'user'},
			];
			const types = normalized({affectedObjects: nobody}).targets?.map(({type}) => type);
			assert.deepEqual(types, ['anonymous', 'anonymous']);
		});

		it('has the holders of a permission or a role among the targets', () => {
			const holders = (...changedValues: object[]) => normalized({changedValues}).targets;
			assert.deepEqual(holders({key: 'Permission', to: 'Administer'}, {key: 'Group', to: 'jira-users'}), [
				{type: 'group', name: 'jira-users'},
			]);
			assert.deepEqual(holders({i18nKey: 'User', from: 'bob'}), [{type: 'user', name: 'bob'}]);
			assert.deepEqual(holders({key: 'Users', from: 'admin', to: 'admin, fred'}), [{type: 'user', name: 'fred'}]);
			assert.deepEqual(holders({key: 'Users', from: 'admin, fred', to: 'admin'}), [{type: 'user', name: 'fred'}]);
			assert.equal(holders({key: 'Username', to: 'bob'}), undefined);
		});

		it('has what a proxy tells of the client', () => {
			const extraAttributes = [{name: 'x', nameI18nKey: 'audit.x-forwarded-for', value: '198.51.100.7'}];
			assert.deepEqual(normalized({source: '10.0.0.1', extraAttributes}).origin?.ips, ['10.0.0.1', '198.51.100.7']);
			assert.deepEqual(normalized({extraAttributes}).origin, {ip: '198.51.100.7', ips: ['198.51.100.7']});
		});

		it('takes each address of a list', () => {
			for (const [source, ips] of [
				['127.0.0.1,192.168.22.33', ['127.0.0.1', '192.168.22.33']],
				[' 2001:db8::1 ', ['2001:db8::1']],
				[',, 10.0.0.1,', ['10.0.0.1']],
				['unknown, proxy-1', ['unknown', 'proxy-1']],
			] as const) {
				assert.deepEqual(normalized({source}).origin, {ip: ips[0], ips: [...ips]});
			}
			for (const source of ['', ' ', ',', ' , ,', null]) assert.equal(normalized({source}).origin, undefined);
		});

		it('has the token that a record is about among the targets: it was made, not used', () => {
			const {credential, targets} = normalized({
				type: {actionI18nKey: 'personal.access.tokens.audit.log.summary.token.created'},
				affectedObjects: [{type: 'USER', id: '1'}],
				extraAttributes: [{name: 'Token Name', value: 'ci'}],
			});
			assert.equal(credential, undefined);
			assert.deepEqual(targets, [
				{type: 'user', id: '1'},
				{type: 'token', name: 'ci'},
			]);
		});

		it('names the token that was used, by the key or, without one, the English name of the attribute', () => {
			const other = {name: 'Query', nameI18nKey: 'audit.query', value: 'x'};
			for (const [attribute, credential] of [
				[{name: 'Token Name', value: 'ci'}, {name: 'ci'}],
				[{name: 'Token-Name', nameI18nKey: 'audit.attribute.token.name', value: 'ci'}, {name: 'ci'}],
				[{name: 'Jeton', nameI18nKey: 'audit.attribute.tokenName', value: 'ci'}, {name: 'ci'}],
				[{name: 'Token Name', nameI18nKey: 'audit.attribute.other', value: 'ci'}, undefined],
				[{name: 'Token Name', value: ''}, undefined],
				[{name: 'Token Name', value: null}, undefined],
				[{name: 'Broken Name', value: 'x'}, undefined],
			] as const) {
				assert.deepEqual(normalized({extraAttributes: [other, attribute]}).credential, credential);
			}
		});

		it('names the server and its node, as far as it is told', () => {
			for (const none of [undefined, null, '']) {
				assert.deepEqual(normalized({system: none, node: 'n1'}).service, {node: 'n1'});
				assert.deepEqual(normalized({system: 'https://j', node: none}).service, {address: 'https://j'});
				assert.deepEqual(normalized({system: none, node: none}).service, undefined);
			}
		});

		it('gives one word for what the products write in several', () => {
			const types = ['User', 'USER', 'ApplicationUser', 'PROJECT_ROLE', 'Group', 'Space', '  ', 'Éa Bé', '__proto__'];
			assert.deepEqual(
				normalized({affectedObjects: types.map(type => ({type}))}).targets?.map(({type}) => type),
				['user', 'user', 'user', 'project-role', 'group', 'space', '  ', 'éa-bé', '-proto-'],
			);
		});

		it('gives a common record of every event, in which nothing is empty', async () => {
			const assertFull = (value: unknown, path: string): void => {
				assert.ok(value !== '' && value !== null && value !== undefined, path);
				if (typeof value !== 'object') return;
				assert.ok(Object.keys(value!).length > 0, `${path} is empty`);
				for (const [key, member] of Object.entries(value!)) assertFull(member, `${path}.${key}`);
			};
			await withEmulator({}, async emulator => {
				const [page] = await collect(jiraPages(emulator, {pageSize: 300}).pipe(toEvents()));
				assert.deepEqual(page!.rejected, []);
				const oracle = held(emulator);
				for (const [index, one] of page!.events.entries()) {
					assertFull(one, `event ${index}`);
					assert.equal(one.raw, oracle[index]);
					assert.equal(one.time, new Date((JSON.parse(one.raw!) as DataCenterEvent).timestamp).toISOString());
				}
			});
		});
	});
});
