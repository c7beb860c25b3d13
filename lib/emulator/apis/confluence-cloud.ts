import {z} from 'zod';
import {hole, parseObject, type Members} from '../data/json.ts';
import {groups, people, rowsOf, spaces} from '../data/people.ts';
import type {Random} from '../data/random.ts';
import {fillWith} from '../data/record-log.ts';
import {type Answer, csvAnswer, edgeError, errorsOf, jsonAnswer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest, RecordBounds} from '../server/api.ts';
import {linkOrigin} from '../server/cursors.ts';
import {type Setting, wholeNumber} from '../server/setting.ts';
import {yesOrNo} from '../server/switches.ts';

const MAX_LIMIT = 1000;
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
/** What `_links.base` says behind the vendor's gateway: the site, which is another host. */
const SITE = 'https://example.atlassian.net';
const CONTEXT = '/wiki';

const group = z.strictObject({
	nextWithContext: yesOrNo('links to next pages begin with /wiki, which their base ends with too'),
});

/** The length of each unit; the calendar's are as long as they are on average. */
const unitMs: Readonly<Record<string, number>> = {
	NANOS: 1e-6,
	MICROS: 1e-3,
	MILLIS: 1,
	SECONDS: 1000,
	MINUTES: 60_000,
	HOURS: 3_600_000,
	HALF_DAYS: DAY_MS / 2,
	DAYS: DAY_MS,
	WEEKS: 7 * DAY_MS,
	MONTHS: 30.4375 * DAY_MS,
	YEARS: 365.25 * DAY_MS,
	DECADES: 3652.5 * DAY_MS,
	CENTURIES: 36_525 * DAY_MS,
};

/** Category, summary, type of the object, what changes (name: old > new), type of what is associated. */
const kinds = rowsOf(`
	Spaces            | Space created               | Space | Space type: > global; Space status: > CURRENT; Space key: > ENG; Home page: > page: 484737204 v.1
	Spaces            | Space configuration updated | Space | Name: Engineering > Überblick "neu"
	Spaces            | Space logo uploaded         | Space
	Users and groups  | User created                | User  | Display name: > José Núñez; Email: > jose@example.com; Active: > Yes
	Users and groups  | User details updated        | User  | Email: a@example.com > b@example.com
	Users and groups  | User deactivated            | User  | Active: Yes > No
	Users and groups  | User added to group         | Group | | User
	Users and groups  | Group created               | Group
	Permissions       | Space permission added      | Space | | Group
	Import and export | Space exported              | Space
	Apps              | App installed               |
`);

const messages = {
	400: 'Bad Request',
	403: 'Only Confluence Administrators may view the audit log',
	404: 'No such resource',
	405: 'HTTP 405 Method Not Allowed',
	429: 'Rate limit exceeded',
	500: 'Internal Server Error',
};

/** Confluence Cloud's audit log, below a site and below the gateway: offsets into a list that grows at its head. */
function create(setting: Setting): Api {
	const {errorBody, switches} = setting;
	const {nextWithContext = false} = group.parse(switches['confluenceCloud'] ?? {});
	const {linkFilters = true, end} = switches;
	const {now} = setting.options;
	let retention = {number: 1, units: 'YEARS'};
	const log = setting.log({
		recordOf: random => recordOf(random, setting.nameOf),
		factsOf: () => undefined,
		fill: fillWith(String),
	});

	const worded = errorsOf(errorBody, messages, (statusCode, message) => ({
		statusCode,
		data: {authorized: statusCode !== 403, valid: statusCode !== 400, errors: [{message}], successful: false},
		message,
	}));
	function errorOf(status: number): Answer {
		if (status === 401) return edgeError(status);
		// the documented 403 has no body at all
		const answer = worded(status);
		return errorBody === 'text' ? {...answer, body: Buffer.alloc(0)} : answer;
	}

	function list(request: ApiRequest, bounds: RecordBounds | undefined): Answer {
		const {query, fault} = request;
		const start = wholeNumber(query, 'start', 0, 0);
		const asked = wholeNumber(query, 'limit', MAX_LIMIT, 1);
		if (!bounds || start === undefined || asked === undefined) return errorOf(400);
		const limit = setting.limit(asked, MAX_LIMIT);
		const search = query.get('searchString')?.toLowerCase();
		const found = log.select(bounds, search ? ({words}) => words.includes(search) : undefined);
		const rows = fault?.kind === 'empty-pages' ? [] : found.slice(start, start + limit);
		const more = end === 'empty-page' ? rows.length === limit : start + rows.length < found.length;
		const next = {limit, start: fault?.kind === 'repeat-cursor' ? start : start + rows.length};
		const _links = linksOf(request, more ? next : undefined);
		const envelope = {results: [], start, limit, size: rows.length, _links};
		return setting.page(
			envelope,
			'results',
			rows.map(row => log.textOf(row)),
		);
	}

	function linksOf({query, path, fault}: ApiRequest, next: Readonly<Record<string, number>> | undefined): object {
		const origin = linkOrigin(fault, path.startsWith('/ex/') ? SITE : setting.linkBase());
		const resource = path.slice(path.indexOf(CONTEXT) + CONTEXT.length);
		const parameters = new URLSearchParams();
		for (const name of ['startDate', 'endDate', 'searchString', 'number', 'units']) {
			if (linkFilters && query.has(name)) parameters.set(name, query.get(name)!);
		}
		for (const [name, value] of Object.entries(next ?? {})) parameters.set(name, String(value));
		const link = `${nextWithContext ? CONTEXT : ''}${resource}?${parameters.toString()}`;
		const self = origin + CONTEXT + resource;
		return {base: origin + CONTEXT, context: CONTEXT, self, ...(next && {next: link})};
	}

	function since(request: ApiRequest): Answer {
		const number = wholeNumber(request.query, 'number', 3, 1);
		const unit = unitMs[request.query.get('units') ?? 'MONTHS'];
		return list(request, number && unit ? {from: now() - number * unit} : undefined);
	}

	// the vendor does not document the columns; a zip would hold the same text
	function exported({query}: ApiRequest): Answer {
		const bounds = datesOf(query);
		const type = {csv: 'text/csv', zip: 'application/zip'}[query.get('format') ?? 'csv'];
		if (!bounds || type === undefined) return errorOf(400);
		const lines = Array.from(log.records(bounds), ({timeMs, text}) => {
			const {author, summary = ''} = JSON.parse(text) as {author?: {displayName?: string}; summary?: string};
			return [new Date(timeMs).toISOString(), author?.displayName ?? '', summary];
		});
		return csvAnswer([['Date', 'Author', 'Summary'], ...lines], type);
	}

	function setRetention({body}: ApiRequest): Answer {
		const {number: given, units} = parseObject(body) ?? {};
		const [number, unit] = [Number(given), unitMs[String(units)]];
		if (!Number.isInteger(given) || number < 1 || !unit || number * unit > YEAR_MS) return errorOf(400);
		retention = {number, units: String(units)};
		return jsonAnswer(200, retention);
	}

	function add({body}: ApiRequest): Answer {
		const given = parseObject(body);
		const {creationDate = now()} = given ?? {};
		if (typeof given?.['remoteAddress'] !== 'string' || !Number.isInteger(creationDate)) return errorOf(400);
		log.add(Number(creationDate), {...withDefaults(given), creationDate: hole.time});
		return jsonAnswer(200, {...withDefaults(given), creationDate});
	}

	const below = (resource: string) => new RegExp(`^(?:/ex/confluence/[^/]+)?/wiki/rest/api/audit${resource}$`);
	return {
		routes: [
			{method: 'GET', path: below(''), paged: true, answer: request => list(request, datesOf(request.query))},
			{method: 'POST', path: below(''), answer: add},
			{method: 'GET', path: below('/since'), paged: true, answer: since},
			{method: 'GET', path: below('/export'), answer: exported},
			{method: 'GET', path: below('/retention'), answer: () => jsonAnswer(200, retention)},
			{method: 'PUT', path: below('/retention'), answer: setRetention},
		],
		auth: ['basic', 'bearer'],
		errorOf,
		held: log,
	};
}

/** `startDate` and `endDate`, inclusive; undefined when one is not epoch milliseconds. */
function datesOf(query: URLSearchParams): RecordBounds | undefined {
	const from = wholeNumber(query, 'startDate', 0, 0);
	const to = wholeNumber(query, 'endDate', Number.MAX_SAFE_INTEGER, 0);
	return from === undefined || to === undefined ? undefined : {from, to};
}

const nothing = {name: '', objectType: ''};
/** What the log shows as the author where no person was at work: a name without any id. */
const systemAuthor = {type: 'user', displayName: 'System', operations: null, isExternalCollaborator: false};

function withDefaults(given: Members): Members {
	const flags = {sysAdmin: false, superAdmin: false};
	const texts = {summary: '', description: '', category: ''};
	return {
		author: systemAuthor,
		...texts,
		...flags,
		affectedObject: nothing,
		changedValues: [],
		associatedObjects: [],
		...given,
	};
}

/** A made-up record, as real ones are: no id, and "" where others have null. */
function recordOf(random: Random, nameOf: (name: string) => string): object {
	const [category, summary, kind = '', changes = '', associated] = random.pick(kinds);
	const object = (objectType: string) => ({name: objectName(random, objectType), objectType});
	return {
		author: random.chance(12) ? systemAuthor : author(random, nameOf),
		remoteAddress: random.chance(90) ? `203.0.113.${random.below(40)}` : '',
		creationDate: hole.time,
		summary,
		description: random.chance(15) ? `${summary} 🦊 by hand` : '',
		category,
		sysAdmin: random.chance(10),
		superAdmin: false,
		affectedObject: kind && random.chance(95) ? object(kind) : nothing,
		changedValues: [...changes.matchAll(/([^:;]+): (.*?)> ([^;]+)/g)].map(([, name = '', from = '', newValue]) => ({
			name: name.trim(),
			oldValue: from.trim(),
			newValue,
			hiddenOldValue: '',
			hiddenNewValue: '',
		})),
		associatedObjects: associated ? [object(associated)] : [],
	};
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

function objectName(random: Random, kind: string): string {
	if (kind === 'Space') return random.pick(spaces);
	if (kind === 'User') return random.pick(people).name;
	return `${random.pick(groups)}:4375f4c3-0${random.below(1000)}`;
}

export default {switches: {confluenceCloud: group}, create} satisfies ApiDefinition;
