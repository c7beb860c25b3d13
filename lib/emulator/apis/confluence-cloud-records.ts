import {groups, people, spaces} from '../data/catalogue.ts';
import type {Random} from '../data/random.ts';
import type {RecordLog} from '../data/record-log.ts';
import {hole} from '../data/record-template.ts';
import type {Setting} from '../server/setting.ts';

type Kind = 'Space' | 'Group' | 'User' | '';

interface Action {
	readonly category: string;
	readonly summary: string;
	readonly kind: Kind;
	/** What it changes, by name: old value, new value. */
	readonly changes?: Readonly<Record<string, readonly [from: string, to: string]>>;
	readonly associated?: Kind;
}

const inSpaces = 'Spaces';
const inUsers = 'Users and groups';

const actions: readonly Action[] = [
	{
		category: inSpaces,
		summary: 'Space created',
		kind: 'Space',
		changes: {
			'Space type': ['', 'global'],
			'Space status': ['', 'CURRENT'],
			'Space key': ['', 'ENG'],
			'Home page': ['', 'page: 484737204 v.1'],
		},
	},
	{
		category: inSpaces,
		summary: 'Space configuration updated',
		kind: 'Space',
		changes: {Name: ['Engineering', 'Überblick "neu"']},
	},
	{category: inSpaces, summary: 'Space logo uploaded', kind: 'Space'},
	{
		category: inUsers,
		summary: 'User created',
		kind: 'User',
		changes: {'Display name': ['', 'José Núñez'], Email: ['', 'jose@example.com'], Active: ['', 'Yes']},
	},
	{
		category: inUsers,
		summary: 'User details updated',
		kind: 'User',
		changes: {Email: ['a@example.com', 'b@example.com']},
	},
	{category: inUsers, summary: 'User deactivated', kind: 'User', changes: {Active: ['Yes', 'No']}},
	{category: inUsers, summary: 'User added to group', kind: 'Group', associated: 'User'},
	{category: inUsers, summary: 'Group created', kind: 'Group'},
	{category: 'Permissions', summary: 'Space permission added', kind: 'Space', associated: 'Group'},
	{category: 'Import and export', summary: 'Space exported', kind: 'Space'},
	{category: 'Apps', summary: 'App installed', kind: ''},
];

/** The audit log of a Confluence Cloud site. */
export function confluenceCloudLog({logOf, nameOf}: Setting): RecordLog<undefined> {
	return logOf('confluence-cloud', () => ({
		recordOf: random => confluenceCloudRecord(random, nameOf),
		factsOf: () => undefined,
		timeJson: timeMs => Buffer.from(String(timeMs)),
	}));
}

/** A made-up record of Confluence Cloud's audit log, as real ones are: no id, and "" where others have null. */
function confluenceCloudRecord(random: Random, nameOf: (name: string) => string): object {
	const action = random.pick(actions);
	const object = (kind: Kind) => ({name: objectName(random, kind), objectType: kind});
	return {
		author: random.chance(12) ? systemAuthor() : author(random, nameOf),
		remoteAddress: random.chance(90) ? `203.0.113.${random.below(40)}` : '',
		creationDate: hole.time,
		summary: action.summary,
		description: random.chance(15) ? `${action.summary} 🦊 by hand` : '',
		category: action.category,
		sysAdmin: random.chance(10),
		superAdmin: false,
		affectedObject: action.kind && random.chance(95) ? object(action.kind) : {name: '', objectType: ''},
		changedValues: Object.entries(action.changes ?? {}).map(([name, [oldValue, newValue]]) => ({
			name,
			oldValue,
			newValue,
			hiddenOldValue: '',
			hiddenNewValue: '',
		})),
		associatedObjects: action.associated ? [object(action.associated)] : [],
	};
}

/** What the log shows as the author where no person was at work: a name without any id. */
export function systemAuthor(): object {
	return {type: 'user', displayName: 'System', operations: null, isExternalCollaborator: false};
}

function author(random: Random, nameOf: (name: string) => string): object {
	const person = random.pick(people);
	const external = random.chance(10);
	return {
		type: 'user',
		displayName: nameOf(person.name),
		operations: random.chance(80) ? null : {},
		username: person.id,
		userKey: `8a7f8085${Buffer.from(person.id).toString('hex').slice(-24)}`,
		accountId: person.id,
		accountType: person.type === 'app' ? 'app' : '',
		publicName: 'Unknown user',
		externalCollaborator: external,
		isExternalCollaborator: external,
		isGuest: false,
	};
}

function objectName(random: Random, kind: Kind): string {
	if (kind === 'Space') return random.pick(spaces);
	if (kind === 'User') return random.pick(people).name;
	return `${random.pick(groups)}:4375f4c3-0${random.below(1000)}`;
}
