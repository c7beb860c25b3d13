import {z} from 'zod';
import {parseObject} from '../data/json.ts';
import {hash} from '../data/random.ts';
import {createZoneTime, isTimeZone} from '../data/zone-time.ts';
import {type Answer, errorsOf, jsonAnswer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest} from '../server/api.ts';
import {type Setting, wholeNumber} from '../server/setting.ts';
import {textLike, yesOrNo} from '../server/switches.ts';
import {crowdLog, type CrowdFacts} from './_crowd-records.ts';
import {type CrowdQuery, filterValues, isProjection, newChangeset, parseCrowdQuery} from './_crowd-requests.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
const TIME_ZONE = 'Europe/Helsinki';
const ORDER_SALT = 70;

const group = z.strictObject({
	timeZone: textLike(
		'a time zone like Europe/Helsinki',
		isTimeZone,
		`the zone of the server, which its times are written in; default: ${TIME_ZONE}`,
	),
	stableSets: yesOrNo('sets keep one order; default: it differs from answer to answer'),
});

const messages = {
	400: 'Bad request',
	401: 'Client must be authenticated to access this resource.',
	403: 'The user is not an administrator',
	404: 'No such resource',
	405: 'Method not allowed',
	429: 'Too many requests',
	500: 'Internal server error',
};

/** Crowd's audit log: searches by POST, newest first, offsets into a list that grows at its head. */
function create(setting: Setting): Api {
	const {timeZone = TIME_ZONE, stableSets = false} = group.parse(setting.switches['crowd'] ?? {});
	const {seed, now} = setting.options;
	const zone = createZoneTime(timeZone);
	const log = crowdLog(setting, zone);
	let configuration = {retentionPeriod: 'UNLIMITED'};
	const errorOf = errorsOf(setting.errorBody, messages, (status, message) => {
		return {reason: status === 400 ? 'ILLEGAL_ARGUMENT' : 'OPERATION_FAILED', message};
	});

	/** Answers the part of a list that `start` and `limit` ask for. */
	function page<T>({query, fault}: ApiRequest, values: readonly T[], textOf: (value: T) => string): Answer {
		const start = wholeNumber(query, 'start', 0, 0);
		const asked = wholeNumber(query, 'limit', DEFAULT_LIMIT, 1);
		if (start === undefined || asked === undefined) return errorOf(400, 'start and limit have to be numbers');
		const limit = setting.limit(asked, MAX_LIMIT);
		const isEmpty = fault?.kind === 'empty-pages';
		const found = isEmpty ? [] : values.slice(start, start + limit);
		const isLastPage = !isEmpty && start + found.length >= values.length;
		return setting.page({values: [], size: found.length, start, limit, isLastPage}, 'values', found.map(textOf));
	}

	const searching = (answer: (request: ApiRequest, query: CrowdQuery) => Answer) => (request: ApiRequest) => {
		const query = parseCrowdQuery(request.body, zone);
		return typeof query === 'string' ? errorOf(400, query) : answer(request, query);
	};
	const rowsOf = ({bounds, matches}: CrowdQuery) => log.select(bounds, ({facts}) => matches(facts));

	const search = searching((request, query) =>
		page(request, rowsOf(query), row =>
			log.textOf(row, stableSets ? 0 : hash(seed + request.number, ORDER_SALT, row.id)),
		),
	);

	const filter = searching((request, query) => {
		const projection = request.query.get('projection');
		if (!isProjection(projection)) return errorOf(400, `No such projection: ${String(projection)}`);
		const facts = rowsOf(query).map((row): CrowdFacts => row.shape().facts);
		const values = filterValues(facts, projection, request.query.get('search') ?? '');
		return page(request, values, value => JSON.stringify(value));
	});

	function add({body}: ApiRequest): Answer {
		const made = newChangeset(body, zone);
		if (typeof made === 'string') return errorOf(400, made);
		log.add(made.timeMs ?? now(), made.record);
		return {status: 201, headers: {}, body: Buffer.alloc(0)};
	}

	function configure({body}: ApiRequest): Answer {
		const {retentionPeriod} = parseObject(body) ?? {};
		if (!/^[A-Z][A-Z0-9_]*$/.test(String(retentionPeriod))) return errorOf(400, 'No such retention period');
		configuration = {retentionPeriod: String(retentionPeriod)};
		return jsonAnswer(200, configuration);
	}

	const path = (name: string) => new RegExp(`^(?:/crowd)?/rest/admin/1\\.0/auditlog${name}$`);
	return {
		routes: [
			{method: 'POST', path: path(''), answer: add},
			{method: 'POST', path: path('/query'), paged: true, answer: search},
			{method: 'POST', path: path('/query/filter'), paged: true, answer: filter},
			{method: 'GET', path: path('/configuration'), answer: () => jsonAnswer(200, configuration)},
			{method: 'PUT', path: path('/configuration'), answer: configure},
		],
		auth: ['basic'],
		errorOf,
		held: log,
	};
}

export default {
	contextOf: () => '/crowd',
	switches: {crowd: group},
	reading: {switches: {crowd: {stableSets: true}}},
	create,
} satisfies ApiDefinition;
