import {z} from 'zod';
import {systemClock} from '../lib/clock.ts';
import {parsed} from '../lib/connect.ts';
import {SourceError} from '../lib/errors.ts';
import type {Operation, OperationAnswer, OperationContext} from '../lib/operations.ts';
import {scanOptions} from '../lib/options.ts';
import {parseAnswer} from '../lib/records.ts';
import {parseTime, recordTime} from '../lib/time.ts';
import {crowdRestrictions, crowdSearch} from './_crowd.ts';

const auditlog = '/rest/admin/1.0/auditlog';
const configuration = {path: `${auditlog}/configuration`};

const newChangeset = z
	.looseObject({
		eventType: z.string({error: 'expected an eventType like USER_UPDATED'}).min(1),
		timestamp: z
			.string()
			.refine(text => recordTime(text) !== undefined, {error: 'expected a time like 2017-04-26T00:00:00.000+0300'})
			.nullish(),
	})
	.refine(({author, authorType}) => isGiven(author) || isGiven(authorType), {
		error: 'expected an author like {"name": "admin", "type": "USER"}',
	});

const newConfiguration = z.strictObject({
	retentionPeriod: z.string({error: 'expected a retentionPeriod like UNLIMITED'}).min(1),
});

const addChangeset: Operation = {
	docs: 'Stores one changeset in the audit log; the server gives it an id, so one that is sent again is there twice.',
	options: {},
	body: newChangeset,
	writes: true,
	async preview({body}) {
		const {eventType, author, authorName, authorType} = body as {readonly [member: string]: never};
		const who = JSON.stringify(author ?? {name: authorName, type: authorType});
		return `The audit log gets one changeset, which nobody can take out again: ${eventType} by ${who}.`;
	},
	run: ({body, ask}) => ask({method: 'POST', path: auditlog, body: body!}),
};

const getConfiguration: Operation = {
	docs: 'The configuration of the audit log: for how long changesets are kept.',
	options: {},
	run: ({ask}) => ask(configuration),
};

const setConfiguration: Operation = {
	docs: 'Changes for how long changesets are kept; the server deletes what is older.',
	options: {},
	body: newConfiguration,
	writes: true,
	async preview({body, ask}) {
		const before = (await ask(configuration)).json as {retentionPeriod?: string} | undefined;
		const {retentionPeriod} = body as z.output<typeof newConfiguration>;
		return (
			`retentionPeriod: ${before?.retentionPeriod ?? 'not known'} -> ${retentionPeriod}\n` +
			'The server deletes changesets that are older than the retention period.'
		);
	},
	run: ({body, ask}) => ask({...configuration, method: 'PUT', body: body!}),
};

const filterValues: Operation = {
	docs: 'The different authors, users, groups, … of those changesets that the restrictions leave: all pages in one answer.',
	options: {
		projection: z.string().min(1).describe('what to list: AUTHOR, USER, GROUP, APPLICATION or DIRECTORY'),
		search: z.string().min(1).optional().describe('only values that begin with this text'),
		since: scanOptions.since,
		until: scanOptions.until.describe('up to this time, exclusive'),
		...crowdRestrictions,
	},
	run: listFilterValues,
};

/** What Crowd's audit log can do beside being read. */
export const crowdOperations = {
	'add-changeset': addChangeset,
	configuration: getConfiguration,
	'set-configuration': setConfiguration,
	'filter-values': filterValues,
};

/** All pages as one. Values that others push onto the next page come twice, and are given once. */
async function listFilterValues({options, ask}: OperationContext): Promise<OperationAnswer> {
	const {projection, search, pageSize} = options as {projection: string; search?: string; pageSize?: number};
	const untilMs = timeOf(options, 'until');
	const toMs = untilMs === undefined ? undefined : untilMs - 1;
	const body = crowdSearch(options, {fromMs: timeOf(options, 'since'), toMs});
	const values = new Set<string>();
	for (let start = 0; ;) {
		const query = {start, limit: pageSize, search, projection};
		const answer = await ask({method: 'POST', path: `${auditlog}/query/filter`, query, body, repeatable: true});
		const {envelope, records} = parseAnswer(Buffer.from(answer.text), 'values');
		if (!records)
			throw new SourceError('BAD_BODY', 'crowd-data-center filter-values: expected a list "values", got none');
		const isLast = (envelope as {isLastPage?: boolean}).isLastPage === true;
		if (isLast && start === 0) return answer;
		const before = values.size;
		for (const {raw} of records) values.add(raw);
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

function allOf(values: ReadonlySet<string>): OperationAnswer {
	const {size} = values;
	const text = `{"values":[${[...values].join()}],"size":${size},"start":0,"limit":${size},"isLastPage":true}`;
	return {text, json: JSON.parse(text)};
}

function timeOf(options: OperationContext['options'], name: 'since' | 'until'): number | undefined {
	const value = options[name] as string | number | Date | undefined;
	if (value === undefined || value instanceof Date) return value?.getTime();
	return parsed('crowd-data-center filter-values', name, () => parseTime(String(value), systemClock.now()));
}

function isGiven(value: unknown): boolean {
	return value !== undefined && value !== null && value !== '';
}
