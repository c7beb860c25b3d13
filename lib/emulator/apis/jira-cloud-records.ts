import {groups, people} from '../data/catalogue.ts';
import type {Random} from '../data/random.ts';
import type {RecordLog} from '../data/record-log.ts';
import {hole} from '../data/record-template.ts';
import type {Setting} from '../server/setting.ts';

const kinds: readonly (readonly [summary: string, category: string, type: string, field?: string])[] = [
	['Project deleted', 'projects', 'PROJECT'],
	['Field Configuration scheme updated', 'fields', 'SCHEME', 'Name'],
	['Workflow updated', 'workflows', 'WORKFLOW', 'Status'],
	['Notification scheme deleted', 'notifications', 'SCHEME'],
	['Permission scheme deleted', 'permissions', 'SCHEME'],
	['User created', 'user management', 'USER', 'Email'],
	["User's password changed", 'user management', 'USER'],
	['User added to group', 'group management', 'GROUP'],
	['Custom field created', 'fields', 'CUSTOM_FIELD', 'Type'],
	['Field context created', 'custom field context', 'CUSTOM_FIELD'],
	['Customer permissions changed', 'projects', 'PROJECT', 'Access'],
];

/** The audit records of a Jira Cloud site. */
export function jiraCloudLog({logOf, nameOf}: Setting): RecordLog<undefined> {
	return logOf('jira-cloud', () => ({
		ids: true,
		recordOf: random => jiraCloudRecord(random, nameOf),
		factsOf: () => undefined,
		timeJson: timeMs => Buffer.from(`"${new Date(timeMs).toISOString().slice(0, -1)}+0000"`),
	}));
}

/** A made-up record of Jira Cloud's audit log. */
function jiraCloudRecord(random: Random, nameOf: (name: string) => string): object {
	const [summary, category, type, field] = random.pick(kinds);
	const person = random.pick(people);
	const object =
		type === 'USER'
			? {id: person.id, name: nameOf(person.name)}
			: {
					id: String(random.below(20_000)),
					name: type === 'GROUP' ? random.pick(groups) : `${type} ${random.below(90)}`,
				};
	const associated = type === 'GROUP' ? [{id: person.id, name: nameOf(person.name), typeName: 'USER'}] : undefined;
	return {
		id: hole.id,
		summary,
		remoteAddress: random.chance(85) ? `203.0.113.${random.below(40)}` : undefined,
		...(random.chance(90) ? {authorKey: `ug:${person.id}`, authorAccountId: random.pick(people).id} : {}),
		created: hole.time,
		category,
		eventSource: random.chance(20) ? 'JIRA Service Management' : '',
		description: random.chance(10) ? 'by hand 🦊' : undefined,
		objectItem: random.chance(96) ? {...object, typeName: type} : undefined,
		changedValues: field
			? [{fieldName: field, changedFrom: random.chance(50) ? 'old' : undefined, changedTo: 'new'}]
			: undefined,
		associatedItems: associated,
	};
}
