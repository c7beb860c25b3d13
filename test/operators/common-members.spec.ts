import assert from 'node:assert/strict';
import {commonMembers} from '../../lib/operators/common-members.ts';
import {auditEvent} from '../../lib/model/event.ts';

describe('commonMembers', () => {
	it('has each member once, those of members and of items of lists too', () => {
		const members = commonMembers();
		assert.equal(new Set(members).size, members.length);
		assert.deepEqual(
			members.filter(member => !member.includes('.')),
			Object.keys(auditEvent.shape),
		);
		for (const member of ['actor.onBehalfOf.email', 'origin.ips', 'origin.geo.city', 'targets.name', 'changes.from']) {
			assert.ok(members.includes(member), member);
		}
	});
});
