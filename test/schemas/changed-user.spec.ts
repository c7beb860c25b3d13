import assert from 'node:assert/strict';
import {privilegesIn, failureReasonOf, userTarget} from '../../lib/schemas/changed-user.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {eventFacts} from '../support/audit-events.ts';

const event: AuditEvent = {
	id: '1',
	time: '2026-01-31T00:00:00.000Z',
	source: 'some-source',
	tenant: 'acme',
	targets: [{type: 'user', name: 'ann'}],
	changes: [
		{field: 'Email', to: 'ann@acme.example'},
		{field: 'Full name', to: 'Ann Example'},
	],
};

describe('userTarget', () => {
	it('is called what the changes say, where the account is new', () => {
		const called = {type: 'user', name: 'ann', email: 'ann@acme.example', fullName: 'Ann Example'};
		assert.deepEqual(userTarget({...event, activity: 'user-created'}), called);
		assert.deepEqual(userTarget({...event, activity: 'user-deleted'}), {type: 'user', name: 'ann'});
		assert.equal(userTarget({activity: 'user-created', changes: event.changes!}), undefined);
	});

	it('reaches both schemas', () => {
		const {user} = toEcs({...event, activity: 'user-created'}, eventFacts);
		assert.deepEqual(user?.target, {name: 'ann', full_name: 'Ann Example', email: 'ann@acme.example'});
		const called = {type_id: 1, name: 'ann', full_name: 'Ann Example', email_addr: 'ann@acme.example'};
		assert.deepEqual(toOcsf({...event, activity: 'user-created'}, eventFacts).user, called);
		assert.deepEqual(toOcsf({...event, activity: 'user-updated'}, eventFacts).entity?.user, called);
	});
});

describe('what attributes tell', () => {
	const attributes = [
		{name: 'Motif', key: 'some.audit.attribute.reason', value: 'wrong password'},
		{name: 'Permission', value: 'SYS_ADMIN'},
	];

	it('is the permission that was given', () => {
		const changes = [
			{field: 'permission', from: 'READ', to: 'WRITE'},
			{field: 'name', to: 'x'},
		];
		assert.deepEqual(privilegesIn({changes, attributes}), ['WRITE', 'SYS_ADMIN']);
		const granted: AuditEvent = {...event, activity: 'permission-granted', attributes};
		assert.deepEqual(toOcsf(granted, eventFacts).privileges, ['SYS_ADMIN']);
	});

	it('is the reason of what failed', () => {
		const failed: AuditEvent = {...event, outcome: 'failure', attributes};
		assert.equal(failureReasonOf(failed), 'wrong password');
		assert.equal(failureReasonOf({...failed, outcome: 'success'}), undefined);
		assert.equal(toEcs(failed, eventFacts).event.reason, 'wrong password');
		assert.equal(toOcsf(failed, eventFacts).status_detail, 'wrong password');
	});
});

describe('privilegesIn', () => {
	it('is what targets and changes name', () => {
		const targets = [
			{type: 'user', name: 'alice'},
			{type: 'project-role', id: '4', name: 'Administrators'},
			{type: 'space', name: 'DEMO'},
		];
		const changes = [
			{field: 'Type', from: 'VIEWSPACE'},
			{field: 'Permission', from: 'VIEW', to: 'ADMIN'},
			{field: 'Description', to: 'x'},
		];
		assert.deepEqual(privilegesIn({targets, changes}), ['Administrators', 'VIEWSPACE', 'ADMIN']);
		assert.deepEqual(privilegesIn({}), []);
		const granted: AuditEvent = {...event, activity: 'permission-changed', changes};
		const {atlassian} = toEcs(granted, eventFacts);
		assert.deepEqual(atlassian?.privileges, ['VIEWSPACE', 'ADMIN']);
		assert.deepEqual(atlassian?.changed, ['Type=', 'Permission=ADMIN', 'Description=x']);
		assert.equal(toEcs({...granted, activity: 'resource-updated'}, eventFacts).atlassian?.privileges, undefined);
	});
});

describe('a rename', () => {
	it('has the old name in the target, the new one in the changes, and both among those related', () => {
		for (const field of ['Username', 'name']) {
			for (const name of ['old', 'new']) {
				const renamed: AuditEvent = {
					...event,
					activity: 'user-updated',
					targets: [{type: 'user', name}],
					changes: [{field, from: 'old', to: 'new'}],
				};
				const {user, related} = toEcs(renamed, eventFacts);
				assert.deepEqual([user?.target?.name, user?.changes?.name], ['old', 'new']);
				assert.deepEqual([...related!.user!].sort(), ['new', 'old']);
			}
		}
		const other: AuditEvent = {...event, activity: 'user-updated', changes: [{field: 'name', from: 'A', to: 'B'}]};
		assert.equal(toEcs(other, eventFacts).user?.changes, undefined);
	});
});
