import type {Json} from '../lib/model/event.ts';
import type {Mapping} from '../lib/source/mapping.ts';
import {type Members, membersIn, objectsIn, textIn} from '../lib/source/members.ts';
import {by, constant, each, first} from '../lib/source/words.ts';
import {remembered} from '../lib/source/readings.ts';
import {isoTime, recordTime} from '../lib/options/time.ts';

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
 * The record as the API gives it, of a line in a log file: there its time is in two numbers, and its type has another
 * name, with an area and a level that the API does not tell.
 */
export function asGiven(record: object): object {
	const {timestamp, auditType, version: _, ...rest} = record as Members;
	if (auditType === undefined && typeof timestamp !== 'object') return record;
	const {area: _area, level: _level, ...type} = membersIn(auditType);
	return {timestamp: isoOf(membersIn(timestamp)), type, ...rest};
}

/** As it stands where it is no time. `nano` is a number, not the digits behind a point; the API cuts at milliseconds. */
function isoOf({epochSecond, nano = 0, ...rest}: Members): unknown {
	const ms =
		typeof epochSecond === 'number' && typeof nano === 'number'
			? epochSecond * 1000 + Math.floor(nano / 1e6)
			: Number.NaN;
	return Math.abs(ms) <= 8.64e15 ? (isoTime(ms) ?? ms) : {epochSecond, nano, ...rest};
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

/** The name that somebody logs in with, in the address of a page about them; `name` may be one for people. */
function loginIn(uri: string | undefined): string | undefined {
	return (uri && knownLogin(uri)) || undefined;
}

const knownLogin = remembered(uri => {
	if (hasScheme.test(uri) && !ofServer.test(uri)) return '';
	const [, found] = uri.match(inQuery) ?? uri.match(inPath) ?? [];
	try {
		return found === undefined ? '' : decodeURIComponent(found.replaceAll('+', ' '));
	} catch {
		return '';
	}
});

const hasScheme = /^[a-z][a-z\d+.-]*:/i;
const ofServer = /^https?:\/\/[^/?#@\\]+\//i;
const inQuery = /[?&](?:user)?name=([^&#]+)/i;
const inPath = /(?:\/users\/|\/display\/~)([^#/?]+)/i;
const loginOf = (uri: string) => by('the login in the address $1', [uri], loginIn);
const fullNameOf = (uri: string, name: string) =>
	by('$2 where the address $1 has another login', [uri, name], (address, text) => {
		const login = loginIn(address);
		return login === undefined || login === text ? undefined : text;
	});

/** What nobody is called who did not log in. */
const anonymous = (id: string | undefined, name: string | undefined) =>
	id === '-2' || (!id && name?.toLowerCase() === 'anonymous');

/** The value of the first attribute whose key or, without one, whose name is like that: only texts have no language. */
function valueOf(attributes: readonly Members[], pattern: RegExp): string | undefined {
	const named = attributes.find(({nameI18nKey, name}) => pattern.test(textIn(nameI18nKey) ?? textIn(name) ?? ''));
	return named && textIn(named['value']);
}

/** What is done to a token itself: then its name says what it was done to, not with what. */
const aboutToken = /token/i;
/** The keys are not documented: `Token Name` is what an English server shows. */
const token = {name: /\btoken[. _-]?name$/i, id: /\btoken[. _-]?id$/i};
const tokenFrom = ['type.actionI18nKey', 'extraAttributes[]'] as const;
const ofToken = (part: 'name' | 'id', about: boolean) =>
	by(
		`where $1 is ${about ? '' : 'not '}about tokens: $2.value, of the first whose $2.nameI18nKey, else $2.name, ends with "token ${part}"`,
		tokenFrom,
		(key = '', attributes) => (aboutToken.test(key) === about ? valueOf(attributes, token[part]) : undefined),
	);

/** Whose login failed, where no object says it. */
const loginFailed = /login.?failed|authenticationfailure/i;
const account = /(?:^|[. _-])(?:user[. _-]?name|login|account)$/i;

/** Groups and users that a permission or a role was given to, or taken from. */
const holder = /^(group|user)s?$/i;
const changedFrom = ['key', 'i18nKey'] as const;

/** What was searched for. */
const query = /\b(?:jql|query)$/i;

/** Behind which addresses the client's is: those that a proxy has told of. */
const forwarded = /forwarded|real.?ip|proxy|balancer/i;

const action = first('type.actionI18nKey', 'type.action');
const addresses = by(
	'$1, and of $2 the values about proxies',
	['source', 'extraAttributes[]'],
	(source, attributes) => {
		const other = valueOf(attributes, forwarded);
		return source && other ? `${source},${other}` : (source ?? other);
	},
);

export const mapping: Mapping = {
	action,
	category: first('type.categoryI18nKey', 'type.category'),
	message: 'type.action',
	outcome: action,
	'actor.id': 'author.id',
	'actor.name': first(loginOf('author.uri'), 'author.name'),
	'actor.fullName': fullNameOf('author.uri', 'author.name'),
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
	'credential.id': ofToken('id', false),
	'credential.name': ofToken('name', false),
	'origin.ip': addresses,
	'origin.ips': addresses,
	'service.address': 'system',
	'service.node': 'node',
	method: 'method',
	targets: [
		each('affectedObjects', {
			type: by('$1, "anonymous" where $2 or $3 say so', ['type', 'id', 'name'], (type, id, name) =>
				anonymous(id, name) ? 'anonymous' : type,
			),
			id: 'id',
			name: first(loginOf('uri'), 'name'),
			fullName: fullNameOf('uri', 'name'),
		}),
		{type: constant('token'), id: ofToken('id', true), name: ofToken('name', true)},
		{
			type: constant('user'),
			name: by(
				'where $1 is a failed login: $2.value, of the first whose $2.nameI18nKey, else $2.name, is that of an account',
				[action, 'extraAttributes[]'],
				(key = '', attributes) => (loginFailed.test(key) ? valueOf(attributes, account) : undefined),
			),
		},
		each('changedValues', {
			type: by('"group" or "user" where $1 or $2 is that', changedFrom, (key, i18nKey) => {
				return holder.exec(key ?? i18nKey ?? '')?.[1]?.toLowerCase();
			}),
			name: by(
				'the first name in $4 that is not in $3, or in $3 that is not in $4, where $1 or $2 is Group or User',
				[...changedFrom, 'from', 'to'],
				(key, i18nKey, from, to) => (holder.test(key ?? i18nKey ?? '') ? differing(from, to) : undefined),
			),
		}),
		{
			type: constant('query'),
			name: by(
				'$1.value, of the first whose $1.nameI18nKey, else $1.name, ends with "JQL" or "query"',
				['extraAttributes[]'],
				attributes => valueOf(attributes, query),
			),
		},
	],
	changes: each('changedValues', {field: first('key', 'i18nKey'), from: 'from', to: 'to'}),
	attributes: each('extraAttributes', {name: 'name', key: 'nameI18nKey', value: 'value'}),
};

/** What was put in, or else taken out: lists have commas between names. */
function differing(from = '', to = ''): string | undefined {
	const [before, after] = [from, to].map(text => text.split(',').map(name => name.trim()));
	return after!.find(name => name && !before!.includes(name)) ?? before!.find(name => name && !after!.includes(name));
}
