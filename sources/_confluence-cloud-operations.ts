import {z} from 'zod';
import {defineOperation} from '../lib/source/define-operation.ts';
import {httpOptions, wholeJsonNumber, wholeNumber} from '../lib/options/options.ts';

export const search = z.string().min(1).optional().describe('only records with a text that matches this');

const retentionPath = '/rest/api/audit/retention';
const maxInt = 2 ** 31 - 1;

/** How many of each unit make a year, which is the longest that the API keeps records. */
const unitsOfYear = {HOURS: 8784, HALF_DAYS: 732, DAYS: 366, WEEKS: 52, MONTHS: 12, YEARS: 1};
const retentionUnits = Object.keys(unitsOfYear) as (keyof typeof unitsOfYear)[];
const smallUnits = ['NANOS', 'MICROS', 'MILLIS', 'SECONDS', 'MINUTES'] as const;
const spanUnits = [...smallUnits, ...retentionUnits, 'DECADES', 'CENTURIES'] as const;

const since = defineOperation({
	docs: 'The records of a span back from now, newest first: one page, at most 1000. For all of a longer span, pull with --since.',
	options: {
		number: wholeNumber(1, maxInt).optional().describe('how many units; default: 3'),
		units: z
			.enum(spanUnits, {error: `expected one of ${spanUnits.join(', ')}`})
			.optional()
			.describe(`the unit: ${spanUnits.join(', ')}; default: MONTHS`),
		search,
		skip: wholeNumber(0, maxInt).optional().describe('how many of the newest are left out; default: 0'),
		pageSize: httpOptions.pageSize.describe('how many records are asked for; default: what the API gives'),
	},
	run: ({options: {number, units, search, skip, pageSize}, ask}) =>
		ask<{readonly results: readonly object[]}>({
			path: '/rest/api/audit/since',
			query: {number, units, searchString: search, start: skip, limit: pageSize},
		}),
});

const retention = defineOperation({
	docs: 'How long records are kept.',
	options: {},
	run: ({ask}) => ask<Period>({path: retentionPath}),
});

/** The API's own form; a longer period is refused here, since what the API makes of it is not documented. */
const period = z
	.strictObject(
		{
			number: wholeJsonNumber(1, maxInt).describe('how many units'),
			units: z.enum(retentionUnits, {error: `expected one of ${retentionUnits.join(', ')}`}).describe('the unit'),
		},
		{error: 'expected an object like {"number": 6, "units": "MONTHS"}'},
	)
	.refine(({number, units}) => number <= unitsOfYear[units], {error: 'expected a year at most'});
type Period = z.output<typeof period>;

const setRetention = defineOperation({
	docs: `Sets how long records are kept, a year at most. Older ones are deleted, so pull them first. Body: {"number": 6, "units": "MONTHS"}; units: ${retentionUnits.join(', ')}.`,
	options: {},
	body: period,
	writes: true,
	async preview({body, ask}) {
		const answer = await ask<Period | undefined>({path: retentionPath});
		const [before, after] = [periodText(answer.json), periodText(body)];
		if (before === after) return {unchanged: answer};
		return `retention: ${before} -> ${after}\nThe server deletes records that are older than that.`;
	},
	run: ({body, ask}) => ask<Period>({method: 'PUT', path: retentionPath, body}),
});

function periodText(period: Period | undefined): string {
	return `${period?.number} ${period?.units}`;
}

/** What Confluence Cloud's audit API can do beside giving its log. */
export const confluenceOperations = {since, retention, 'set-retention': setRetention};
