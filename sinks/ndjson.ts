import {resolve} from 'node:path';
import {z} from 'zod';
import {defineSink} from '../lib/define-sink.ts';
import {openAppendFile} from './_append-file.ts';
import {retryOptions} from './_file-errors.ts';
import {openStdout} from './_stdout.ts';

/** Members of 4 MiB of lines are within a few per cent of one stream. */
const gzipCommitSize = {pages: 10_000, bytes: 4 * 1024 * 1024, ageMs: 60_000};

/**
 * One event per line, in a file or on standard output.
 *
 * A file is exact: a run with the same state goes on behind the last committed line. A pipe is not: what its reader
 * had buffered when the process was killed comes again, so prefer a file.
 */
export default defineSink({
	name: 'ndjson',
	docs:
		'One event per line: a file (gzip when its name ends in .gz), or - for standard output. ' +
		'A file goes on exactly where the state says; a pipe may see the last uncommitted pages twice.',
	target: 'path',
	options: z.object({
		path: z.string().min(1).describe('the file, or - for standard output; one whose name ends in .gz is compressed'),
		mode: z
			.enum(['append', 'replace'])
			.optional()
			.describe(
				'what to do with a file that has content but no state: append goes on behind its end, ' +
					'replace empties it at once, before the first event is fetched; with a state it means nothing',
			),
		durability: z
			.enum(['process', 'power'])
			.default('power')
			.describe('what a commit survives: process, the end of this process; power, a power failure too'),
		...retryOptions,
	}),
	create({path: given, ...options}) {
		if (given === '-') {
			return {
				target: '-',
				open: async context => openStdout({sink: 'ndjson', ...options, context}),
			};
		}
		const path = resolve(given);
		return {
			target: path,
			...(path.endsWith('.gz') ? {commitSize: gzipCommitSize} : {}),
			async open(context) {
				const {write, flush, close} = await openAppendFile({
					sink: 'ndjson',
					path,
					...options,
					mode: options.mode,
					context,
				});
				return {write: ({lines}) => write(lines), flush, close};
			},
		};
	},
});
