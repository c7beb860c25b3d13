import assert from 'node:assert/strict';
import {privilegesTold, reasonOf, userTarget} from '../../lib/schemas/changed-user.ts';
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
		assert.deepEqual(privilegesTold({changes, attributes}), ['WRITE', 'SYS_ADMIN']);
		const granted: AuditEvent = {...event, activity: 'permission-granted', attributes};
		assert.deepEqual(toOcsf(granted, eventFacts).privileges, ['SYS_ADMIN']);
	});

	it('is the reason of what failed', () => {
		const failed: AuditEvent = {...event, outcome: 'failure', attributes};
		assert.equal(reasonOf(failed), 'wrong password');
		assert.equal(reasonOf({...failed, outcome: 'success'}), undefined);
		assert.equal(toEcs(failed, eventFacts).event.reason, 'wrong password');
		assert.equal(toOcsf(failed, eventFacts).status_detail, 'wrong password');
	});
});
