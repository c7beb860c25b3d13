import {z} from 'zod';
import {edgeError, type ErrorBody, jsonAnswer, textAnswer, type Answer} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {below, confluenceCloudOperations, type ConfluenceList, datesOf} from './confluence-cloud-operations.ts';
import {FOREIGN_ORIGIN} from '../server/next-cursor.ts';
import {pageBody} from '../server/page-body.ts';
import {confluenceCloudLog} from './confluence-cloud-records.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import type {Part, Setting} from '../server/setting.ts';
import {yesOrNo} from '../server/switch-value.ts';
import {wholeNumber} from '../server/whole-number.ts';

const MAX_LIMIT = 1000;
/** What `_links.base` says behind the vendor's gateway: the site, which is another host. */
const SITE = 'https://example.atlassian.net';

export const confluenceCloudSwitches = z.strictObject({
	nextWithContext: yesOrNo('links to next pages begin with /wiki, which their base ends with too'),
});

export type ConfluenceCloudSwitches = Readonly<z.output<typeof confluenceCloudSwitches>>;

/** Confluence Cloud's audit log, below a site and below the gateway: offsets into a list that grows at its head. */
export function confluenceCloud(setting: Setting, switches: ConfluenceCloudSwitches = {}): Part {
	const log = confluenceCloudLog(setting);
	const writer = createByteWriter();
	const errorOf = (status: number) => confluenceError(status, setting.errorBody);

	const list: ConfluenceList = (request, bounds) => {
		const {query, fault} = request;
		const start = wholeNumber(query, 'start', 0, 0);
		const asked = wholeNumber(query, 'limit', MAX_LIMIT, 1);
		if (start === undefined || asked === undefined) return errorOf(400);
		const limit = Math.min(asked, MAX_LIMIT, setting.maxLimit);
		const search = query.get('searchString')?.toLowerCase();
		const found = log.select(bounds, search ? ({words}) => words.includes(search) : undefined);
		const rows = fault?.kind === 'empty-pages' ? [] : found.slice(start, start + limit);
		const more = setting.end === 'empty-page' ? rows.length === limit : start + rows.length < found.length;
		const nextStart = fault?.kind === 'repeat-cursor' ? start : start + rows.length;
		const envelope = {
			results: [],
			start,
			limit,
			size: rows.length,
			_links: linksOf(request, more ? {limit, start: nextStart} : undefined),
		};
		const writeRecord = (index: number) => log.write(writer, rows[index]!);
		return jsonAnswer(200, pageBody(writer, envelope, 'results', rows.length, writeRecord, setting.prettyPrint));
	};

	function linksOf({query, path, fault}: ApiRequest, next: Readonly<Record<string, number>> | undefined): object {
		const gateway = path.startsWith('/ex/');
		const origin =
			fault?.kind === 'foreign-next' ? (fault.origin ?? FOREIGN_ORIGIN) : gateway ? SITE : setting.linkBase();
		const context = '/wiki';
		const resource = path.slice(path.indexOf(context) + context.length);
		const parameters = new URLSearchParams();
		for (const name of ['startDate', 'endDate', 'searchString', 'number', 'units']) {
			if (setting.linkFilters && query.has(name)) parameters.set(name, query.get(name)!);
		}
		for (const [name, value] of Object.entries(next ?? {})) parameters.set(name, String(value));
		const link = `${switches.nextWithContext ? context : ''}${resource}?${parameters.toString()}`;
		return {base: origin + context, context, self: origin + context + resource, ...(next && {next: link})};
	}

	function audit(request: ApiRequest): Answer {
		const bounds = datesOf(request.query);
		return bounds ? list(request, bounds) : errorOf(400);
	}

	const routes: readonly Route[] = [
		{method: 'GET', path: below('audit'), paged: true, answer: audit},
		...confluenceCloudOperations({now: setting.now, errorOf, list}, log),
	];
	return {api: {routes, auth: ['basic', 'bearer'], errorOf}, held: log};
}

function confluenceError(status: number, body: ErrorBody): Answer {
	if (status === 401 || body === 'html') return edgeError(status);
	// the documented 403 has no body at all
	if (body === 'text') return textAnswer(status, '');
	const messages: Record<number, string> = {
		400: 'Bad Request',
		403: 'Only Confluence Administrators may view the audit log',
		404: 'No such resource',
		405: 'HTTP 405 Method Not Allowed',
		429: 'Rate limit exceeded',
		500: 'Internal Server Error',
	};
	if (messages[status] === undefined) return edgeError(status);
	const message = messages[status];
	const data = {authorized: status !== 403, valid: status !== 400, errors: [{message}], successful: false};
	const error = {statusCode: status, data, message};
	return jsonAnswer(status, Buffer.from(JSON.stringify(body === 'array' ? [error] : error)));
}
