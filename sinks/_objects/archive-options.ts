import {z} from 'zod';
import {wholeNumber} from '../../lib/options/options.ts';
import type {CommitSize} from '../../lib/sink/sink.ts';
import {parseSpan} from '../../lib/options/time.ts';
import {compressionProblem, compressions} from '../_files/compression.ts';
import {partitionProblem} from '../_files/event-path.ts';

const mebibyte = 1024 * 1024;
/** The longest that a timer of Node waits. */
const maxTimerMs = 2 ** 31 - 1;

/** Of all sinks that are archives of objects. None has a default here, so that one that was given is seen. */
export const archiveOptions = {
	layout: z
		.string()
		.superRefine((layout, context) => {
			const problem = partitionProblem(layout);
			if (problem !== undefined) context.addIssue(`expected ${problem}`);
		})
		.optional()
		.describe(
			'the folder of an event, of {year} {month} {day} {date} {hour} {source} {tenant}, by event time in UTC; ' +
				'default: {source}/{tenant}/dt={date}',
		),
	compression: z
		.enum(compressions)
		.superRefine((compression, context) => {
			const problem = compressionProblem(compression);
			if (problem !== undefined) context.addIssue(`expected ${problem}`);
		})
		.optional()
		.describe('gzip, zstd (where Node has it) or none; default: gzip'),
	rollBytes: wholeNumber(1, 1024 * 1024 * mebibyte)
		.optional()
		.describe('begin new objects after this much NDJSON, before compression, in bytes; default: 67108864'),
	rollEvents: wholeNumber(1, 1_000_000_000)
		.optional()
		.describe('begin new objects after so many events; default: no such limit'),
	rollAge: z
		.string()
		.refine(isSpan, {error: 'expected a span like 5m'})
		.optional()
		.describe('begin new objects after this time; default: 5m'),
};

export type ArchiveOptions = z.output<z.ZodObject<typeof archiveOptions>>;

export const archiveOptionNames = Object.keys(archiveOptions) as (keyof ArchiveOptions)[];

/** How an archive is written, with what was not given filled in. */
export function archivePlan({layout, compression, rollBytes, rollEvents, rollAge}: ArchiveOptions) {
	const commitSize: CommitSize = {
		pages: 10_000,
		events: rollEvents ?? Infinity,
		bytes: rollBytes ?? 64 * mebibyte,
		ageMs: Math.min(parseSpan(rollAge ?? '5m'), maxTimerMs),
	};
	return {layout: layout ?? '{source}/{tenant}/dt={date}', compression: compression ?? ('gzip' as const), commitSize};
}

function isSpan(text: string): boolean {
	try {
		return parseSpan(text) >= 0;
	} catch {
		return false;
	}
}
