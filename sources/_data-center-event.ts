import type {Json} from '../lib/model/event.ts';
import type {Mapping} from '../lib/source/mapping.ts';
import {type Members, objectsIn, textIn} from '../lib/source/members.ts';
import {by, constant, each, first} from '../lib/source/words.ts';
import {recordTime} from '../lib/options/time.ts';

/** One event of the auditing plugin that all Data Center products share. Members without a value are left out. */
export interface DataCenterEvent {
	/** ISO 8601, UTC; the fraction is left out where it is zero. */
	readonly timestamp: string;
	readonly author?: Named | null;
	/** The texts are in the language of the server, the keys are not; some keys are plain text. */
	readonly type?: {
		readonly categoryI18nKey?: string;
		readonly category?: string;
		readonly actionI18nKey?: string;
		readonly action?: string;
	} | null;
	readonly affectedObjects?: readonly Named[] | null;
	readonly changedValues?: readonly Change[] | null;
	/** The client's address, then those of its proxies, with commas. */
	readonly source?: string | null;
	/** The server's own address. */
	readonly system?: string | null;
	readonly node?: string | null;
	readonly method?: string | null;
	readonly extraAttributes?: readonly Attribute[] | null;
}

interface Change {
	readonly key?: string;
	readonly i18nKey?: string;
	readonly from?: string;
	readonly to?: string;
}

interface Attribute {
	readonly name?: string;
	readonly nameI18nKey?: string;
	readonly value?: string;
}

interface Named {
	readonly id?: string;
	readonly name?: string;
	readonly type?: string;
	readonly uri?: string;
}

/**
 * What cannot change under a record: no text where it has a key, no name where it has an id, no address of a page,
 * and not the method, a word in the server's language that has no key.
 */
export function identityOf(event: DataCenterEvent): Json {
	const {author, type, affectedObjects, changedValues, extraAttributes} = event;
	return [
		instantOf(event.timestamp),
		whoOrWhat(author ?? {}),
		type?.categoryI18nKey || type?.category || null,
		type?.actionI18nKey || type?.action || null,
		objectsIn<Named>(affectedObjects).map(whoOrWhat),
		objectsIn<Change>(changedValues).map(({i18nKey, key, from, to}) => [
			i18nKey || key || null,
			from ?? null,
			to ?? null,
		]),
		objectsIn<Attribute>(extraAttributes).map(({nameI18nKey, name, value}) => [
			nameI18nKey || name || null,
			value ?? null,
		]),
		event.source ?? null,
	];
}

/** Nodes and versions spell the same time in more ways than one. */
function instantOf(time: unknown): Json {
	const read = typeof time === 'string' ? recordTime(time) : undefined;
	return read ? read.timeMs : String(time);
}

function whoOrWhat({type, id, name}: Named): Json {
	return [type ?? null, id ? {id} : {name: name ?? null}];
}

/** What Jira, Confluence and Bitbucket call the type of a person. */
const person = /^(applicationuser|user|normal)$/i;

/** What is done to a token itself: then its name says what it was done to, not with what. */
const tokenActions = 'personal.access.tokens.';

/** The key of the attribute is not documented: `Token Name` is what an English server shows. */
function tokenNameIn(attributes: readonly Members[]): string | undefined {
	const named = attributes.find(({nameI18nKey, name}) =>
		/\btoken[. _-]?name$/i.test(textIn(nameI18nKey) ?? textIn(name) ?? ''),
	);
	return named && textIn(named['value']);
}

const tokenName = '$2.value, of the first whose $2.nameI18nKey, else $2.name, ends with "token name"';
const tokenFrom = ['type.actionI18nKey', 'extraAttributes[]'] as const;
const action = first('type.actionI18nKey', 'type.action');

export const mapping: Mapping = {
	action,
	category: first('type.categoryI18nKey', 'type.category'),
	message: 'type.action',
	outcome: action,
	'actor.id': 'author.id',
	'actor.name': 'author.name',
	'actor.type': by(
		'where there is $2 or $3: $1, "user" where that is a person; "system" for the $2 -1, "anonymous" for -2',
		['author.type', 'author.id', 'author.name'],
		(type, id, name) => {
			if (id === '-1') return 'system';
			if (id === '-2') return 'anonymous';
			if (!id && !name) return undefined;
			return type !== undefined && person.test(type) ? 'user' : type;
		},
	),
	'credential.name': by(`where $1 is not about tokens: ${tokenName}`, tokenFrom, (key, attributes) =>
		key?.startsWith(tokenActions) ? undefined : tokenNameIn(attributes),
	),
	'origin.ip': 'source',
	'origin.ips': 'source',
	'service.address': 'system',
	'service.node': 'node',
	targets: [
		each('affectedObjects', {type: 'type', id: 'id', name: 'name'}),
		{
			type: constant('token'),
			name: by(`where $1 is about tokens: ${tokenName}`, tokenFrom, (key, attributes) =>
				key?.startsWith(tokenActions) ? tokenNameIn(attributes) : undefined,
			),
		},
	],
	changes: each('changedValues', {field: first('key', 'i18nKey'), from: 'from', to: 'to'}),
};
