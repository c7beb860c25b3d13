import assert from 'node:assert/strict';
import {z} from 'zod';
import {auditEvent, commonMembers} from '../../lib/model/event.ts';

const least = {id: '1', time: '2026-01-31T23:59:59.987Z', source: 'some-source', tenant: ''};

describe('the common record', () => {
	const accepts = (members: object) => auditEvent.safeParse({...least, ...members}).success;

	it('needs id, time, source and tenant only', () => {
		assert.ok(accepts({}));
		for (const member of ['id', 'time', 'source', 'tenant']) assert.ok(!accepts({[member]: undefined}), member);
	});

	it('has nothing empty: no "", no empty list, no null', () => {
		assert.ok(accepts({message: 'x', targets: [{id: '1'}], actor: {name: 'x'}}));
		for (const members of [
			{message: ''},
			{message: null},
			{message: undefined},
			{targets: []},
			{actor: {name: ''}},
			{origin: {ips: []}},
			{actor: {}},
			{origin: {geo: {}}},
			{targets: [{}]},
		]) {
			assert.ok(!accepts(members), JSON.stringify(members));
		}
	});

	it('has no members beside its own, and words of closed lists only', () => {
		for (const members of [{other: 1}, {actor: {x: 'y'}}, {outcome: 'unknown'}, {activity: 'user-lost'}]) {
			assert.ok(!accepts(members), JSON.stringify(members));
		}
	});

	it('has times in UTC with milliseconds', () => {
		for (const time of ['2026-01-31T23:59:59Z', '2026-01-31T23:59:59.987+01:00', '2026-02-30T00:00:00.000Z']) {
			assert.ok(!accepts({time}), time);
			assert.ok(!accepts({processed: time}), time);
		}
	});

	it('says of each member what it is', () => {
		const said = (schema: z.core.JSONSchema.BaseSchema, path: string): void => {
			for (const [name, member] of Object.entries(schema.properties ?? {})) {
				assert.equal(typeof (member as {description?: string}).description, 'string', `${path}${name}`);
				said(member as z.core.JSONSchema.BaseSchema, `${path}${name}.`);
			}
		};
		said(z.toJSONSchema(auditEvent), '');
	});
});

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
