import assert from 'node:assert/strict';
import {activities, type Activity} from '../../lib/model/activity.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {ecsNamed, ecsPerson, ecsUser, firstOf, isUser, usersRelatedTo} from '../../lib/schemas/ecs-user.ts';

const all = Object.keys(activities) as Activity[];
const alice = {id: 'a', name: 'alice', fullName: 'Alice Example', email: 'alice@acme.example'};
const bob = {type: 'user', id: 'b', name: 'bob', email: 'bob@acme.example'};
const carol = {type: 'user', id: 'c'};
const admins = {type: 'group', id: 'g', name: 'admins'};
const project = {type: 'project', id: 'p', name: 'DEMO'};

function eventOf(members: Partial<AuditEvent>): AuditEvent {
	return {id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: 'acme', ...members};
}

describe('ecsUser', () => {
	it('is who did it', () => {
		assert.deepEqual(ecsUser(eventOf({actor: alice})), {
			id: 'a',
			name: 'alice',
			full_name: 'Alice Example',
			email: 'alice@acme.example',
		});
		assert.equal(ecsUser(eventOf({})), undefined);
		assert.equal(ecsUser(eventOf({actor: {type: 'user'}, targets: [project]})), undefined);
	});

	it('is no app, no system and nobody; of these it says only what they did to users', () => {
		for (const type of ['app', 'system', 'anonymous']) {
			assert.ok(!isUser({type}));
			assert.equal(ecsUser(eventOf({actor: {...alice, type}})), undefined);
			const {id, name, email} = bob;
			assert.deepEqual(ecsUser(eventOf({actor: {...alice, type}, targets: [bob]})), {target: {id, name, email}});
		}
		for (const actor of [{}, {type: 'user'}, {type: 'customer'}]) assert.ok(isUser(actor));
	});

	it('is the first user that it was done to, with the first group, save in logins and logouts', () => {
		for (const activity of [undefined, ...all]) {
			const targets = [project, admins, bob, carol, {type: 'group', name: 'others'}];
			const user = ecsUser(eventOf({...(activity && {activity}), targets}));
			const target = {id: 'b', name: 'bob', email: 'bob@acme.example', group: {id: 'g', name: 'admins'}};
			const isLogin = activity !== undefined && /^(user-log|admin-session-)/.test(activity);
			assert.deepEqual(user?.target, isLogin ? undefined : target, activity);
		}
		assert.equal(ecsUser(eventOf({targets: [admins]})), undefined);
	});

	it('is as whom it was done: what the API says, else the user that somebody logged in as', () => {
		const actor = {id: 'x', onBehalfOf: {id: 'y', name: 'Yves', fullName: 'Yves'}};
		assert.deepEqual(ecsUser(eventOf({actor}))?.effective, {id: 'y', full_name: 'Yves'});
		const impersonated = eventOf({actor: {id: 'x'}, activity: 'user-impersonated', targets: [bob]});
		assert.deepEqual(ecsUser(impersonated)?.effective, {id: 'b', name: 'bob', email: 'bob@acme.example'});
		assert.deepEqual(ecsUser({...impersonated, actor})?.effective, {id: 'y', full_name: 'Yves'});
		assert.equal(ecsUser(eventOf({actor: {id: 'x'}, activity: 'user-updated', targets: [bob]}))?.effective, undefined);
	});

	it('is what a user is called from then on, where names and addresses were changed', () => {
		const changes = [
			{field: 'Display name', from: 'Bob', to: 'Robert'},
			{field: 'display_name', to: 'not the first'},
			{field: 'Email', to: 'r@acme.example'},
			{field: 'E-mail address', from: 'gone'},
			{field: 'USERNAME', to: 'robert'},
			{field: 'Active', to: 'No'},
			{field: '__proto__', to: 'x'},
			{to: 'of nothing'},
		];
		const updated = eventOf({activity: 'user-updated', targets: [bob], changes});
		assert.deepEqual(ecsUser(updated)?.changes, {full_name: 'Robert', email: 'r@acme.example', name: 'robert'});
		assert.equal(ecsUser({...updated, activity: 'group-updated'})?.changes, undefined);
		assert.equal(ecsUser({...updated, changes: [{field: 'Active', to: 'No'}]})?.changes, undefined);
	});
});

describe('usersRelatedTo', () => {
	it('gives all that all users are called, each once', () => {
		const actor = {...alice, onBehalfOf: {id: 'b', name: 'Bobby'}};
		assert.deepEqual(usersRelatedTo(eventOf({actor, targets: [project, bob, admins, carol, bob]})), [
			'a',
			'alice',
			'Alice Example',
			'alice@acme.example',
			'b',
			'Bobby',
			'bob',
			'bob@acme.example',
			'c',
		]);
		assert.deepEqual(usersRelatedTo(eventOf({})), []);
	});

	it('leaves out apps and systems', () => {
		const actor = {...alice, type: 'app', onBehalfOf: {id: 'b'}};
		assert.deepEqual(usersRelatedTo(eventOf({actor, targets: [carol]})), ['b', 'c']);
	});
});

describe('what is called by a name', () => {
	it('has a user name only where that is another than its name for people', () => {
		assert.deepEqual(ecsPerson({name: 'alice'}), {name: 'alice'});
		assert.deepEqual(ecsPerson({name: 'Alice', fullName: 'Alice'}), {full_name: 'Alice'});
		assert.deepEqual(ecsPerson({name: 'alice', fullName: 'Alice'}), {name: 'alice', full_name: 'Alice'});
		assert.deepEqual(ecsPerson({fullName: 'Alice'}), {full_name: 'Alice'});
		assert.equal(ecsPerson({}), undefined);
	});

	it('is the first of its type, and absent where it is neither named nor has an id', () => {
		assert.equal(firstOf('group', [project, admins, {type: 'group'}]), admins);
		assert.equal(firstOf('group', [project]), undefined);
		assert.equal(firstOf('group', undefined), undefined);
		assert.deepEqual(ecsNamed(admins), {id: 'g', name: 'admins'});
		assert.deepEqual(ecsNamed({type: 'group', name: 'admins'}), {name: 'admins'});
		assert.equal(ecsNamed({type: 'group'}), undefined);
	});
});
