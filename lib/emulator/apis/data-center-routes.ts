import {z} from 'zod';
import {edgeError, jsonAnswer, textAnswer, type Answer} from '../server/answer.ts';
import type {ApiName} from '../server/api.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {auditCsv} from './data-center-csv.ts';
import {dataCenterConfiguration} from './data-center-configuration.ts';
import type {Product} from './data-center-catalogue.ts';
import {type AuditQuery, cursorInvalid, parseAuditQuery, type ValidationError} from './data-center-query.ts';
import {type AuditFacts, dataCenterLog} from './data-center-records.ts';
import {searchLog} from './data-center-search.ts';
import {searchPerformed} from './data-center-self-audit.ts';
import {createCursorFaults, FOREIGN_ORIGIN} from '../server/next-cursor.ts';
import {pageBody} from '../server/page-body.ts';
import type {RateLimitState} from '../server/rate-limit.ts';
import type {Place, Row} from '../data/record-log.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import type {Part, Setting} from '../server/setting.ts';
import {isPath, oneOf, textLike, yesOrNo} from '../server/switch-value.ts';

const context = (product: string, initial: string) =>
	textLike('a path like /path, or nothing', isPath, `the path that ${product} lies below; default: ${initial}`);

export const dataCenterSwitches = z.strictObject({
	contexts: z
		.strictObject({
			jira: context('Jira', '/jira, and the root'),
			confluence: context('Confluence', '/confluence'),
			bitbucket: context('Bitbucket', '/bitbucket'),
		} satisfies Record<Product, unknown>)
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

export type DataCenterSwitches = Readonly<z.output<typeof dataCenterSwitches>>;

/** The auditing plugin of a Data Center product: newest first, behind a cursor of time and row id. */
export function dataCenter(setting: Setting, name: ApiName, product: Product, switches: DataCenterSwitches = {}): Part {
	const {selfAudit = true, licensed = true, pageCursor = 'string'} = switches;
	const reader = {product, username: setting.options.username};
	const log = dataCenterLog(setting, name, product);
	const writer = createByteWriter();
	const cursorFaults = createCursorFaults();
	const errorOf = (status: number) => dataCenterError(status, setting);

	function search(request: ApiRequest): Answer {
		const query = parseAuditQuery(request.query, licensed, setting.now());
		const refused = request.fault?.kind === 'refuse-cursor' && request.query.has('pageCursor');
		if (refused) return invalidQuery([cursorInvalid], setting);
		if (!('limit' in query)) return invalidQuery(query, setting);
		const found = searchLog(log, query);
		const limit = Math.min(query.limit, setting.maxLimit);
		const rows = request.fault?.kind === 'empty-pages' ? [] : found.slice(0, limit);
		const answer = query.csv ? auditCsv(log, rows, setting.now()) : page(request, query, rows, found.length > limit);
		if (selfAudit) log.add(setting.now(), searchPerformed(request.query, rows, reader));
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
		const pagingInfo = {
			...(next === undefined ? lastPage(setting.end) : nextPage(request, next)),
			lastPage: next === undefined,
			size: rows.length,
		};
		const writeRecord = (index: number) => log.write(writer, rows[index]!);
		const envelope = {entities: [], pagingInfo};
		return jsonAnswer(200, pageBody(writer, envelope, 'entities', rows.length, writeRecord, setting.prettyPrint));
	}

	function nextPage({query, path, origin, fault}: ApiRequest, cursor: string): object {
		const foreign = fault?.kind === 'foreign-next' ? fault : undefined;
		const kept = new URLSearchParams(setting.linkFilters ? query : {limit: query.get('limit') ?? '200'});
		kept.delete('pageCursor');
		kept.set('offset', '0');
		const base = foreign ? (foreign.origin ?? FOREIGN_ORIGIN) : (setting.options.switches?.linkOrigin ?? origin);
		return {
			nextPageOffset: 0,
			...(foreign?.onlyLink ? {} : {nextPageCursor: pageCursor === 'string' ? cursor : {cursor}}),
			nextPageLink: `${base}${setting.options.switches?.pathPrefix ?? ''}${path}?${kept.toString()}&pageCursor=${cursor}`,
		};
	}

	const below = contextsOf(product, switches.contexts).join('|');
	const resource = (path: string) => new RegExp(`^(?:${below})/rest/auditing/1\\.0/${path}$`);
	const routes: readonly Route[] = [
		{method: 'GET', path: resource('events'), paged: true, answer: search},
		...dataCenterConfiguration({...reader, now: setting.now, licensed, resource, errorOf}, log),
	];
	return {api: {routes, auth: ['basic', 'bearer'], errorOf, rateHeaders}, held: log};
}

const contexts: Readonly<Record<Product, string>> = {jira: '/jira', confluence: '/confluence', bitbucket: '/bitbucket'};
const beforeAll = {timeMs: 8.64e15, id: 0};
function lastPage(end: string | undefined): object {
	return end === 'null' ? {nextPageOffset: null, nextPageCursor: null, nextPageLink: null} : {};
}

/** The contexts of a product; Jira is at the root too, where no other product is. */
function contextsOf(product: Product, given: Readonly<Partial<Record<Product, string>>> = {}): readonly string[] {
	const own = given[product] ?? contexts[product];
	return product === 'jira' && !Object.values(given).includes('') ? [own, ''] : [own];
}

/** 400 as the plugin words it: one object, although its documents show a list of them. */
function invalidQuery(errors: readonly ValidationError[], {errorBody, now}: Setting): Answer {
	const body = {status: 400, message: 'Invalid Query', errors, timestamp: new Date(now()).toISOString()};
	return jsonAnswer(400, Buffer.from(JSON.stringify(errorBody === 'array' ? [body] : body)));
}

function dataCenterError(status: number, setting: Setting): Answer {
	if (status === 400) return invalidQuery([], setting);
	if (status === 500) return textAnswer(500, 'The search took too long; try a smaller range.');
	if (status === 401 || setting.errorBody === 'html') return edgeError(status);
	const words: Readonly<Record<number, string>> = {
		403: 'The user is not allowed to view audit events',
		404: 'HTTP 404 Not Found',
		405: 'HTTP 405 Method Not Allowed',
		429: 'Rate limited.',
	};
	const message = words[status];
	if (message === undefined) return edgeError(status);
	if (setting.errorBody === 'text') return textAnswer(status, message);
	return jsonAnswer(status, Buffer.from(JSON.stringify({message, 'status-code': status})));
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
