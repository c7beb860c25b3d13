import {z} from 'zod';
import {systemClock} from '../lib/model/clock.ts';
import {parsed} from '../lib/http/connect.ts';
import {type Ask, defineOperation, type OperationAnswer} from '../lib/source/define-operation.ts';
import {reasonOf, SourceError} from '../lib/model/errors.ts';
import type {Json} from '../lib/model/event.ts';
import {httpOptions, scanOptions} from '../lib/options/options.ts';
import {parseAnswer, type ParsedAnswer} from '../lib/source/records.ts';
import {parseTime} from '../lib/options/time.ts';
import {type CrowdChangeset, crowdRestrictions, crowdSearch} from './_crowd.ts';
import {newChangeset} from './_crowd-new-changeset.ts';

const auditlog = '/rest/admin/1.0/auditlog';
const configuration = {path: `${auditlog}/configuration`};

const newConfiguration = z.strictObject({
	retentionPeriod: z.string({error: 'expected a retentionPeriod like UNLIMITED'}).min(1),
});
type Configuration = z.output<typeof newConfiguration>;

const addChangeset = defineOperation({
	docs: 'Stores one changeset in the audit log, which nobody can take out again: {"eventType": "USER_UPDATED", "author": {"name": "admin", "type": "USER"}}, with timestamp (else it is now), entities, entries, ipAddress, eventMessage and source where they are known, as pull --format raw shows them, but for the id. Members that a changeset does not have are refused. The server gives it an id, so one that is sent again is there twice.',
	options: {},
	body: newChangeset,
	writes: true,
	async preview({body}) {
		const {eventType, author, authorName, authorType} = body;
		const who = JSON.stringify(author ?? {name: authorName, type: authorType});
		return `The audit log gets one changeset, which nobody can take out again: ${eventType} by ${who}.`;
	},
	run: ({body, ask}) => ask({method: 'POST', path: auditlog, body: body as Json}),
});

const getConfiguration = defineOperation({
	docs: 'The configuration of the audit log: for how long changesets are kept.',
	options: {},
	run: ({ask}) => ask<Configuration>(configuration),
});

const setConfiguration = defineOperation({
	docs: 'Sets for how long changesets are kept: {"retentionPeriod": "UNLIMITED"}. The names of the other periods are not documented: set one on the pages of Crowd, and configuration says what it is called. The server deletes what is older.',
	options: {},
	body: newConfiguration,
	writes: true,
	async preview({body, ask}) {
		const answer = await ask<Partial<Configuration> | undefined>(configuration);
		const before = answer.json?.retentionPeriod;
		if (before === body.retentionPeriod) return {unchanged: answer};
		return (
			`retentionPeriod: ${before ?? 'not known'} -> ${body.retentionPeriod}\n` +
			'The server deletes changesets that are older than the retention period.'
		);
	},
	run: ({body, ask}) => ask({...configuration, method: 'PUT', body}),
});

const filterOptions = {
	projection: z.string().min(1).describe('what to list: AUTHOR, USER, GROUP, APPLICATION or DIRECTORY'),
	search: z.string().min(1).optional().describe('only values that begin with this text'),
	since: scanOptions.since,
	until: scanOptions.until.describe('up to this time, exclusive'),
	...crowdRestrictions,
	pageSize: httpOptions.pageSize.describe('values asked for with one request; default: what the API gives'),
};
type FilterOptions = z.output<z.ZodObject<typeof filterOptions>>;

/** What changesets have in common: those of their members that the projection names. */
export interface FilterValues {
	readonly values: readonly Partial<CrowdChangeset>[];
	readonly size: number;
	readonly start: number;
	readonly limit: number;
	readonly isLastPage: boolean;
}

const filterValues = defineOperation({
	docs: 'The different authors, users, groups, … of those changesets that the restrictions leave: all pages in one answer.',
	options: filterOptions,
	run: ({options, ask}) => listFilterValues(options, ask),
});

/** What Crowd's audit log can do beside being read. */
export const crowdOperations = {
	'add-changeset': addChangeset,
	configuration: getConfiguration,
	'set-configuration': setConfiguration,
	'filter-values': filterValues,
};

/** All pages as one. Values that others push onto the next page come twice, and are given once. */
async function listFilterValues(options: FilterOptions, ask: Ask): Promise<OperationAnswer<FilterValues>> {
	const {projection, search, since, until, pageSize, ...restrictions} = options;
	const untilMs = timeOf('until', until);
	const toMs = untilMs === undefined ? undefined : untilMs - 1;
	const body = crowdSearch(restrictions, {fromMs: timeOf('since', since), toMs});
	const values = new Set<string>();
	for (let start = 0; ;) {
		const query = {start, limit: pageSize, search, projection};
		const answer = await ask<FilterValues>({
			method: 'POST',
			path: `${auditlog}/query/filter`,
			query,
			body,
			repeatable: true,
		});
		const {envelope, records} = valuesIn(answer.text);
		const isLast = (envelope as {isLastPage?: boolean}).isLastPage === true;
		if (isLast && start === 0) return answer;
		const before = values.size;
		for (const {text} of records) values.add(text.toString());
		if (isLast) return allOf(values);
		if (values.size === before) {
			throw new SourceError(
				'PAGING_NO_PROGRESS',
				`crowd-data-center filter-values: expected values behind the first ${start}, got none that are new and no end`,
			);
		}
		start += records.length;
	}
}

function valuesIn(text: string): ParsedAnswer {
	try {
		return parseAnswer(Buffer.from(text), 'values');
	} catch (error) {
		throw new SourceError('BAD_BODY', `crowd-data-center filter-values: got an answer ${reasonOf(error)}`);
	}
}

function allOf(values: ReadonlySet<string>): OperationAnswer<FilterValues> {
	const {size} = values;
	const text = `{"values":[${[...values].join()}],"size":${size},"start":0,"limit":${size},"isLastPage":true}`;
	return {text, json: JSON.parse(text) as FilterValues};
}

function timeOf(name: 'since' | 'until', value: FilterOptions['since']): number | undefined {
	if (value === undefined || value instanceof Date) return value?.getTime();
	return parsed('crowd-data-center filter-values', name, () => parseTime(String(value), systemClock.now()));
}
