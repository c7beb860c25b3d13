import assert from 'node:assert/strict';
import {isDeepStrictEqual} from 'node:util';
import fc from 'fast-check';
import type {AuditEvent} from '../../lib/model/event.ts';
import {ecsOrigins} from '../../lib/schemas/ecs-origins.ts';
import {toEcs} from '../../lib/schemas/ecs.ts';
import {auditEventArbitrary, eventFacts} from '../support/audit-events.ts';
import {ecsPaths} from '../support/ecs-validator.ts';

const origins = new Map(Object.entries(ecsOrigins).map(([path, members]) => [path, members.split(', ')]));
// the same ones in each run: a rare member must not be missing once in a while
const renamed: AuditEvent = {
	id: '1',
	time: '2026-01-31T00:00:00.000Z',
	source: 'some-source',
	tenant: '',
	activity: 'user-updated',
	targets: [{type: 'user', name: 'new'}],
	changes: [{field: 'Username', from: 'old', to: 'new'}],
};
const events = [renamed, ...fc.sample(auditEventArbitrary, {numRuns: 3000, seed: 1})];

const pathsOf = (event: AuditEvent) => ecsPaths(toEcs(event, eventFacts));

/** The paths of all members, inner ones and lists as a whole included. */
function membersOf(value: unknown, path = ''): string[] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
	return Object.entries(value).flatMap(([name, member]) => [path + name, ...membersOf(member, `${path}${name}.`)]);
}

function without(object: object, [name, ...rest]: readonly string[]): object {
	const {[name!]: member, ...others} = object as Record<string, unknown>;
	return rest.length === 0 ? others : {...object, [name!]: without(member as object, rest)};
}

/** The paths that differ where the member is taken out. */
function dependentOf(event: AuditEvent, before: Map<string, unknown>, member: string): string[] {
	const after = pathsOf(without(event, member.split('.')) as AuditEvent);
	const same = (path: string) => isDeepStrictEqual(before.get(path), after.get(path));
	return [...new Set([...before.keys(), ...after.keys()])].filter(path => !same(path));
}

describe('ecsOrigins', () => {
	const seen = new Set<string>();
	/** `path <- member`, as found by taking members out. */
	const found = new Set<string>();
	before(() => {
		for (const event of events) {
			const paths = pathsOf(event);
			for (const path of paths.keys()) seen.add(path);
			for (const member of membersOf(event)) {
				for (const path of dependentOf(event, paths, member)) found.add(`${path} <- ${member}`);
			}
		}
	});

	it('has every member that an event can have, and no other', () => {
		assert.deepEqual([...seen].sort(), [...origins.keys()].sort());
	});

	it('leaves out nothing that a member is made from', () => {
		const undeclared = [...found].filter(line => {
			const [path = '', member = ''] = line.split(' <- ');
			// what is taken out as a whole takes what is in it, too
			return !origins.get(path)?.some(one => `${member}.`.startsWith(`${one}.`) || one.startsWith(`${member}.`));
		});
		assert.deepEqual(undeclared, []);
	});

	it('names nothing that a member is not made from', () => {
		const declared = [...origins].flatMap(([path, members]) => members.map(member => `${path} <- ${member}`));
		const unfounded = declared.filter(line => !line.endsWith(' <- constant') && !found.has(line));
		assert.deepEqual(unfounded, []);
	});
});
