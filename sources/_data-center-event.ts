import type {AuditActor, AuditTarget, Json} from '../lib/event.ts';
import type {NormalizedMembers} from '../lib/source.ts';
import {changesOf, listOf, type Writable} from './_members.ts';

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
	readonly changedValues?:
		| readonly {
				readonly key?: string;
				readonly i18nKey?: string;
				readonly from?: string;
				readonly to?: string;
		  }[]
		| null;
	/** The client's address, then those of its proxies, with commas. */
	readonly source?: string | null;
	/** The server's own address. */
	readonly system?: string | null;
	readonly node?: string | null;
	readonly method?: string | null;
	readonly extraAttributes?:
		| readonly {
				readonly name?: string;
				readonly nameI18nKey?: string;
				readonly value?: string;
		  }[]
		| null;
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
		event.timestamp,
		whoOrWhat(author ?? {}),
		type?.categoryI18nKey || type?.category || null,
		type?.actionI18nKey || type?.action || null,
		listOf(affectedObjects).map(whoOrWhat),
		listOf(changedValues).map(({i18nKey, key, from, to}) => [i18nKey || key || null, from ?? null, to ?? null]),
		listOf(extraAttributes).map(({nameI18nKey, name, value}) => [nameI18nKey || name || null, value ?? null]),
		event.source ?? null,
		event.node ?? null,
	];
}

function whoOrWhat({type, id, name}: Named): Json {
	return [type ?? null, id ? {id} : {name: name ?? null}];
}

/** Written out member by member, since it runs for every event: only what says something is there, never null or "". */
export function normalize({author, type, affectedObjects, changedValues, source}: DataCenterEvent): NormalizedMembers {
	const event: Writable<NormalizedMembers> = {};
	const action = type?.actionI18nKey || type?.action;
	const category = type?.categoryI18nKey || type?.category;
	if (action) event.action = action;
	if (category) event.category = category;
	if (type?.action) event.message = type.action;
	event.outcome = 'success';
	const actor = actorOf(author);
	if (actor) event.actor = actor;
	const [ip, ...proxies] = (source ?? '')
		.split(',')
		.map(address => address.trim())
		.filter(Boolean);
	if (ip) event.origin = {ip, ips: [ip, ...proxies]};
	const targets = targetsOf(affectedObjects);
	if (targets.length > 0) event.targets = targets;
	const changes = changesOf(
		listOf(changedValues).map(({key, i18nKey, from, to}) => [key || i18nKey, from, to] as const),
	);
	if (changes) event.changes = changes;
	return event;
}

/** Ids that are nobody's account. */
const actorTypes: Readonly<Record<string, string>> = {'-1': 'system', '-2': 'anonymous'};

/** What Jira, Confluence and Bitbucket call the type of a person. */
const personTypes: readonly (string | undefined)[] = ['ApplicationUser', 'user', 'NORMAL'];

function actorOf(author: DataCenterEvent['author']): AuditActor | undefined {
	const actor: Writable<AuditActor> = {};
	if (author?.id) actor.id = author.id;
	if (author?.name) actor.name = author.name;
	const type = actorTypes[author?.id ?? ''] ?? (personTypes.includes(author?.type) ? 'user' : author?.type);
	if (type) actor.type = type;
	return actor.id || actor.name ? actor : undefined;
}

function targetsOf(affectedObjects: DataCenterEvent['affectedObjects']): AuditTarget[] {
	return listOf(affectedObjects).flatMap(({type, id, name}) => {
		const target: Writable<AuditTarget> = {};
		if (type) target.type = type;
		if (id) target.id = id;
		if (name) target.name = name;
		return type || id || name ? [target] : [];
	});
}
