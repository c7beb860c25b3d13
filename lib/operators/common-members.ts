import {auditEvent} from '../model/event.ts';

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
