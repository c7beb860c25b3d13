import type {AuditActor, AuditService, Json} from '../lib/model/event.ts';
import type {NormalizedMembers} from '../lib/source/define-source.ts';
import {recordTime} from '../lib/options/time.ts';
import {
	changeOf,
	hasFailed,
	type Members,
	membersIn,
	objectsIn,
	originIn,
	someIn,
	targetOf,
	textIn,
	type Writable,
} from './_members.ts';

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

/** Written out member by member, since it runs for every event: only what says something is there, never null or "". */
export function normalize(record: DataCenterEvent): NormalizedMembers {
	const {actionI18nKey, action: actionText, categoryI18nKey, category: categoryText} = membersIn(record.type);
	const message = textIn(actionText);
	const action = textIn(actionI18nKey) ?? message;
	const category = textIn(categoryI18nKey) ?? textIn(categoryText);
	const event: Writable<NormalizedMembers> = {};
	if (action) event.action = action;
	if (category) event.category = category;
	if (message) event.message = message;
	event.outcome = hasFailed(action) ? 'failure' : 'success';
	const actor = actorOf(membersIn(record.author));
	if (actor) event.actor = actor;
	const credential = objectsIn(record.extraAttributes).find(isTokenName);
	const tokenName = credential && textIn(credential['value']);
	const isAboutToken = textIn(actionI18nKey)?.startsWith(tokenActions) === true;
	if (tokenName && !isAboutToken) event.credential = {name: tokenName};
	const origin = originIn(record.source);
	if (origin) event.origin = origin;
	const service = serviceOf(record);
	if (service) event.service = service;
	const targets = someIn(record.affectedObjects, ({type, id, name}) => targetOf(type, id, name));
	if (targets) event.targets = targets;
	if (tokenName && isAboutToken) event.targets = [...(targets ?? []), {type: 'token', name: tokenName}];
	const changes = someIn(record.changedValues, ({key, i18nKey, from, to}) =>
		changeOf(textIn(key) ?? i18nKey, from, to),
	);
	if (changes) event.changes = changes;
	return event;
}

/** What {@link normalize} takes each member from. */
export const mapping = {
	action: 'type.actionI18nKey, else type.action',
	category: 'type.categoryI18nKey, else type.category',
	message: 'type.action',
	outcome: '"failure" where type.actionI18nKey, else type.action, has the word fail, failed or failure, else "success"',
	'actor.id': 'author.id',
	'actor.name': 'author.name',
	'actor.type': 'author.type, "user" where that is a person; "system" for the author.id -1, "anonymous" for -2',
	'credential.name':
		'where type.actionI18nKey is not about tokens: extraAttributes[].value, of the first whose extraAttributes[].nameI18nKey, else extraAttributes[].name, ends with "token name"',
	'origin.ip': 'the first of source',
	'origin.ips': 'source, at its commas',
	'service.address': 'system',
	'service.node': 'node',
	'targets.type':
		'affectedObjects[].type; "token" for the token that a record about tokens names (see targets.name: type.actionI18nKey, extraAttributes[].nameI18nKey, extraAttributes[].name, extraAttributes[].value)',
	'targets.id': 'affectedObjects[].id',
	'targets.name':
		'affectedObjects[].name, or extraAttributes[].value of a token name (extraAttributes[].nameI18nKey, else extraAttributes[].name) where type.actionI18nKey is about tokens',
	'changes.field': 'changedValues[].key, else changedValues[].i18nKey',
	'changes.from': 'changedValues[].from',
	'changes.to': 'changedValues[].to',
} as const;

/** Ids that are nobody's account. */
const actorTypes: Readonly<Record<string, string>> = {'-1': 'system', '-2': 'anonymous'};

/** What Jira, Confluence and Bitbucket call the type of a person. */
const personTypes: readonly unknown[] = ['applicationuser', 'user', 'normal'];

function actorOf(author: Members): AuditActor | undefined {
	const actor: Writable<AuditActor> = {};
	const id = textIn(author['id']);
	const name = textIn(author['name']);
	if (id) actor.id = id;
	if (name) actor.name = name;
	const own = textIn(author['type']);
	const type =
		id && Object.hasOwn(actorTypes, id) ? actorTypes[id] : personTypes.includes(own?.toLowerCase()) ? 'user' : own;
	if (type) actor.type = type;
	return id || name ? actor : undefined;
}

/** What is done to a token itself: then its name says what it was done to, not with what. */
const tokenActions = 'personal.access.tokens.';

/** The key of the attribute is not documented: `Token Name` is what an English server shows. */
function isTokenName({nameI18nKey, name}: Members): boolean {
	return /\btoken[. _-]?name$/i.test(textIn(nameI18nKey) ?? textIn(name) ?? '');
}

function serviceOf({system, node}: DataCenterEvent): AuditService | undefined {
	const said = {address: textIn(system), node: textIn(node)};
	const service: Writable<AuditService> = {};
	if (said.address) service.address = said.address;
	if (said.node) service.node = said.node;
	return said.address || said.node ? service : undefined;
}
