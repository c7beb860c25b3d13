import assert from 'node:assert/strict';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {ecsCategories} from '../../lib/schemas/ecs-categories.ts';
import {ecsProblems} from '../support/ecs-validator.ts';

const all = Object.keys(activities) as Activity[];
const user = {type: 'user', id: '1'};
const group = {type: 'group', id: '2'};
const others = [[], [user], [group], [group, user], [{type: 'project', id: '3'}]];

describe('ecsCategories', () => {
	it('gives every activity words that ECS allows, and expects together', () => {
		for (const activity of [undefined, ...all]) {
			for (const targets of others) {
				const {category, type} = ecsCategories(activity, targets);
				const event = {'@timestamp': '2026-01-31T23:59:59.987Z', ecs: {version: '9.4.0'}, event: {category, type}};
				assert.deepEqual(ecsProblems(event), [], `${activity}`);
			}
		}
	});

	it('says of all that is iam what was done, and to what', () => {
		const done = ['access', 'change', 'creation', 'deletion', 'info', 'start'];
		for (const activity of all) {
			for (const targets of others) {
				const {category, type} = ecsCategories(activity, targets);
				if (!category.includes('iam')) continue;
				assert.equal(type.filter(one => done.includes(one)).length, 1, activity);
				assert.ok(
					type.some(one => ['user', 'group', 'admin'].includes(one)),
					activity,
				);
			}
		}
	});

	it('says who got a role or a permission: the group where no user did, nobody where it names neither', () => {
		for (const activity of ['role-granted', 'role-revoked', 'permission-granted', 'permission-revoked'] as const) {
			const {type: toNobody} = ecsCategories(activity, [{type: 'project'}]);
			assert.ok(!toNobody.includes('user') && !toNobody.includes('group') && toNobody.includes('change'), activity);
			for (const targets of [[user], [group, user], [user, group]]) {
				const {type} = ecsCategories(activity, targets);
				assert.ok(type.includes('user') && !type.includes('group'), activity);
			}
			assert.deepEqual(ecsCategories(activity, [{type: 'project'}, group]), {
				category: ['iam'],
				type: ['group', 'change'],
			});
		}
		assert.ok(ecsCategories('role-granted', [user]).type.includes('admin'));
		assert.ok(!ecsCategories('permission-granted', [user]).type.includes('admin'));
		assert.ok(ecsCategories('group-user-added', [group]).type.includes('user'));
	});

	it('calls what no rule knows a configuration, and no more', () => {
		assert.deepEqual(ecsCategories(undefined), {category: ['configuration'], type: ['info']});
	});

	it('tells logins, accounts and groups apart by the words that rules look for', () => {
		const saying = (...words: string[]) =>
			all.filter(activity => {
				const {category, type} = ecsCategories(activity);
				const said: readonly string[] = [...category, ...type];
				return words.every(word => said.includes(word));
			});
		assert.deepEqual(saying('authentication', 'start'), ['user-login', 'admin-session-started', 'user-impersonated']);
		assert.deepEqual(saying('authentication', 'end'), ['user-logout', 'admin-session-ended']);
		assert.deepEqual(saying('iam', 'user', 'creation'), ['user-created', 'user-invited']);
		assert.deepEqual(saying('iam', 'user', 'deletion'), ['user-deleted']);
		assert.deepEqual(saying('iam', 'group', 'creation'), ['group-created']);
		assert.deepEqual(saying('iam', 'group', 'deletion'), ['group-deleted']);
		assert.deepEqual(saying('package', 'installation'), ['app-installed']);
		assert.deepEqual(saying('web', 'access'), [
			'access-denied',
			'resource-shared',
			'resource-viewed',
			'resource-searched',
			'resource-exported',
			'tool-called',
		]);
	});
});
