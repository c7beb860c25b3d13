import assert from 'node:assert/strict';
import fc from 'fast-check';
import {activities, type Activity} from '../../lib/model/activity.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {auditEventArbitrary, eventFacts} from '../support/audit-events.ts';
import {ocsfMistakes} from '../support/ocsf-validator.ts';

const least: AuditEvent = {id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: ''};
const alice = {type: 'user', id: 'a-1', name: 'alice', email: 'alice@acme.example'};

function ocsfOf(members: Partial<AuditEvent>) {
	return toOcsf({...least, ...members}, eventFacts);
}

function frozen<T>(value: T): T {
	if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
	return Object.freeze(value);
}

describe('toOcsf', () => {
	it('gives events that are valid by the official definitions, whatever the record holds', () => {
		fc.assert(
			fc.property(auditEventArbitrary, fc.boolean(), (event, ownIds) => {
				const ocsf = toOcsf(frozen(event), {...eventFacts, ownIds});
				assert.deepEqual(ocsfMistakes(ocsf), []);
				assert.deepEqual(JSON.parse(JSON.stringify(ocsf)), ocsf);
			}),
			{numRuns: 3000},
		);
	}).timeout(60_000);

	it('gives valid events of every activity where the record says no more than that', () => {
		for (const activity of [undefined, ...(Object.keys(activities) as Activity[])]) {
			assert.deepEqual(ocsfMistakes(ocsfOf(activity === undefined ? {} : {activity})), [], activity);
		}
	});

	it('gives the same bytes for the same record', () => {
		fc.assert(
			fc.property(auditEventArbitrary, event => {
				const text = JSON.stringify(toOcsf(event, eventFacts));
				assert.equal(JSON.stringify(toOcsf(structuredClone(event), eventFacts)), text);
			}),
			{numRuns: 200},
		);
	});

	it('never puts the actor in the place of what it acted on', () => {
		const actor = {type: 'user', id: 'mallory', name: 'mallory', email: 'mallory@acme.example'};
		for (const activity of Object.keys(activities) as Activity[]) {
			const {actor: _, unmapped: __, ...ocsf} = ocsfOf({activity, actor});
			const isLogin = ['user-login', 'user-logout', 'admin-session-started', 'admin-session-ended'].includes(activity);
			assert.equal(JSON.stringify(ocsf).includes('mallory'), isLogin, activity);
		}
	});

	it('says who logged in: the actor, else the user that it names, else even an app', () => {
		const login = {activity: 'user-login', targets: [{...alice, name: 'bob'}]} as const;
		assert.deepEqual(ocsfOf({...login, actor: alice}).user, ocsfOf({actor: alice}).actor?.user);
		assert.equal(ocsfOf(login).user?.name, 'bob');
		assert.equal(ocsfOf({activity: 'user-login'}).user?.name, 'Unknown');
		assert.equal(ocsfOf({...login, actor: {type: 'app', name: 'Bot'}}).user?.name, 'bob');
		assert.equal(ocsfOf({activity: '__proto__' as 'other'}).class_uid, 0);
		assert.deepEqual(ocsfOf({activity: 'user-login', actor: {type: 'app', name: 'Bot'}}).user, {
			type_id: 99,
			type: 'app',
			name: 'Bot',
		});
		assert.deepEqual(ocsfOf(login).service, {name: eventFacts.product.name});
	});

	it('says into whose account somebody switched', () => {
		const ocsf = ocsfOf({activity: 'user-impersonated', actor: {name: 'admin', type: 'user'}, targets: [alice]});
		assert.equal(ocsf.actor?.user?.name, 'admin');
		assert.equal(ocsf.user?.uid, alice.id);
		assert.equal(ocsf.account_switch_type, 'Impersonate');
	});

	it('is more severe where a login failed, not where it did not', () => {
		const severity = (outcome: 'success' | 'failure') => ocsfOf({activity: 'user-login', outcome}).severity;
		assert.deepEqual([severity('success'), severity('failure')], ['Informational', 'Low']);
	});

	it('has the status, and Unknown where the record has none', () => {
		const statuses = [{}, {outcome: 'success'}, {outcome: 'failure'}] as const;
		assert.deepEqual(
			statuses.map(ocsfOf).map(({status_id, status}) => [status_id, status]),
			[
				[0, 'Unknown'],
				[1, 'Success'],
				[2, 'Failure'],
			],
		);
	});

	it('names an action that no rule knows', () => {
		const {activity_name, class_name, metadata} = ocsfOf({action: 'boards_merged'});
		assert.deepEqual(
			[activity_name, class_name, metadata.event_code],
			['boards_merged', 'Base Event', 'boards_merged'],
		);
	});

	it('has the id as the original one only where the source has ids of its own', () => {
		const metadata = (ownIds: boolean) => toOcsf(least, {...eventFacts, ownIds}).metadata;
		assert.deepEqual([metadata(true).uid, metadata(true).original_event_uid], ['1', '1']);
		assert.deepEqual([metadata(false).uid, metadata(false).original_event_uid], ['1', undefined]);
	});

	it('has times in milliseconds, of the event and of its log', () => {
		const processed = '2026-02-01T00:00:00.001Z';
		const {time, metadata} = ocsfOf({processed});
		assert.equal(time, new Date(least.time).getTime());
		assert.deepEqual(metadata.loggers, [{name: eventFacts.product.name, logged_time: new Date(processed).getTime()}]);
	});

	it('has what a group was given, and on what', () => {
		const targets = [
			{type: 'space', name: 'DEMO'},
			{type: 'group', name: 'admins'},
		];
		const changes = [{field: 'Type', to: 'VIEWSPACE'}];
		const ocsf = ocsfOf({activity: 'permission-granted', targets, changes});
		assert.deepEqual(
			[ocsf.group, ocsf.privileges, ocsf.resource],
			[{name: 'admins'}, ['VIEWSPACE'], {name: 'DEMO', type: 'space'}],
		);
	});
});

describe('ocsfMistakes', () => {
	const valid = {
		...JSON.parse(
			JSON.stringify(
				ocsfOf({activity: 'permission-granted', actor: alice, targets: [alice], origin: {ip: '10.0.0.1'}}),
			),
		),
	} as Record<string, Record<string, unknown>>;
	const login = ocsfOf({activity: 'user-login', actor: alice});
	const base = ocsfOf({actor: alice});

	it('finds nothing in what is valid', () => {
		assert.deepEqual([valid, login, base].flatMap(ocsfMistakes), []);
	});

	const wrong: Readonly<Record<string, readonly [event: unknown, mistake: RegExp]>> = {
		'no object': [[valid], /expected an object/],
		'a class that there is not': [{...valid, class_uid: 9999}, /no such class/],
		'a required member that is absent': [omit(valid, 'privileges'), /^privileges: required/],
		'a member of no name': [{...valid, summary: 'x'}, /^summary: not in the schema/],
		'a member below of no name': [{...valid, user: {...valid['user'], colour: 1}}, /^user\.colour: not in the schema/],
		'a member of all objects': [{...valid, constructor: 1}, /^constructor: not in the schema/],
		'text for a number': [{...valid, time: '1'}, /^time: expected long_t/],
		'a fraction': [{...valid, time: 1.5}, /^time: expected long_t/],
		'more than 32 bits': [{...valid, count: 2 ** 31}, /^count: expected integer_t/],
		'a number for text': [{...valid, message: 1}, /^message: expected string_t/],
		'an object for a list': [{...valid, privileges: {}}, /^privileges: expected an array/],
		'an empty list': [{...valid, privileges: []}, /^privileges: empty/],
		'a number in a list of texts': [{...valid, privileges: ['x', 1]}, /^privileges\[1\]: expected string_t/],
		'text for an object': [{...valid, unmapped: 'x'}, /^unmapped: expected an object/],
		'no address': [{...valid, src_endpoint: {ip: '10.0.0.256'}}, /^src_endpoint\.ip: no ip_t/],
		'a long address': [{...valid, src_endpoint: {ip: `::1%${'x'.repeat(40)}`}}, /^src_endpoint\.ip: longer than 40/],
		'no e-mail address': [{...valid, user: {name: 'x', email_addr: 'x'}}, /^user\.email_addr: no email_t/],
		'a port out of range': [{...valid, src_endpoint: {ip: '::1', port: 65_536}}, /^src_endpoint\.port: out of range/],
		'text for a truth': [{...valid, user: {name: 'x', has_mfa: 'true'}}, /^user\.has_mfa: expected one of false,true/],
		'no word of an enumeration': [{...valid, severity_id: 7}, /^severity_id: not in the enumeration: 7/],
		'a caption of another number': [{...valid, severity: 'High'}, /^severity: expected Medium, got "High"/],
		'a caption below of another number': [{...valid, user: {name: 'x', type_id: 1, type: 'Admin'}}, /^user\.type: /],
		'no word beside 99': [{...valid, user: {name: 'x', type_id: 99}}, /^user\.type: required beside 99/],
		'the type of another activity': [{...valid, type_uid: 300502}, /^type_uid: expected 300501, got 300502/],
		'another category': [{...valid, category_uid: 6}, /^category_uid: expected 3, got 6/],
		'another class name': [{...valid, class_name: 'Authentication'}, /^class_name: expected User Access/],
		'another category name': [{...valid, category_name: 'Findings'}, /^category_name: expected Identity/],
		'another type name': [{...valid, type_name: 'x'}, /^type_name: expected User Access Management: Assign Privileges/],
		'another version': [{...valid, metadata: {...valid['metadata'], version: '1.9.0'}}, /^metadata\.version: /],
		'a required member below': [{...valid, metadata: {version: '1.8.0'}}, /^metadata\.product: required/],
		'none of which one is needed': [{...valid, user: {type_id: 0}}, /^user\.: expected one of account,name,uid/],
		'none of which the class needs one': [omit(login, 'service'), /^: expected one of service,dst_endpoint/],
		'what is deprecated': [{...valid, resource: {name: 'x'}}, /^resource: deprecated/],
		'a member of a profile that is not named': [
			{...base, metadata: omit(base.metadata, 'profiles')},
			/^actor: needs the profile host/,
		],
		'a profile of another class': [
			{...base, metadata: {...base.metadata, profiles: ['host', 'trace']}},
			/^metadata\.profiles: no profile of this class: trace/,
		],
		'what a profile requires': [
			{...base, metadata: {...base.metadata, profiles: ['host', 'cloud']}},
			/^cloud: required/,
		],
		'two of which there may be one': [
			{
				...base,
				metadata: {...base.metadata, profiles: ['host', 'osint']},
				osint: [{type_id: 0, value: 'x', vulnerabilities: [{cve: {uid: 'CVE-1'}, cwe: {uid: 'CWE-1'}}]}],
			},
			/^osint\[0\]\.vulnerabilities\[0\]\.: expected just one of advisory,cve,cwe/,
		],
	};
	for (const [name, [event, mistake]] of Object.entries(wrong)) {
		it(`finds ${name}`, () => {
			const mistakes = ocsfMistakes(event);
			assert.equal(mistakes.length, 1, mistakes.join('\n'));
			assert.match(mistakes[0]!, mistake);
		});
	}
});

function omit(value: object, member: string): object {
	return Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));
}
