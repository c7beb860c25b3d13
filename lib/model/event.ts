import {z} from 'zod';
import {activities, type Activity} from './activity.ts';

/** A value that survives JSON. */
export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json};

const text = () => z.string().min(1);
/** Absent where the API does not say; never `""`. */
const said = (description: string) => text().exactOptional().describe(description);
const instant = () => z.iso.datetime({precision: 3});

/** An object that says something: `{}` is absent too. */
const members = <Shape extends z.ZodRawShape>(shape: Shape) =>
	z
		.strictObject(shape)
		.refine(given => Object.keys(given).length > 0, {error: 'expected some member, got none'})
		.meta({minProperties: 1});

const person = {
	id: said('its id, as the API has it'),
	name: said('what the API calls it: a user name, or a name for people'),
	fullName: said('its name for people, where the API says that it is one'),
	email: said('its e-mail address; other text in that place is left out'),
};

const actor = members({
	...person,
	type: said("`user`, `app`, `system`, `anonymous`, or the API's own word"),
	onBehalfOf: members(person).exactOptional().describe('as whom it acted, where that is somebody else'),
});

const target = members({
	type: said(
		"`user`, `group`, or the API's own word for its kind, in lower case with hyphens: `space`, `project-role`",
	),
	...person,
});

const origin = members({
	ip: said('the address of the client, the first of `ips`, as the API gives it'),
	ips: z.array(text()).min(1).exactOptional().describe('all addresses: the client, then its proxies'),
	geo: members({
		country: said('the name of the country'),
		region: said('the name of the region'),
		city: said('the name of the city'),
	})
		.exactOptional()
		.describe('where the vendor believes the client to be'),
});

const credential = members({
	type: said("the API's own word for its kind"),
	id: said('its id; never the secret'),
	name: said('the label that its owner gave it'),
});

const service = members({
	address: said('the address at which the server was asked'),
	node: said('the node of the cluster'),
});

const attribute = members({
	name: said('what the API calls it, for people; may be in the language of the server'),
	key: said('the key of the API, where it has one'),
	value: said('what it says'),
});

const change = members({
	field: said('what was changed, by the key of the API where it has one'),
	from: said('the value before; absent where there was none'),
	to: said('the value after; absent where there is none'),
});

/** The one definition of the common record: its JSON Schema and its types are made from it. */
export const auditEvent = z
	.strictObject({
		id: text().describe("the record's own id; a hash of its content where the API has none"),
		time: instant().describe('when it occurred: ISO 8601, UTC, milliseconds'),
		processed: instant().exactOptional().describe('when the vendor took it in, where the API tells'),
		source: text().describe('the name of the source, for example `atlassian-org-events`'),
		tenant: z.string().describe('whose log it is: organization id, site or server'),
		action: said("what was done, in the API's own words: its machine id where it has one"),
		actionName: said("the name of the action for people, from the API's catalogue of actions (`enrich`)"),
		activity: z
			.enum(Object.keys(activities) as [Activity, ...Activity[]])
			.exactOptional()
			.describe('what was done, in the same words for all APIs; absent where no rule knows the action'),
		category: said("the API's own group of actions, its key where it has one"),
		message: said('what was done, for people; may be in the language of the server'),
		outcome: z.enum(['success', 'failure']).exactOptional().describe('`failure` where the action is one'),
		actor: actor.exactOptional().describe('who did it'),
		credential: credential.exactOptional().describe('what it was done with, where that is a token or a session'),
		origin: origin.exactOptional().describe('where it came from'),
		service: service.exactOptional().describe('the server that it was done on'),
		method: said("how the server was asked, in the API's own words: `Browser`, `REST`"),
		containers: z.array(target).min(1).exactOptional().describe('where it was done: sites, organizations'),
		targets: z.array(target).min(1).exactOptional().describe('what it was done to, in the order of the API'),
		changes: z.array(change).min(1).exactOptional().describe('what was changed of it'),
		attributes: z.array(attribute).min(1).exactOptional().describe('what else the API says of it'),
		raw: text()
			.exactOptional()
			.describe("the record's own text as the API gave it, unparsed: every digit and every key survives"),
	})
	.meta({
		$id: 'urn:rxaudit:audit-event',
		title: 'AuditEvent',
		description: 'The common record of rxaudit: one audit event of any API. What the API does not say is absent.',
	});

type DeepReadonly<T> = T extends object ? {readonly [Key in keyof T]: DeepReadonly<T[Key]>} : T;

/** The common record: one audit event of any API. A member that the API does not give is absent, never `""`. */
export interface AuditEvent extends DeepReadonly<z.output<typeof auditEvent>> {}
export interface AuditActor extends DeepReadonly<z.output<typeof actor>> {}
export interface AuditPerson extends Omit<AuditActor, 'type' | 'onBehalfOf'> {}
export interface AuditTarget extends DeepReadonly<z.output<typeof target>> {}
export interface AuditOrigin extends DeepReadonly<z.output<typeof origin>> {}
export interface AuditCredential extends DeepReadonly<z.output<typeof credential>> {}
export interface AuditService extends DeepReadonly<z.output<typeof service>> {}
export interface AuditAttribute extends DeepReadonly<z.output<typeof attribute>> {}
export interface AuditChange extends DeepReadonly<z.output<typeof change>> {}

/** The parts of a JSON Schema that say which members there are. */
interface Schema {
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly items?: Schema;
}

/** All members of the common record, dotted, those with members of their own before these: `actor`, `actor.id`. */
export function commonMembers(): readonly string[] {
	// the schema takes its time, which nobody needs who does not ask
	return (known ??= membersOf(auditEvent.toJSONSchema() as Schema, ''));
}

let known: readonly string[] | undefined;

function membersOf({properties = {}, items}: Schema, prefix: string): string[] {
	if (items) return membersOf(items, prefix);
	return Object.entries(properties).flatMap(([name, schema]) => [
		`${prefix}${name}`,
		...membersOf(schema, `${prefix}${name}.`),
	]);
}
