import {edgeError, type ErrorBody, jsonAnswer, textAnswer, type Answer} from '../server/answer.ts';
import {createByteWriter} from '../data/byte-writer.ts';
import {pageBody} from '../server/page-body.ts';
import {jiraCloudLog} from './jira-cloud-records.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import type {Part, Setting} from '../server/setting.ts';
import {wholeNumber} from '../server/whole-number.ts';

const MAX_LIMIT = 1000;

/**
 * Jira Cloud's audit records: offsets, and a `total` that counts what filters and bounds leave out too. No page fault
 * applies: a short page is the end here, so that nobody could tell one from the other.
 */
export function jiraCloud(setting: Setting): Part {
	const log = jiraCloudLog(setting);
	const writer = createByteWriter();
	const errorOf = (status: number) => jiraError(status, jiraMessages[status], setting.errorBody);

	function list({query}: ApiRequest): Answer {
		const offset = wholeNumber(query, 'offset', 0, 0);
		const asked = wholeNumber(query, 'limit', MAX_LIMIT, 1);
		const [from, to] = ['from', 'to'].map(name => parseTime(query.get(name)));
		if (offset === undefined || asked === undefined || from === undefined || to === undefined) {
			return jiraError(400, 'A parameter is not valid.', setting.errorBody);
		}
		const limit = Math.min(asked, MAX_LIMIT, setting.maxLimit);
		const words = query.get('filter')?.toLowerCase().split(/\s+/).filter(Boolean) ?? [];
		const found = log.select(
			{from: from ?? undefined, to: to ?? undefined},
			words.length > 0 ? shape => words.some(word => shape.words.includes(word)) : undefined,
		);
		const rows = found.slice(offset, offset + limit);
		const envelope = {offset, limit, total: log.rows().length, records: []};
		const writeRecord = (index: number) => log.write(writer, rows[index]!);
		return jsonAnswer(200, pageBody(writer, envelope, 'records', rows.length, writeRecord, setting.prettyPrint));
	}

	const path = /^(?:\/ex\/jira\/[^/]+)?\/rest\/api\/3\/auditing\/record$/;
	const routes: readonly Route[] = [{method: 'GET', path, paged: true, answer: list}];
	return {api: {routes, auth: ['basic', 'bearer'], errorOf}, held: log};
}

/** Epoch milliseconds; null where there is none, undefined for what is no time, such as `+0000` become a space. */
function parseTime(text: string | null): number | null | undefined {
	if (text === null) return null;
	const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d{1,3})?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
	if (!match) return undefined;
	const [, day, time = '00:00:00', zone = 'Z'] = match;
	const timeMs = Date.parse(`${day}T${time}${zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')}`);
	return Number.isNaN(timeMs) ? undefined : timeMs;
}

const jiraMessages: Readonly<Record<number, string>> = {
	400: 'The request is not valid.',
	401: 'You are not authenticated. Authentication required to perform this operation.',
	403: 'You are not authorized to perform this operation. Administrator privileges are required.',
	404: 'No such resource',
	405: 'Method Not Allowed',
	429: 'Rate limit exceeded.',
	500: 'Internal server error',
};

function jiraError(status: number, message: string | undefined, body: ErrorBody): Answer {
	if (message === undefined || body === 'html') return edgeError(status);
	if (body === 'text') return textAnswer(status, message);
	const error = {errorMessages: [message], errors: {}};
	return jsonAnswer(status, Buffer.from(JSON.stringify(body === 'array' ? [error] : error)));
}
