import {groups, people, rowsOf} from '../data/people.ts';
import type {Random} from '../data/random.ts';
import {hole} from '../data/json.ts';
import {fillWith} from '../data/record-log.ts';
import {type Answer, errorsOf} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest} from '../server/api.ts';
import {type Setting, wholeNumber} from '../server/setting.ts';

const MAX_LIMIT = 1000;

/** Summary, category, type of the object, and the field that changes. */
const kinds = rowsOf(`
	Project deleted                    | projects             | PROJECT
	Field Configuration scheme updated | fields               | SCHEME       | Name
	Workflow updated                   | workflows            | WORKFLOW     | Status
	Notification scheme deleted        | notifications        | SCHEME
	Permission scheme deleted          | permissions          | SCHEME
	User created                       | user management      | USER         | Email
	User's password changed            | user management      | USER
	User added to group                | group management     | GROUP
	Custom field created               | fields               | CUSTOM_FIELD | Type
	Field context created              | custom field context | CUSTOM_FIELD
	Customer permissions changed       | projects             | PROJECT      | Access
`);

const messages = {
	400: 'The request is not valid.',
	401: 'You are not authenticated. Authentication required to perform this operation.',
	403: 'You are not authorized to perform this operation. Administrator privileges are required.',
	404: 'No such resource',
	405: 'Method Not Allowed',
	429: 'Rate limit exceeded.',
	500: 'Internal server error',
};

/**
 * Jira Cloud's audit records: offsets, and a `total` that counts what filters and bounds leave out too. No page fault
 * applies: a short page is the end here, so that nobody could tell one from the other.
 */
function create(setting: Setting): Api {
	const errorOf = errorsOf(setting.errorBody, messages, (_, message) => ({errorMessages: [message], errors: {}}));
	const log = setting.log({
		twinPercent: 0,
		recordOf: random => recordOf(random, setting.nameOf),
		factsOf: () => undefined,
		fill: fillWith(timeMs => `"${new Date(timeMs).toISOString().slice(0, -1)}+0000"`),
		marksOf: ({id}) => ({id: String(id)}),
	});

	function list({query}: ApiRequest): Answer {
		const offset = wholeNumber(query, 'offset', 0, 0);
		const asked = wholeNumber(query, 'limit', MAX_LIMIT, 1);
		const [from, to] = ['from', 'to'].map(name => parseTime(query.get(name)));
		if (offset === undefined || asked === undefined || Number.isNaN(from) || Number.isNaN(to)) {
			return errorOf(400, 'A parameter is not valid.');
		}
		const limit = setting.limit(asked, MAX_LIMIT);
		const words = query.get('filter')?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
		const holds =
			words.length > 0 ? (shape: {words: string}) => words.some(word => shape.words.includes(word)) : undefined;
		const rows = log.select({from, to}, holds).slice(offset, offset + limit);
		const envelope = {offset, limit, total: log.rows().length, records: []};
		return setting.page(
			envelope,
			'records',
			rows.map(row => log.textOf(row)),
		);
	}

	const path = /^(?:\/ex\/jira\/[^/]+)?\/rest\/api\/3\/auditing\/record$/;
	return {routes: [{method: 'GET', path, paged: true, answer: list}], auth: ['basic', 'bearer'], errorOf, held: log};
}

function recordOf(random: Random, nameOf: (name: string) => string): object {
	const [summary, category, type = '', field] = random.pick(kinds);
	const person = random.pick(people);
	const user = {id: person.id, name: nameOf(person.name)};
	const object =
		type === 'USER'
			? user
			: {
					id: String(random.below(20_000)),
					name: type === 'GROUP' ? random.pick(groups) : `${type} ${random.below(90)}`,
				};
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
		associatedItems: type === 'GROUP' ? [{...user, typeName: 'USER'}] : undefined,
	};
}

/** Epoch milliseconds; undefined where there is none, NaN for what is no time, such as `+0000` become a space. */
function parseTime(text: string | null): number | undefined {
	if (text === null) return undefined;
	const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d{1,3})?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
	if (!match) return NaN;
	const [, day, time = '00:00:00', zone = 'Z'] = match;
	return Date.parse(`${day}T${time}${zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')}`);
}

export default {
	reading: {emptyPageEnds: true},
	create,
} satisfies ApiDefinition;
