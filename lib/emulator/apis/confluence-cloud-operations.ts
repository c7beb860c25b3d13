import type {RecordBounds} from '../server/api.ts';
import {jsonAnswer, textAnswer, type Answer} from '../server/answer.ts';
import {systemAuthor} from './confluence-cloud-records.ts';
import {parseObject, type Members} from '../server/parse-object.ts';
import type {RecordLog} from '../data/record-log.ts';
import {hole} from '../data/record-template.ts';
import type {ApiRequest, Route} from '../server/route.ts';
import {wholeNumber} from '../server/whole-number.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

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

const exportTypes = new Map([
	['csv', 'text/csv'],
	['zip', 'application/zip'],
]);

/** A list of records as both `audit` and `audit/since` answer it. */
export type ConfluenceList = (request: ApiRequest, bounds: RecordBounds) => Answer;

export interface OperationOptions {
	readonly now: () => number;
	errorOf(status: number): Answer;
	readonly list: ConfluenceList;
}

/** What else Confluence Cloud's audit API does: records of a last span, an export, the retention, a new record. */
export function confluenceCloudOperations(
	{now, errorOf, list}: OperationOptions,
	log: RecordLog<undefined>,
): readonly Route[] {
	let retention = {number: 1, units: 'YEARS'};

	function since(request: ApiRequest): Answer {
		const number = wholeNumber(request.query, 'number', 3, 1);
		const unit = unitMs[request.query.get('units') ?? 'MONTHS'];
		if (number === undefined || unit === undefined) return errorOf(400);
		return list(request, {from: now() - number * unit});
	}

	// the vendor does not document the columns; a zip would hold the same text
	function exported({query}: ApiRequest): Answer {
		const bounds = datesOf(query);
		const type = exportTypes.get(query.get('format') ?? 'csv');
		if (!bounds || type === undefined) return errorOf(400);
		const lines = Array.from(log.records(bounds), ({timeMs, text}) => {
			const {author, summary = ''} = JSON.parse(text) as {author?: {displayName?: string}; summary?: string};
			return [new Date(timeMs).toISOString(), author?.displayName ?? '', summary].map(quoted).join(',');
		});
		const csv = ['Date,Author,Summary', ...lines, ''].join('\r\n');
		return textAnswer(200, csv, type);
	}

	function setRetention({body}: ApiRequest): Answer {
		const {number, units} = parseObject(body) ?? {};
		const unit = unitMs[String(units)];
		if (!Number.isInteger(number) || Number(number) < 1 || unit === undefined) return errorOf(400);
		if (Number(number) * unit > YEAR_MS) return errorOf(400);
		retention = {number: Number(number), units: String(units)};
		return json(retention);
	}

	function create({body}: ApiRequest): Answer {
		const given = parseObject(body);
		const {creationDate = now()} = given ?? {};
		if (typeof given?.['remoteAddress'] !== 'string' || !Number.isInteger(creationDate)) return errorOf(400);
		log.add(Number(creationDate), {...withDefaults(given), creationDate: hole.time});
		return json({...withDefaults(given), creationDate});
	}

	return [
		{method: 'POST', path: below('audit'), answer: create},
		{method: 'GET', path: below('audit/since'), paged: true, answer: since},
		{method: 'GET', path: below('audit/export'), answer: exported},
		{method: 'GET', path: below('audit/retention'), answer: () => json(retention)},
		{method: 'PUT', path: below('audit/retention'), answer: setRetention},
	];
}

/** The path of a resource below a site, and below the gateway of all sites. */
export function below(resource: string): RegExp {
	return new RegExp(`^(?:/ex/confluence/[^/]+)?/wiki/rest/api/${resource}$`);
}

/** `startDate` and `endDate`, inclusive; undefined when one is not epoch milliseconds. */
export function datesOf(query: URLSearchParams): RecordBounds | undefined {
	const from = wholeNumber(query, 'startDate', 0, 0);
	const to = wholeNumber(query, 'endDate', Number.MAX_SAFE_INTEGER, 0);
	return from === undefined || to === undefined ? undefined : {from, to};
}

function withDefaults(given: Members): Members {
	return {
		author: systemAuthor(),
		summary: '',
		description: '',
		category: '',
		sysAdmin: false,
		superAdmin: false,
		affectedObject: {name: '', objectType: ''},
		changedValues: [],
		associatedObjects: [],
		...given,
	};
}

function json(value: object): Answer {
	return jsonAnswer(200, Buffer.from(JSON.stringify(value)));
}

function quoted(cell: string): string {
	return `"${cell.replaceAll('"', '""')}"`;
}
