import {z} from 'zod';
import {type Place, type RecordLog, type Row} from '../data/record-log.ts';
import {type Answer, csvAnswer, edgeError, jsonAnswer, textAnswer} from '../server/answer.ts';
import type {Api, ApiDefinition, ApiRequest} from '../server/api.ts';
import {createCursorFaults, linkOrigin} from '../server/cursors.ts';
import type {RateLimitState} from '../server/rate-limit.ts';
import type {Setting} from '../server/setting.ts';
import {isPath, oneOf, textLike, yesOrNo} from '../server/switches.ts';
import {dataCenterConfiguration} from './_data-center-configuration.ts';
import {
	type AuditQuery,
	cursorInvalid,
	parseAuditQuery,
	searchLog,
	type ValidationError,
} from './_data-center-query.ts';
import {type AuditFacts, dataCenterLog, ownRecord, type ProductFacts} from './_data-center-records.ts';

const beforeAll = {timeMs: 8.64e15, id: 0};

const contextSwitch = (product: string, initial: string) =>
	textLike('a path like /path, or nothing', isPath, `the path that ${product} lies below; default: ${initial}`);

const group = z.strictObject({
	contexts: z
		.strictObject({
			jira: contextSwitch('Jira', '/jira, and the root'),
			confluence: contextSwitch('Confluence', '/confluence'),
			bitbucket: contextSwitch('Bitbucket', '/bitbucket'),
		})
		.exactOptional(),
	pageCursor: oneOf(
		['string', 'object'],
		'nextPageCursor as text, as real servers give it, or as {cursor}, as the documents say; default: string',
	),
	selfAudit: yesOrNo(
		"each search is audited itself, under the time of the server's clock; default: true, as real servers do",
	),
	licensed: yesOrNo(
		'false: a server licence, without categories and actions and with fewer coverage levels; default: true',
	),
});

/** The auditing plugin of a Data Center product: newest first, behind a cursor of time and row id. */
export function dataCenterApi(facts: ProductFacts): ApiDefinition {
	const {product} = facts;
	return {
		switches: {dataCenter: group},
		contextOf: switches => group.parse(switches['dataCenter'] ?? {}).contexts?.[product] ?? `/${product}`,
		reading: {switches: {dataCenter: {selfAudit: false}}},
		create: setting => create(setting, facts),
	};
}

function create(setting: Setting, product: ProductFacts): Api {
	const {switches, errorBody, options} = setting;
	const {
		selfAudit = true,
		licensed = true,
		pageCursor = 'string',
		contexts = {},
	} = group.parse(switches['dataCenter'] ?? {});
	const {now} = options;
	const log = dataCenterLog(setting, product);
	const cursorFaults = createCursorFaults();
	const errorOf = (status: number) => dataCenterError(status, setting);

	/** 400 as the plugin words it: one object, although its documents show a list of them. */
	function invalidQuery(errors: readonly ValidationError[]): Answer {
		const body = {status: 400, message: 'Invalid Query', errors, timestamp: new Date(now()).toISOString()};
		return jsonAnswer(400, errorBody === 'array' ? [body] : body);
	}

	function search(request: ApiRequest): Answer {
		const {query: parameters, fault} = request;
		const query = parseAuditQuery(parameters, licensed, now());
		if (fault?.kind === 'refuse-cursor' && parameters.has('pageCursor')) return invalidQuery([cursorInvalid]);
		if (!('limit' in query)) return invalidQuery(query);
		const found = searchLog(log, query);
		const limit = setting.limit(query.limit);
		const rows = fault?.kind === 'empty-pages' ? [] : found.slice(0, limit);
		const answer = query.csv ? csvOf(log, rows, now()) : page(request, query, rows, found.length > limit);
		if (selfAudit) {
			log.add(now(), ownRecord(product, options.username, searchPerformed(parameters, rows)));
		}
		return answer;
	}

	function page(request: ApiRequest, {behind}: AuditQuery, rows: readonly Row<AuditFacts>[], more: boolean): Answer {
		const {query, fault, number} = request;
		const last = rows.at(-1);
		const cursorOf = ({timeMs, id}: Place, zeros = 0) => `${'0'.repeat(zeros)}${timeMs},${id}`;
		const next = cursorFaults(fault, {
			given: query.get('pageCursor') ?? undefined,
			next: more && last ? cursorOf(last) : undefined,
			// the same place in other digits
			again: () => cursorOf(behind ?? beforeAll, 1 + (number % 9)),
		});
		const nothing = switches.end === 'null' ? {nextPageOffset: null, nextPageCursor: null, nextPageLink: null} : {};
		const paging = next === undefined ? nothing : nextPage(request, next);
		const pagingInfo = {...paging, lastPage: next === undefined, size: rows.length};
		return setting.page(
			{entities: [], pagingInfo},
			'entities',
			rows.map(row => log.textOf(row)),
		);
	}

	function nextPage({query, path, origin, fault}: ApiRequest, cursor: string): object {
		const {linkFilters = true, pathPrefix = ''} = switches;
		const kept = new URLSearchParams(linkFilters ? query : {limit: query.get('limit') ?? '200'});
		kept.delete('pageCursor');
		kept.set('offset', '0');
		const base = linkOrigin(fault, switches.linkOrigin ?? origin) + pathPrefix + path;
		const isLinkOnly = fault?.kind === 'foreign-next' && fault.onlyLink;
		return {
			nextPageOffset: 0,
			...(isLinkOnly ? {} : {nextPageCursor: pageCursor === 'string' ? cursor : {cursor}}),
			nextPageLink: `${base}?${kept.toString()}&pageCursor=${cursor}`,
		};
	}

	const context = contexts[product.product] ?? `/${product.product}`;
	const isAtRoot = product.product === 'jira' && !Object.values(contexts).includes('');
	const resource = (path: string) => new RegExp(`^(?:${context}${isAtRoot ? '|' : ''})/rest/auditing/1\\.0/${path}$`);
	return {
		routes: [
			{method: 'GET', path: resource('events'), paged: true, answer: search},
			...dataCenterConfiguration({setting, product, licensed, resource, errorOf}, log),
		],
		auth: ['basic', 'bearer'],
		errorOf,
		held: log,
		rateHeaders,
	};

	function dataCenterError(status: number, {errorBody: body}: Setting): Answer {
		if (status === 400) return invalidQuery([]);
		if (status === 500) return textAnswer(500, 'The search took too long; try a smaller range.');
		const message = messages[status];
		if (message === undefined || body === 'html') return edgeError(status);
		return body === 'text' ? textAnswer(status, message) : jsonAnswer(status, {message, 'status-code': status});
	}
}

const messages: Readonly<Record<number, string>> = {
	403: 'The user is not allowed to view audit events',
	404: 'HTTP 404 Not Found',
	405: 'HTTP 405 Method Not Allowed',
	429: 'Rate limited.',
};

/** What the plugin notes of a search, as it does of each. */
function searchPerformed(query: URLSearchParams, rows: readonly Place[]) {
	const [newest, oldest] = [rows[0], rows.at(-1)];
	const span = (value: (row: Place) => string) => (newest && oldest ? `${value(oldest)} - ${value(newest)}` : '');
	const attributes = {
		'ID Range': span(({id}) => String(id)),
		Query: query.toString(),
		'Results returned': String(rows.length),
		'Timestamp Range': span(({timeMs}) => new Date(timeMs).toISOString()),
	};
	return {
		action: ['atlassian.audit.event.action.audit.search', 'Audit Log search performed'] as const,
		extraAttributes: Object.entries(attributes).map(([name, value]) => {
			return {name, nameI18nKey: `atlassian.audit.event.attribute.${name}`, value};
		}),
	};
}

/** Rows as the plugin's export writes them; the columns are few, the vendor documents none. */
function csvOf(log: RecordLog<AuditFacts>, rows: readonly Row<AuditFacts>[], nowMs: number): Answer {
	const lines = rows.map(row => {
		const {timestamp, author, type} = JSON.parse(log.textOf(row)) as {
			timestamp: string;
			author: {name: string};
			type: {category: string; action: string};
		};
		return [timestamp, author.name, type.category, type.action];
	});
	const minute = new Date(nowMs).toISOString().slice(0, 19).replaceAll(':', '_');
	return csvAnswer([['Timestamp', 'Author', 'Category', 'Action'], ...lines], 'text/csv', {
		'content-disposition': `attachment; filename="Auditing Export ${minute}Z.csv"`,
	});
}

/** A bucket of tokens: `retry-after` stands in every answer, 0 while there are tokens. */
function rateHeaders({limit, remaining, perMs, waitMs}: RateLimitState): Readonly<Record<string, string>> {
	return {
		'x-ratelimit-limit': String(limit),
		'x-ratelimit-remaining': String(remaining),
		'x-ratelimit-interval-seconds': String(Math.ceil(perMs / 1000)),
		'x-ratelimit-fillrate': String(limit),
		'retry-after': String(Math.ceil(waitMs / 1000)),
	};
}
