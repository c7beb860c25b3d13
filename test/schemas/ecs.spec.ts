import assert from 'node:assert/strict';
import {EcsVersion} from '@elastic/ecs';
import fc from 'fast-check';
import type {AuditEvent} from '../../lib/model/event.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {auditEventArbitrary, eventFacts} from '../support/audit-events.ts';
import {ecsPaths, ecsProblems} from '../support/ecs-validator.ts';

const facts = {product: {vendor: 'Some Vendor', name: 'Some Product'}};

function ecsOf(members: Partial<AuditEvent>) {
	return toEcs({id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: 'acme', ...members}, facts);
}

function textsIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

describe('toEcs', () => {
	it('keeps to the definitions of ECS, whatever the event says', () => {
		fc.assert(
			fc.property(auditEventArbitrary, event => {
				const ecs = toEcs(event, eventFacts);
				assert.deepEqual(ecsProblems(ecs), []);
				assert.deepEqual(JSON.parse(JSON.stringify(ecs)), ecs);
			}),
			{numRuns: 3000},
		);
	});

	it('names the release that it is judged by', () => {
		assert.equal(ecsOf({}).ecs.version, EcsVersion);
	});

	it('loses nothing, even without the raw text, and changes nothing', () => {
		fc.assert(
			fc.property(auditEventArbitrary, ({raw: _, ...event}) => {
				const before = structuredClone(event);
				const kept = new Set(textsIn(toEcs(event, eventFacts)));
				assert.deepEqual(event, before);
				// a user is what ECS's user is; a tenant may have no name
				const implied = ['', ...(event.actor?.type === 'user' ? ['user'] : [])];
				assert.deepEqual(
					textsIn(event).filter(text => !kept.has(text) && !implied.includes(text)),
					[],
				);
			}),
			{numRuns: 1000},
		);
	});

	it('gives the same bytes for the same event, the time first and the raw text last', () => {
		fc.assert(
			fc.property(auditEventArbitrary, event => {
				const text = JSON.stringify(toEcs(event, eventFacts));
				assert.equal(JSON.stringify(toEcs(structuredClone(event), eventFacts)), text);
				assert.ok(text.startsWith(`{"@timestamp":${JSON.stringify(event.time)},"ecs":`));
				if (event.raw) assert.ok(text.endsWith(`"original":${JSON.stringify(event.raw)}}}`));
			}),
			{numRuns: 300},
		);
	});

	it('makes an event of hardly anything', () => {
		assert.deepEqual(
			toEcs({id: '1', time: '2026-01-31T23:59:59.987Z', source: 's', tenant: ''}, {product: {name: 'P'}}),
			{
				'@timestamp': '2026-01-31T23:59:59.987Z',
				ecs: {version: '9.4.0'},
				observer: {product: 'P'},
				event: {
					kind: 'event',
					category: ['configuration'],
					type: ['info'],
					outcome: 'unknown',
					id: '1',
					module: 'rxaudit',
					dataset: 's',
				},
			},
		);
	});

	it("has who joined which group where ECS's own example has it", () => {
		const {user, group, related, event} = ecsOf({
			activity: 'group-user-added',
			action: 'User added to group',
			outcome: 'success',
			actor: {id: '1', name: 'admin'},
			targets: [
				{type: 'group', id: 'g', name: 'test-group'},
				{type: 'user', id: '2', name: 'test-user'},
			],
		});
		assert.deepEqual(user, {
			id: '1',
			name: 'admin',
			target: {id: '2', name: 'test-user', group: {id: 'g', name: 'test-group'}},
		});
		assert.deepEqual(group, {id: 'g', name: 'test-group'});
		assert.deepEqual(related, {user: ['1', 'admin', '2', 'test-user']});
		assert.deepEqual([event.category, event.type], [['iam'], ['user', 'change']]);
	});

	it('has only IP addresses where Elasticsearch takes nothing else', () => {
		const addressed = (...ips: string[]) => {
			const {source, network, related, atlassian} = ecsOf({origin: {ip: ips[0]!, ips}});
			return {source, proxy: network?.forwarded_ip, ips: related?.ip, others: atlassian?.addresses};
		};
		assert.deepEqual(addressed('10.0.0.1', '::1', '10.0.0.1', 'unknown', '10.0.0.3'), {
			source: {address: '10.0.0.1', ip: '10.0.0.1'},
			proxy: '10.0.0.1',
			ips: ['10.0.0.1', '::1', '10.0.0.3'],
			others: ['unknown'],
		});
		for (const odd of ['fe80::1%eth0', '010.0.0.1', '10.0.0.1:443', '[::1]', 'host.example', '10.0.0.1\0']) {
			const nothing = {proxy: undefined, ips: undefined, others: undefined};
			assert.deepEqual(addressed(odd), {source: {address: odd}, ...nothing});
			assert.deepEqual(addressed(odd, '10.0.0.2'), {
				...nothing,
				source: {address: odd},
				ips: ['10.0.0.2'],
			});
		}
		const {source, related, network} = ecsOf({origin: {ips: ['10.0.0.1'], geo: {country: 'Chile'}}});
		assert.deepEqual([source, related, network], [{geo: {country_name: 'Chile'}}, {ip: ['10.0.0.1']}, undefined]);
	});

	it('has apps and systems in its own object, not among users', () => {
		const app = {type: 'app', id: '7', name: 'Backup', fullName: 'Backup'};
		const {user, related, atlassian} = ecsOf({actor: app});
		assert.deepEqual([user, related], [undefined, undefined]);
		assert.deepEqual(atlassian?.actor, {type: 'app', id: '7', full_name: 'Backup'});
		assert.deepEqual(ecsOf({actor: {type: 'customer', id: '7'}}).atlassian?.actor, {type: 'customer'});
		assert.equal(ecsOf({actor: {type: 'user', id: '7'}}).atlassian?.actor, undefined);
	});

	it('says who logs in: the actor, else the user that it names, who is no target', () => {
		const targets = [{type: 'user', id: '8', name: 'bob'}] as const;
		for (const actor of [undefined, {type: 'app', id: '7'}, {type: 'user'}]) {
			const {user} = ecsOf({activity: 'user-login', targets, ...(actor && {actor})});
			assert.deepEqual(user, {id: '8', name: 'bob'});
		}
		assert.deepEqual(ecsOf({activity: 'user-login', targets, actor: {id: '7'}}).user, {id: '7'});
	});

	it('knows no activity but those of the list', () => {
		const strange = {activity: '__proto__' as 'other'};
		assert.deepEqual(ecsOf(strange).event.category, ['configuration']);
	});

	it('says whose log it is', () => {
		const inside = (...containers: [object, ...object[]]) => ecsOf({containers}).organization;
		assert.equal(ecsOf({}).organization, undefined, 'the tenant may be a site or a server');
		assert.equal(inside({type: 'site', id: 's', name: 'Site'}), undefined);
		assert.equal(ecsOf({}).atlassian?.tenant, 'acme');
		assert.deepEqual(inside({type: 'site', id: 's'}, {type: 'organization', id: 'o', name: 'Acme'}), {
			id: 'o',
			name: 'Acme',
		});
		assert.deepEqual(inside({type: 'organization', name: 'Acme'}), {name: 'Acme'});
	});

	it('takes a huge record in no more than a moment', () => {
		const many = Array.from({length: 100_000}, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
		const {related} = ecsOf({origin: {ip: many[0]!, ips: many}, targets: many.map(id => ({type: 'user', id}))});
		assert.deepEqual([related?.ip?.length, related?.user?.length], [many.length, many.length]);
	}).timeout(10_000);
});

describe('the judge of ECS events', () => {
	const sound = ecsOf({activity: 'user-login', origin: {ip: '10.0.0.1'}, raw: '{}'});

	it('finds nothing wrong with a sound one', () => {
		assert.deepEqual(ecsProblems(sound), []);
		assert.equal(ecsPaths(sound).get('source.ip'), '10.0.0.1');
	});

	for (const [what, members] of Object.entries<Record<string, unknown>>({
		'a member that ECS does not have': {user: {nick: 'x'}},
		'an own object that is not the one': {jira: {x: 'y'}},
		'an object where a value belongs': {user: {name: {first: 'x'}}},
		'a value where an object belongs': {user: 'x'},
		'a dotted name': {'user.name': 'x'},
		'a list where one value belongs': {message: ['x']},
		'one value where a list belongs': {related: {user: 'x'}},
		'an empty list': {related: {user: []}},
		'the same twice': {related: {user: ['x', 'x']}},
		'an empty text': {message: ''},
		null: {message: null},
		'a number where a text belongs': {user: {id: 1}},
		'a time that is none': {'@timestamp': 'yesterday'},
		'no time': {'@timestamp': undefined},
		'no version': {ecs: {}},
		'an address with a zone': {source: {ip: 'fe80::1%eth0'}},
		'an address with a leading zero': {source: {ip: '010.0.0.1'}},
		'a word that is not allowed': {event: {...sound.event, category: ['identity']}},
		'a type that its category does not expect': {event: {...sound.event, type: ['user']}},
		'an outcome that is none': {event: {...sound.event, outcome: 'perhaps'}},
		'the name of a member of all objects': {constructor: 'x'},
	})) {
		it(`finds ${what}`, () => assert.notDeepEqual(ecsProblems({...sound, ...members}), []));
	}
});
