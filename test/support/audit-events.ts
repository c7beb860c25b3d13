import fc from 'fast-check';
import {activities, type Activity} from '../../lib/model/activity.ts';
import {type AuditEvent, auditEvent} from '../../lib/model/event.ts';
import type {SourceFacts} from '../../lib/model/page.ts';

/** What the schemas need to know of the source of {@link auditEventArbitrary}'s events. */
export const eventFacts: Pick<SourceFacts, 'product' | 'ownIds'> = {
	product: {vendor: 'Some Vendor', name: 'Some Product'},
	ownIds: true,
};

/** Few, so that a name is a full name, too, and that a user comes twice in an event. */
const ordinary = fc.constantFrom('alice', 'Alice Example', 'bob', 'admins', '5f1e8a', 'DEMO', 'acme', '-2');
const hostile = fc.oneof(
	fc.string({unit: 'binary', minLength: 1}),
	fc.string({unit: fc.constantFrom(...'=+-@"\'\\\r\n\t\0\u001b\u2028\u202e<{[%$.😀'), minLength: 1}),
	fc.constantFrom('__proto__', 'constructor', 'toString', 'null', 'true', '0', '1e999', '{}', '\ud800', '10.0.0.1'),
	fc.constantFrom("=cmd|'/c calc'!A1", '<script>alert(1)</script>', '${jndi:ldap://x}', '\x1b[2J', '../../etc'),
	fc.constant('x'.repeat(5000)),
);
const text = fc.oneof({arbitrary: ordinary, weight: 4}, hostile);
const email = fc.oneof(
	{arbitrary: fc.constantFrom('alice@acme.example', 'bob@acme.example'), weight: 4},
	hostile.map(some => `${some}@`),
);
const ip = fc.oneof(
	{arbitrary: fc.oneof(fc.ipV4(), fc.ipV6()), weight: 4},
	fc.constantFrom('10.0.0.1', '2001:DB8::1', '::ffff:10.0.0.1', '::', '0:0:0:0:0:0:0:1', '255.255.255.255'),
	fc.constantFrom(
		'fe80::1%eth0',
		'010.0.0.1',
		'10.0.0.256',
		'10.0.0',
		'10.0.0.1:443',
		'[::1]',
		'10.0.0.1\0',
		'1::1::1',
	),
	hostile,
);
const instant = fc
	.date({min: new Date('0001-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true})
	.map(date => date.toISOString());

/** Any of the members may be absent, save those that are named. */
function some<T extends object>(members: {[Key in keyof T]: fc.Arbitrary<T[Key]>}, needed: (keyof T)[] = []) {
	const all = fc.record<T, keyof T>(members, {requiredKeys: needed, noNullPrototype: true}) as fc.Arbitrary<T>;
	return all.filter(given => Object.keys(given).length > 0);
}

const person = {id: text, name: text, fullName: text, email};
const target = some({
	type: fc.oneof(
		{arbitrary: fc.constantFrom('user', 'group', 'organization', 'site'), weight: 6},
		fc.constantFrom('project', 'space', 'project-role', 'app', 'policy', 'product'),
		text,
	),
	id: text,
	name: text,
	fullName: text,
	email,
});
const targets = fc.array(target, {minLength: 1, maxLength: 4});
const change = some({
	field: fc.oneof(
		fc.constantFrom(
			'Permission',
			'Display name',
			'Full name',
			'fullName',
			'Email',
			'email',
			'emailAddress',
			'Username',
			'name',
		),
		text,
	),
	from: text,
	to: text,
});

const label = fc.oneof(
	{arbitrary: fc.constantFrom('Reason', 'Permission', 'Query', 'some.audit.attribute.error'), weight: 2},
	text,
);

/**
 * Common records, ordinary and hostile: every member may be absent, and every text may be anything that a text can be:
 * half a surrogate pair, the name of a member of all objects, what looks like an address and is none.
 */
export const auditEventArbitrary: fc.Arbitrary<AuditEvent> = some(
	{
		id: text,
		time: instant,
		processed: instant,
		source: fc.oneof({arbitrary: fc.constantFrom('atlassian-org-events', 'jira-cloud'), weight: 4}, text),
		tenant: fc.oneof({arbitrary: fc.constantFrom('acme', ''), weight: 4}, text),
		action: text,
		actionName: text,
		activity: fc.constantFrom(...(Object.keys(activities) as Activity[])),
		category: text,
		message: text,
		outcome: fc.constantFrom('success', 'failure'),
		actor: some({
			...person,
			type: fc.oneof({arbitrary: fc.constantFrom('user', 'app', 'system', 'anonymous'), weight: 4}, text),
			onBehalfOf: some(person),
		}),
		credential: some({type: text, id: text, name: text}),
		origin: fc
			.tuple(
				some({geo: some({country: text, region: text, city: text})}),
				fc.option(fc.array(ip, {minLength: 1, maxLength: 4})),
				fc.boolean(),
			)
			// operators may have taken one of the two out
			.map(([geo, ips, both]) => (ips ? {...geo, ip: ips[0]!, ...(both && {ips})} : geo))
			.filter(origin => Object.keys(origin).length > 0),
		service: some({
			address: fc.oneof(text, fc.constantFrom('https://jira.example.com:8443/jira', 'wiki.example.com')),
			node: fc.oneof(text, fc.constant('9c1b1c3e-0000-4000-8000-1f2e3d4c5b6a')),
		}),
		method: text,
		containers: targets,
		targets,
		changes: fc.array(change, {minLength: 1, maxLength: 4}),
		attributes: fc.array(some({name: label, key: label, value: text}), {minLength: 1, maxLength: 4}),
		raw: text.map(value => JSON.stringify({value})),
	},
	['id', 'time', 'source', 'tenant'],
).map(event => auditEvent.parse(event));
