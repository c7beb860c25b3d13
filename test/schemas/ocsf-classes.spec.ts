import assert from 'node:assert/strict';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {type OcsfKind, ocsfKind} from '../../lib/schemas/ocsf-classes.ts';
import {ocsfSchema} from '../support/ocsf-validator.ts';

const all = Object.keys(activities) as Activity[];
const recipients = [[], [{type: 'user'}], [{type: 'group'}], [{type: 'group'}, {type: 'user'}]];

/** Every kind that an event can be of. */
const kinds = new Set<OcsfKind>(
	[undefined, ...all].flatMap(activity =>
		recipients.map(targets => ocsfKind(activity === undefined ? {targets} : {activity, targets})),
	),
);

function typeOf(activity: Activity, ...types: string[]): number {
	return ocsfKind({activity, targets: types.map(type => ({type}))}).type_uid;
}

describe('ocsfKind', () => {
	it('names classes and activities as OCSF does', () => {
		const defined = Object.values(ocsfSchema.classes);
		for (const kind of kinds) {
			const found = defined.find(({class_uid}) => class_uid === kind.class_uid);
			assert.ok(found, String(kind.class_uid));
			assert.equal(kind.class_name, found.caption);
			assert.equal(kind.category_uid, found.category_uid);
			assert.equal(kind.activity_name, found.attributes['activity_id']!.enum![kind.activity_id]);
			assert.equal(kind.type_uid, kind.class_uid * 100 + kind.activity_id);
			for (const {severity_id, severity} of [kind.severity, kind.failure]) {
				assert.equal(severity, found.attributes['severity_id']!.enum![severity_id]);
			}
		}
	});

	it('knows which members each class has', () => {
		for (const {class_uid, ownActor, source, destination} of kinds) {
			const found = Object.values(ocsfSchema.classes).find(one => one.class_uid === class_uid)!;
			assert.equal(ownActor, found.attributes['actor']!.profile === undefined, found.caption);
			assert.equal(source, found.attributes['src_endpoint'] !== undefined, found.caption);
			assert.equal(destination, found.attributes['dst_endpoint'] !== undefined, found.caption);
		}
	});

	it('is the base class where no rule knows the action', () => {
		assert.equal(ocsfKind({}).type_uid, 99);
	});

	it('goes by who got a role or a permission: a user, else a group, else nobody', () => {
		for (const activity of ['role-granted', 'permission-granted'] as const) {
			assert.equal(typeOf(activity, 'space', 'group', 'user'), 300501);
			assert.equal(typeOf(activity, 'space', 'group'), 300601);
			assert.equal(typeOf(activity, 'space'), 300403);
			assert.equal(ocsfKind({activity}).type_uid, 300403);
		}
		for (const activity of ['role-revoked', 'permission-revoked'] as const) {
			assert.equal(typeOf(activity, 'user'), 300502);
			assert.equal(typeOf(activity, 'group'), 300602);
			assert.equal(typeOf(activity), 300403);
		}
	});

	it('is above Informational only where somebody who watches for attacks wants to be told', () => {
		const above = (name: 'severity' | 'failure') =>
			Object.fromEntries(
				all
					.map(activity => [activity, ocsfKind({activity})[name].severity])
					.filter(([, severity]) => severity !== 'Informational'),
			);
		const special = {
			'access-denied': 'Low',
			'admin-object-created': 'Medium',
			'admin-object-deleted': 'Medium',
			'admin-object-updated': 'Medium',
			'admin-session-started': 'Low',
			'audit-events-lost': 'High',
			'resource-exported': 'Low',
			'token-created': 'Medium',
			'token-updated': 'Low',
			'user-impersonated': 'Medium',
			'user-mfa-disabled': 'Medium',
			'role-granted': 'Medium',
			'permission-granted': 'Medium',
			'permission-changed': 'Medium',
			'policy-changed': 'Medium',
			'settings-changed': 'Medium',
		};
		assert.deepEqual(above('severity'), special);
		assert.deepEqual(above('failure'), {...special, 'admin-session-started': 'Medium', 'user-login': 'Low'});
	});
});
