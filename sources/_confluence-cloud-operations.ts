import {z} from 'zod';
import type {Operation} from '../lib/operations.ts';
import {wholeNumber} from '../lib/options.ts';

export const search = z.string().min(1).optional().describe('only records with a text that matches this');

const retentionPath = '/rest/api/audit/retention';
const maxInt = 2 ** 31 - 1;

const spanUnits = 'NANOS MICROS MILLIS SECONDS MINUTES HOURS HALF_DAYS DAYS WEEKS MONTHS YEARS DECADES CENTURIES'.split(
	' ',
);

const since: Operation = {
	docs: 'The records of a span back from now, newest first: one page, at most 1000. For all of a longer span, pull with --since.',
	options: {
		number: wholeNumber(1, maxInt).optional().describe('how many units; default: 3'),
		units: z
			.enum(spanUnits, {error: `expected one of ${spanUnits.join(', ')}`})
			.optional()
			.describe('the unit, such as DAYS; default: MONTHS'),
		search,
		start: wholeNumber(0, maxInt).optional().describe('how many of the newest are left out; default: 0'),
	},
	run({options, ask}) {
		const {number, units, search, start, pageSize} = options as Readonly<Record<string, string | number | undefined>>;
		return ask({path: '/rest/api/audit/since', query: {number, units, searchString: search, start, limit: pageSize}});
	},
};

const retention: Operation = {
	docs: 'How long records are kept.',
	options: {},
	run: ({ask}) => ask({path: retentionPath}),
};

/** How many of each unit make a year, which is the longest that the API keeps records. */
const unitsOfYear = new Map([
	['HOURS', 8784],
	['HALF_DAYS', 732],
	['DAYS', 366],
	['WEEKS', 52],
	['MONTHS', 12],
	['YEARS', 1],
]);
const retentionUnits = [...unitsOfYear.keys()];

/** The API's own form; a longer period is refused here, since what the API makes of it is not documented. */
const period = z
	.strictObject(
		{
			number: wholeNumber(1, maxInt).describe('how many units'),
			units: z.enum(retentionUnits, {error: `expected one of ${retentionUnits.join(', ')}`}).describe('the unit'),
		},
		{error: 'expected an object like {"number": 6, "units": "MONTHS"}'},
	)
	.refine(({number, units}) => number <= unitsOfYear.get(units)!, {error: 'expected a year at most'});

const setRetention: Operation = {
	docs: `Sets how long records are kept, a year at most. Older ones are deleted, so pull them first. Body: {"number": 6, "units": "MONTHS"}; units: ${retentionUnits.join(', ')}.`,
	options: {},
	body: period,
	writes: true,
	async preview({body, ask}) {
		const {json} = await ask({path: retentionPath});
		return `retention: ${periodText(json)} -> ${periodText(body)}\nThe server deletes records that are older than that.`;
	},
	run: ({body, ask}) => ask({method: 'PUT', path: retentionPath, body: body!}),
};

function periodText(period: unknown): string {
	const {number, units} = (period ?? {}) as {readonly number?: unknown; readonly units?: unknown};
	return `${String(number)} ${String(units)}`;
}

/** What Confluence Cloud's audit API can do beside giving its log. */
export const confluenceOperations = {since, retention, 'set-retention': setRetention};
