import {z} from 'zod';
import {type ErrorBody, edgeError, jsonAnswer, textAnswer, type Answer} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {newChangeset} from './crowd-changeset.ts';
import {type CrowdQuery, parseCrowdQuery} from './crowd-query.ts';
import {filterValues, isProjection} from './crowd-filter.ts';
import {crowdLog} from './crowd-records.ts';
import {pageBody} from '../server/page-body.ts';
import {parseObject} from '../server/parse-object.ts';
import {hash} from '../data/random.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import type {Part, Setting} from '../server/setting.ts';
import {textLike, yesOrNo} from '../server/switch-value.ts';
import {wholeNumber} from '../server/whole-number.ts';
import {createZoneTime, isTimeZone} from '../data/zone-time.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1000;
const TIME_ZONE = 'Europe/Helsinki';
const ORDER_SALT = 70;

export const crowdSwitches = z.strictObject({
	timeZone: textLike(
		'a time zone like Europe/Helsinki',
		isTimeZone,
		`the zone of the server, which its times are written in; default: ${TIME_ZONE}`,
	),
	stableSets: yesOrNo('sets keep one order; default: it differs from answer to answer'),
});

export type CrowdSwitches = Readonly<z.output<typeof crowdSwitches>>;

/** Crowd's audit log: searches by POST, newest first, offsets into a list that grows at its head. */
export function crowd(setting: Setting, switches: CrowdSwitches = {}): Part {
	const zone = createZoneTime(switches.timeZone ?? TIME_ZONE);
	const log = crowdLog(setting, zone);
	const writer = createByteWriter();
	let configuration = {retentionPeriod: 'UNLIMITED'};
	const errorOf = (status: number) => crowdError(status, crowdMessages[status], setting.errorBody);
	const bad = (message: string) => crowdError(400, message, setting.errorBody);

	/** Answers the part of a list that `start` and `limit` ask for. */
	function page<T>({query, fault}: ApiRequest, values: readonly T[], write: (value: T) => void): Answer {
		const start = wholeNumber(query, 'start', 0, 0);
		const asked = wholeNumber(query, 'limit', DEFAULT_LIMIT, 1);
		if (start === undefined || asked === undefined) return bad('start and limit have to be numbers');
		const limit = Math.min(asked, MAX_LIMIT, setting.maxLimit);
		const empty = fault?.kind === 'empty-pages';
		const found = empty ? [] : values.slice(start, start + limit);
		const isLastPage = !empty && start + found.length >= values.length;
		const envelope = {values: [], size: found.length, start, limit, isLastPage};
		const writeRecord = (index: number) => write(found[index]!);
		return jsonAnswer(200, pageBody(writer, envelope, 'values', found.length, writeRecord, setting.prettyPrint));
	}

	const searching = (answer: (request: ApiRequest, query: CrowdQuery) => Answer) => (request: ApiRequest) => {
		const query = parseCrowdQuery(request.body, zone);
		return typeof query === 'string' ? bad(query) : answer(request, query);
	};
	const rowsOf = ({bounds, matches}: CrowdQuery) => log.select(bounds, ({facts}) => matches(facts));

	const search = searching((request, query) =>
		page(request, rowsOf(query), row => {
			const draw = switches.stableSets ? 0 : hash(setting.seed + request.number, ORDER_SALT, row.id);
			log.write(writer, row, draw);
		}),
	);

	const filter = searching((request, query) => {
		const projection = request.query.get('projection');
		if (!isProjection(projection)) return bad(`No such projection: ${String(projection)}`);
		const facts = rowsOf(query).map(row => row.shape().facts);
		const values = filterValues(facts, projection, request.query.get('search') ?? '');
		return page(request, values, value => writer.write(Buffer.from(JSON.stringify(value))));
	});

	function add({body}: ApiRequest): Answer {
		const made = newChangeset(body, zone);
		if (typeof made === 'string') return bad(made);
		log.add(made.timeMs ?? setting.now(), made.record);
		return {status: 201, headers: {}, body: Buffer.alloc(0)};
	}

	function configure({body}: ApiRequest): Answer {
		const {retentionPeriod} = parseObject(body) ?? {};
		if (!/^[A-Z][A-Z0-9_]*$/.test(String(retentionPeriod))) return bad('No such retention period');
		configuration = {retentionPeriod: String(retentionPeriod)};
		return jsonAnswer(200, Buffer.from(JSON.stringify(configuration)));
	}

	const path = (name: string) => new RegExp(`^(?:/crowd)?/rest/admin/1\\.0/auditlog${name}$`);
	const routes: readonly Route[] = [
		{method: 'POST', path: path(''), answer: add},
		{method: 'POST', path: path('/query'), paged: true, answer: search},
		{method: 'POST', path: path('/query/filter'), paged: true, answer: filter},
		{
			method: 'GET',
			path: path('/configuration'),
			answer: () => jsonAnswer(200, Buffer.from(JSON.stringify(configuration))),
		},
		{method: 'PUT', path: path('/configuration'), answer: configure},
	];
	return {api: {routes, auth: ['basic'], errorOf}, held: log};
}

const crowdMessages: Readonly<Record<number, string>> = {
	400: 'Bad request',
	401: 'Client must be authenticated to access this resource.',
	403: 'The user is not an administrator',
	404: 'No such resource',
	405: 'Method not allowed',
	429: 'Too many requests',
	500: 'Internal server error',
};

function crowdError(status: number, message: string | undefined, body: ErrorBody): Answer {
	if (message === undefined || body === 'html') return edgeError(status);
	if (body === 'text') return textAnswer(status, message);
	const error = {reason: status === 400 ? 'ILLEGAL_ARGUMENT' : 'OPERATION_FAILED', message};
	return jsonAnswer(status, Buffer.from(JSON.stringify(body === 'array' ? [error] : error)));
}
