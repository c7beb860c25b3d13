import assert from 'node:assert/strict';
import fc from 'fast-check';
import {activities, type Activity} from '../../lib/model/activity.ts';
import type {AuditEvent} from '../../lib/model/event.ts';
import {toOcsf} from '../../lib/schemas/ocsf.ts';
import {ocsfOrigins} from '../../lib/schemas/ocsf-origins.ts';
import {auditEventArbitrary, eventFacts} from '../support/audit-events.ts';

type Members = Record<string, unknown>;

interface Given {
	/** Whether it is looked at without each of its members; else only without those of which something is still to be found. */
	readonly whole: boolean;
	readonly event: AuditEvent;
	readonly facts: typeof eventFacts;
}

/** What stands for a member that must not be absent. */
const others: Members = {
	id: 'another id',
	time: '1999-12-31T23:59:59.999Z',
	source: 'another-source',
	tenant: 'another tenant',
	'product.name': 'Another Product',
	ownIds: false,
};

const word = fc.constantFrom('alice', 'bob', 'carol@acme.example');
/** Little is said of each, and of a type that matters: what stands in for what is only seen where something lacks. */
const sparseTarget = fc.record(
	{
		type: fc.constantFrom('user', 'user', 'group', 'app', 'policy', 'space', 'role'),
		id: word,
		name: word,
		fullName: word,
		email: word,
	},
	{requiredKeys: ['type'], noNullPrototype: true},
);
/** Its name is what is known of it, for members that stand in for others. */
const barelyNamed = fc.record(
	{type: fc.constantFrom('user', 'group', 'app', 'space'), id: word},
	{requiredKeys: ['type']},
);
const sparseChange = fc.record(
	{field: fc.constantFrom('Permission', 'Description', 'Full name', 'Email'), from: word, to: word},
	{requiredKeys: ['field'], noNullPrototype: true},
);
const sparseAttribute = fc.record(
	{name: fc.constantFrom('Permission', 'Reason'), key: fc.constantFrom('a.role', 'an.error'), value: word},
	{requiredKeys: ['value'], noNullPrototype: true},
);
const sparse: fc.Arbitrary<AuditEvent> = fc.record(
	{
		id: word,
		time: fc.constant('2026-01-31T23:59:59.987Z'),
		source: word,
		tenant: word,
		actor: fc.record({id: word, name: word, fullName: word, email: word}, {requiredKeys: [], noNullPrototype: true}),
		service: fc.constant({address: '10.0.0.1'}),
		targets: fc.array(fc.oneof({arbitrary: sparseTarget, weight: 4}, barelyNamed), {minLength: 1, maxLength: 2}),
		outcome: fc.constant('failure'),
		changes: fc.array(sparseChange, {minLength: 1, maxLength: 2}),
		attributes: fc.array(sparseAttribute, {minLength: 1, maxLength: 2}),
	},
	{requiredKeys: ['id', 'time', 'source', 'tenant'], noNullPrototype: true},
);

/** How many events of each activity are looked at with all of their members. */
const thorough = 100;
/** Some of each activity, since a class in fifty would hardly be seen. */
const given: readonly Given[] = [undefined, ...(Object.keys(activities) as Activity[])].flatMap((activity, seed) =>
	[...fc.sample(auditEventArbitrary, {numRuns: 25, seed}), ...fc.sample(sparse, {numRuns: 400, seed})].map(
		({activity: _, ...event}, index) => ({
			whole: index < thorough,
			event: activity === undefined ? event : {...event, activity},
			facts: eventFacts,
		}),
	),
);

/** The leaves of an object by path, lists without index. */
function leavesOf(value: unknown, path = '', leaves = new Map<string, unknown[]>()): Map<string, unknown[]> {
	if (Array.isArray(value)) for (const one of value) leavesOf(one, path, leaves);
	else if (typeof value === 'object' && value !== null) {
		for (const [name, member] of Object.entries(value)) leavesOf(member, path ? `${path}.${name}` : name, leaves);
	} else if (leaves.has(path)) leaves.get(path)!.push(value);
	else leaves.set(path, [value]);
	return leaves;
}

/** The value without the member at the path, or with another where it must have one; lists are entered. */
function without(value: unknown, path: readonly string[], member: string): unknown {
	if (Array.isArray(value)) return value.map(one => without(one, path, member));
	const [name, ...rest] = path as [string, ...string[]];
	const {[name]: found, ...kept} = value as Members;
	if (found === undefined) return value;
	if (rest.length > 0) return {...(value as Members), [name]: without(found, rest, member)};
	return member in others ? {...(value as Members), [name]: others[member]} : kept;
}

function givenWithout({event, facts}: Given, member: string): Pick<Given, 'event' | 'facts'> {
	const ofFacts = member === 'ownIds' || member.startsWith('product.');
	return ofFacts
		? {event, facts: without(facts, member.split('.'), member) as typeof eventFacts}
		: {event: without(event, member.split('.'), member) as AuditEvent, facts};
}

/** The paths that are another, or not there, without the member. */
function changedWithout(one: Given, before: ReadonlyMap<string, unknown[]>, member: string): string[] {
	const changed = givenWithout(one, member);
	const after = leavesOf(toOcsf(changed.event, changed.facts));
	return [...new Set([...before.keys(), ...after.keys()])].filter(path => {
		const [left, right] = [before.get(path) ?? [], after.get(path) ?? []];
		return left.length !== right.length || left.some((value, index) => value !== right[index]);
	});
}

describe('ocsfOrigins', () => {
	it('has each path that events have, and no other', () => {
		const seen = new Set(given.flatMap(({event, facts}) => [...leavesOf(toOcsf(event, facts)).keys()]));
		assert.deepEqual([...seen].sort(), Object.keys(ocsfOrigins).sort());
	});

	it('names what each depends on, and nothing else', () => {
		const found = new Map(Object.keys(ocsfOrigins).map(path => [path, new Set<string>()]));
		const left = new Map<string, Set<string>>();
		for (const [path, said] of Object.entries(ocsfOrigins)) {
			for (const member of said.split(', ')) left.set(member, (left.get(member) ?? new Set()).add(path));
		}
		for (const one of given) {
			const all = [...leavesOf(one.event).keys(), 'product.name', 'product.vendor', 'ownIds'];
			const members = one.whole ? all : all.filter(member => left.get(member)?.size);
			if (members.length === 0) continue;
			const before = leavesOf(toOcsf(one.event, one.facts));
			for (const member of members) {
				for (const path of changedWithout(one, before, member)) {
					found.get(path)!.add(member);
					left.get(member)?.delete(path);
				}
			}
		}
		const sorted = (names: Iterable<string>) => [...names].sort().join(', ') || 'constant';
		assert.deepEqual(
			Object.fromEntries([...found].map(([path, members]) => [path, sorted(members)])),
			Object.fromEntries(Object.entries(ocsfOrigins).map(([path, said]) => [path, sorted(said.split(', '))])),
		);
	}).timeout(240_000);
});
